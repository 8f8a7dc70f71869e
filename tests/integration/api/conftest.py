"""The world of the unit tests, for tests that cross services."""

from tests.unit.api.conftest import settings, world

__all__ = ["settings", "world"]
