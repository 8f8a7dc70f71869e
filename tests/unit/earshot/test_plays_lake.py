"""The lake's objects, on a real bucket."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from earshot.plays import ListenerId
from earshot.stores.plays_lake import LakeObject, PlaysLake, are_merged, part_name, whole_name
from tests.aws import account

ANA, BEN, EVA = ListenerId("1000aaaaaaaaaaaa"), ListenerId("2000bbbbbbbbbbbb"), ListenerId("e000eeeeeeeeeeee")
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


@pytest.fixture
def lake() -> Iterator[PlaysLake]:
    with account() as aws:
        yield aws.plays_lake()


def _object(name: str) -> LakeObject:
    return LakeObject(MONDAY, name, 1, datetime(2026, 11, 24, tzinfo=UTC))


def test_objects_are_listed_by_day_and_read_and_deleted(lake: PlaysLake) -> None:
    names = [part_name([ANA], b"tuesday"), part_name([BEN], b"monday")]
    lake.put(TUESDAY, names[0], b"tuesday")
    lake.put(MONDAY, names[1], b"monday")
    monday, tuesday = lake.objects()
    assert [(found.day, found.name, found.size) for found in (monday, tuesday)] == [
        (MONDAY, names[1], 6),
        (TUESDAY, names[0], 7),
    ]
    assert list(lake.objects(TUESDAY)) == [tuesday]
    assert lake.read(monday) == b"monday"
    lake.delete([monday, monday])
    assert lake.read(monday) is None
    assert list(lake.objects()) == [tuesday]


def test_the_same_content_has_the_same_name_and_its_day_is_read_by_others_from_the_key() -> None:
    assert part_name([BEN, ANA], b"x") == part_name([ANA, BEN], b"x") != part_name([ANA, BEN], b"y")
    assert _object(part_name([ANA], b"x")).key.startswith("plays/day=2026-11-23/part-1000-1000-")


def test_what_is_no_object_of_the_lake_is_left_alone(lake: PlaysLake) -> None:
    lake._client.put_object(Bucket="plays", Key="plays/day=2026-11-23/notes.txt", Body=b"")
    assert list(lake.objects()) == []


def test_the_name_tells_whose_plays_an_object_may_hold() -> None:
    found = _object(whole_name([ANA, BEN], b""))
    assert found.is_whole
    assert not _object(part_name([ANA], b"")).is_whole
    assert [found.may_hold(listener) for listener in (ANA, BEN, EVA)] == [True, True, False]
    assert ANA not in found.key, "and does not say who"


@pytest.mark.parametrize(
    ("names", "merged"),
    [
        ([whole_name([ANA, BEN], b"1"), whole_name([EVA], b"2")], True),
        ([whole_name([EVA], b"1"), whole_name([ANA, BEN], b"2")], True),
        ([whole_name([ANA, EVA], b"1"), whole_name([BEN], b"2")], False),
        ([whole_name([ANA], b"1"), whole_name([ANA], b"2")], False),
        ([part_name([ANA], b"1")], False),
        ([], True),
    ],
)
def test_a_day_is_merged_when_no_play_can_be_in_two_objects(names: list[str], merged: bool) -> None:
    assert are_merged(map(_object, names)) is merged
