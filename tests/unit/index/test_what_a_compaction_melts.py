"""A compaction holds what a function can, and comes to an end."""

from dataclasses import replace
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from annoy_service.policy import Policy, compaction_due, policy_of, to_melt
from earshot.ids import SegmentId
from earshot.index.manifest import Manifest, SegmentEntry, StoredObject
from earshot.index.shelf import SHELF
from earshot.networks import CHOI, MUSICNN, MUSICNN_MN04

OBJECT = StoredObject(7, "ab" * 32)
POLICY = Policy(small_catalogue=10, min_delta_rows=10, max_delta_rows=100, at_once=1000)


def entry(
    name: str, rows: int, dead: int = 0, kind: Literal["base", "delta"] = "base", shelf: str = SHELF
) -> SegmentEntry:
    return SegmentEntry(SegmentId(name), kind, rows, {shelf: OBJECT}).with_dead(range(dead))


def manifest(*segments: SegmentEntry) -> Manifest:
    return Manifest("m", "r", 624, 128, segments, OBJECT, "2026-11-27T07:00:00Z")


def names(there: Manifest) -> list[str]:
    return [each.id for each in to_melt(there, POLICY)]


def after(there: Manifest, name: str) -> Manifest:
    """As a compaction leaves it."""
    gone = to_melt(there, POLICY)
    kept = [each for each in there.segments if each not in gone]
    return replace(there, segments=(*kept, entry(name, sum(each.live for each in gone))))


def test_what_one_base_can_hold_becomes_one_base() -> None:
    assert names(manifest(entry("a", 600), entry("b", 300), entry("c", 100, kind="delta"))) == ["a", "b", "c"]


def test_of_more_than_that_only_the_deltas_are_melted() -> None:
    there = manifest(entry("a", 900), entry("b", 900), entry("c", 80, kind="delta"), entry("d", 30, kind="delta"))
    assert compaction_due(there, POLICY)
    assert names(there) == ["c", "d"]


def test_a_small_base_goes_with_them() -> None:
    assert names(manifest(entry("a", 900), entry("b", 200), entry("c", 220), entry("d", 110, kind="delta"))) == [
        "b", "c", "d"
    ]  # fmt: skip


def test_where_many_rows_are_dead_the_worst_base_is_melted() -> None:
    there = manifest(entry("a", 1000, 130), entry("b", 1000, 200), entry("c", 1000), entry("d", 20, kind="delta"))
    assert compaction_due(there, POLICY)
    assert names(there) == ["b", "d"], "a no longer fits"


def test_a_base_of_another_edition_comes_first() -> None:
    there = manifest(entry("a", 900, shelf="shelf-1.bin"), entry("b", 900, 300), entry("c", 90, kind="delta"))
    assert names(there) == ["a", "c"]


def test_what_no_compaction_can_hold_makes_none_due() -> None:
    assert not compaction_due(manifest(entry("a", 5000, 1500, shelf="shelf-1.bin")), POLICY)
    assert not to_melt(manifest(entry("a", 5000)), POLICY)


_SEGMENTS = st.lists(
    st.builds(
        lambda rows, dead, kind, shelf: (rows, int(dead * rows), kind, shelf),
        st.integers(1, 1500), st.floats(0, 0.9), st.sampled_from(["base", "delta"]), st.sampled_from([SHELF, "old"]),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(_SEGMENTS)
def test_however_a_version_is_worn_compactions_mend_it_and_each_is_of_a_bounded_size(
    segments: list[tuple[int, int, Literal["base", "delta"], str]],
) -> None:
    there = manifest(*(entry(str(i), *each[:2], kind=each[2], shelf=each[3]) for i, each in enumerate(segments)))
    for step in range(len(segments) + 1):
        if not compaction_due(there, POLICY):
            return
        melted = to_melt(there, POLICY)
        assert melted
        assert sum(each.live for each in melted) <= POLICY.at_once
        there = after(there, f"new {step}")
    raise AssertionError("compaction is due for ever")


def test_years_of_deltas_leave_few_bases_and_rewrite_each_row_a_few_times() -> None:
    there, rewritten = manifest(entry("first", 1000), entry("second", 1000)), 0
    for day in range(200):
        there = replace(there, segments=(*there.segments, entry(f"delta {day}", 101, kind="delta")))
        assert compaction_due(there, POLICY)
        rewritten += sum(each.live for each in to_melt(there, POLICY))
        there = after(there, f"base {day}")
    assert there.tracks == 2000 + 200 * 101
    assert len(there.bases) < 2 * there.tracks / POLICY.at_once
    assert rewritten < 8 * 200 * 101


def test_a_base_of_longer_embeddings_holds_fewer_rows() -> None:
    most = {network: policy_of(network).at_once for network in (CHOI, MUSICNN, MUSICNN_MN04)}
    assert most == {CHOI: 1_250_000, MUSICNN: 1_250_000, MUSICNN_MN04: 746_855}
