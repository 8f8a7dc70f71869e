"""Why results are there, in words."""

from typing import Any

import pytest

from api.answers.commonness import UNKNOWN, Commonness, commonness_of
from api.answers.found import Common, Reason
from api.answers.options import Options
from api.answers.query import Query
from api.answers.ranking import rank
from api.answers.reasons import reasons
from api.answers.seeds import seed_of
from earshot.descriptors import Descriptors
from earshot.index.described import STEPS_OF_LOUDNESS, step_of_loudness
from earshot.index.rows import IndexedTrack
from earshot.index.shelf import STEPS, step_of
from earshot.keys import KEYS, Key
from tests.unit.api.world import direction, track

from .conftest import IndexOf

A_MINOR = Key("A minor")
COMMON = Commonness(
    100,
    {
        name: [count * (step == step_of(0.4)) + 5 * (step == step_of(0.95)) for step in range(STEPS)]
        for name, count in {"jazz": 1, "electronic": 60, "ambient": 7, "soul": 15}.items()
    },
    [6 if bpm == 122 else 0 for bpm in range(301)],
    [5 if key == A_MINOR else 0 for key in KEYS],
)


def shown(tags: dict[str, float], **known: Any) -> IndexedTrack:
    made = track(1, tags=tags, **known)
    return IndexedTrack("deezer:1", "deezer", tags=made.tags, descriptors=made.descriptors)  # type: ignore[arg-type]


def described(bpm: float = 122.0, key: Key = A_MINOR, clarity: float = 0.9, sure: float = 0.9) -> Descriptors:
    return Descriptors(bpm, None, clarity, key, sure, -9.0, 5.0)


def test_what_both_have_and_few_others_is_a_reason_the_rarest_first() -> None:
    tags = {"electronic": 0.4, "ambient": 0.4, "jazz": 0.4}
    assert reasons(tags, None, shown(tags), COMMON) == [
        Reason(Common.TAG, "jazz", 0.06),
        Reason(Common.TAG, "ambient", 0.12),
    ]


def test_of_what_many_have_very_much_is_a_reason_if_both_have_it() -> None:
    very = shown({"electronic": 0.95})
    assert reasons({"electronic": 0.97}, None, very, COMMON) == [Reason(Common.MUCH, "electronic", 0.05)]
    assert not reasons({"electronic": 0.4}, None, very, COMMON)


@pytest.mark.parametrize(
    ("mine", "others"), [({"jazz": 0.9}, {"jazz": 0.1}), ({"jazz": 0.1}, {"jazz": 0.9}), ({"jazz": 0.9}, {})]
)
def test_a_reason_is_true_of_both(mine: dict[str, float], others: dict[str, float]) -> None:
    assert not reasons(mine, None, shown(others), COMMON)


def test_an_unusual_tempo_and_key_are_reasons_where_both_are_clear() -> None:
    one, other = shown({}, descriptors=described(120.0)), shown({}, descriptors=described(122.4))
    assert reasons({}, one, other, COMMON) == [Reason(Common.KEY, "A minor", 0.05), Reason(Common.TEMPO, "122", 0.06)]
    for unlike in (
        described(140.0, KEYS[0]),
        described(clarity=0.2, sure=0.3),
        Descriptors(),
    ):
        assert not reasons({}, one, shown({}, descriptors=unlike), COMMON)
    usual = Commonness(10, {}, [9] * 301, [9] * len(KEYS))
    assert not reasons({}, one, other, usual)


def test_both_quieter_or_louder_than_most_is_a_reason() -> None:
    levels = [0] * STEPS_OF_LOUDNESS
    for lufs, count in ((-30.0, 2), (-22.0, 8), (-10.0, 80), (-5.0, 10)):
        levels[step_of_loudness(lufs)] += count
    common = Commonness(100, loudness=levels)

    def told(one: float, other: float) -> list[Reason]:
        like, track = (shown({}, descriptors=Descriptors(loudness=lufs)) for lufs in (one, other))
        return reasons({}, like, track, common)

    assert told(-30.0, -22.0) == [Reason(Common.LEVEL, "quiet", 0.1)]
    assert told(-5.0, -5.0) == [Reason(Common.LEVEL, "loud", 0.1)]
    assert not told(-30.0, -10.0)


