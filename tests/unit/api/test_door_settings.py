"""What the front door of shards must be told."""

import pytest

from config.door import DoorSettings
from earshot.errors import InvalidSettings
from tests.aws import environment


def test_addresses_are_told_shard_by_shard() -> None:
    with environment(EARSHOT_SHARDS="http://a:1|http://b:1/, https://c", PORT="9000"):
        settings = DoorSettings.load()
    assert settings.shards == (("http://a:1", "http://b:1"), ("https://c",))
    assert settings.service_port == 9000


def test_a_key_is_not_shown() -> None:
    with environment(EARSHOT_SHARDS="http://a", EARSHOT_SHARDS_KEY="hush"):
        assert "hush" not in repr(DoorSettings.load())


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({}, "EARSHOT_SHARDS"),
        ({"EARSHOT_SHARDS": "10.0.0.1:8000"}, "is no address"),
        ({"EARSHOT_SHARDS": "http://a,,http://b"}, "is no address"),
        ({"EARSHOT_SHARDS": "http://me:secret@a"}, "is no address"),
        ({"EARSHOT_SHARDS": "http://a,http://a"}, "there twice"),
        ({"EARSHOT_SHARDS": "http://a", "EARSHOT_DOOR_HEDGE_S": "2"}, "EARSHOT_DOOR_TIMEOUT_S"),
        ({"EARSHOT_SHARDS": "http://a", "EARSHOT_DOOR_LEAST_SHARE": "0"}, "EARSHOT_DOOR_LEAST_SHARE"),
    ],
)
def test_settings_that_cannot_work_are_named(variables: dict[str, str], named: str) -> None:
    with environment(**variables), pytest.raises(InvalidSettings, match=named):
        DoorSettings.load()
