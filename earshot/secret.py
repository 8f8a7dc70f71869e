"""What a setting that nobody may see offers, without the library that keeps it."""

from typing import Protocol


class Secret(Protocol):
    """What is shown to nobody by accident."""

    def get_secret_value(self) -> str:
        """The text."""