def test_a_year_or_a_genre_that_few_have_is_a_reason() -> None:
    one, other = (
        IndexedTrack(f"deezer:{n}", "deezer", year=1994, genres=genres)  # type: ignore[arg-type]
        for n, genres in enumerate([("Hip-Hop", "Chiptune"), ("Hip Hop", "Pop")])
    )
    common = Commonness(10, years={1994: 2, 2001: 8}, genres={"hiphop": 1, "pop": 9})
    assert reasons({}, one, other, common) == [
        Reason(Common.GENRE, "Hip Hop", 0.1),
        Reason(Common.YEAR, "1994", 0.2),
    ]
    assert not reasons({}, one, other, Commonness(10, years={1994: 8}, genres={"hiphop": 9}))
    assert not reasons({}, one, other, UNKNOWN)


def test_what_is_common_is_counted_of_living_tracks_and_adds_up(index_of: IndexOf) -> None:
    tracks = [
        track(1, tags={"Hip-Hop": 0.9, "rock": 0.9}, descriptors=described(90.26), year=1994, genres=("Synth-Pop",)),
        track(2, tags={"Hip-Hop": 0.9, "rock": 0.1}, year=1994, genres=("synth pop", "rap")),
        track(3, tags={"jazz": 0.1}),
    ]
    index = index_of(tracks, [direction(a0=1), direction(a1=1), direction(a2=1)])
    common = commonness_of(index)
    counts = {name: sum(counts) for name, counts in common.tags.items()}
    assert (common.tracks, counts) == (3, {"hip hop": 2, "rock": 1})
    assert [common.of_tag("rock", 0.9), common.of_tag("rock", 0.97)] == pytest.approx([1 / 3, 0])
    assert common.of_tag("Hip-Hop") == pytest.approx(2 / 3)
    assert [common.of_tempo(92.0), common.of_tempo(100.0)] == pytest.approx([1 / 3, 0])
    assert common.of_key(A_MINOR) == pytest.approx(1 / 3)
    assert [common.as_quiet(-9.0), common.as_loud(-9.0), common.as_loud(-7.0)] == pytest.approx([1 / 3, 1 / 3, 0])
    assert [common.of_year(1994), common.of_year(2001)] == pytest.approx([2 / 3, 0])
    assert [common.of_genre("Synth Pop"), common.of_genre("rap")] == pytest.approx([2 / 3, 1 / 3])
    twice = common + common + UNKNOWN
    assert twice.tracks == 6
    assert (twice.of_tag("rock"), twice.of_key(A_MINOR)) == (common.of_tag("rock"), common.of_key(A_MINOR))
    assert (twice.of_year(1994), twice.of_genre("rap")) == (common.of_year(1994), common.of_genre("rap"))
    assert twice.as_quiet(-9.0) == common.as_quiet(-9.0)


def test_of_a_catalogue_that_cannot_be_counted_a_tag_is_as_common_as_at_large() -> None:
    assert 0 < UNKNOWN.of_tag("jazz") < UNKNOWN.of_tag("rock") < 1


def test_in_a_catalogue_of_one_style_the_tag_stays_and_is_no_reason(index_of: IndexOf) -> None:
    tracks = [track(n, tags={"jazz": 0.9, **({"blues": 0.5} if n < 3 else {})}) for n in range(1, 21)]
    index = index_of(tracks, [direction(a0=1, a1=n / 20) for n in range(1, 21)])
    seed = seed_of(index, lambda _: None, tracks[0].track_id)
    first, second, *_ = rank(index, Query.of([seed]), Options(k=5)).results
    assert [tag.name for tag in first.shared_tags] == ["jazz", "blues"]
    assert [reason.what for reason in first.reasons] == ["blues"]
    assert not second.reasons
    assert [first.closer_than, second.closer_than] == pytest.approx([18 / 19, 17 / 19])
