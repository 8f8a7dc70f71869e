"""Tempo, key and loudness as people write them, and as filters over HTTP."""

import pytest

from api.http.in_words import keys_meant, loudness_span, tempo_span
from earshot.descriptors import Descriptors
from earshot.errors import InvalidRequest
from earshot.keys import KEYS, Key, camelot
from tests.unit.api.world import World, direction, track


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("122", (121.5, 122.4)),
        ("118-126", (117.5, 126.4)),
        ("118 – 126", (117.5, 126.4)),
        ("121.6-121.9", (121.6, 121.9)),
        ("120-", (119.5, None)),
        ("-100", (None, 100.4)),
        ("..100", (None, 100.4)),
    ],
)
def test_a_whole_tempo_is_all_that_is_shown_as_it(text: str, span: tuple[float | None, float | None]) -> None:
    assert tempo_span(text) == span


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("-9", (-9.5, -8.6)),
        ("-14--9", (-14.5, -8.6)),
        ("-14..-9", (-14.5, -8.6)),
        ("−14 to −9", (-14.5, -8.6)),
        ("-14..", (-14.5, None)),
        ("..-9.5", (None, -9.5)),
        ("-14-", (-14.5, None)),
    ],
)
def test_loudness_is_mostly_below_zero(text: str, span: tuple[float | None, float | None]) -> None:
    assert loudness_span(text) == span


@pytest.mark.parametrize("text", ["fast", "126-118", "-", "..", "1-2-3", "--5", "1000", "12e1"])
def test_what_is_no_tempo_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="`bpm`"):
        tempo_span(text)


@pytest.mark.parametrize("text", ["loud", "-9..-14", "-", "-1000"])
def test_what_is_no_loudness_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="`loudness`"):
        loudness_span(text)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("8A", {"8A"}),
        ("Am", {"8A"}),
        ("8A±1", {"8A", "7A", "9A", "8B"}),
        ("a minor +-1", {"8A", "7A", "9A", "8B"}),
        ("12B~1", {"12B", "11B", "1B", "12A"}),
    ],
)
def test_a_key_may_be_meant_with_its_neighbours(text: str, codes: set[str]) -> None:
    assert {camelot(key) for key in keys_meant(text)} == codes
    assert keys_meant("1A±7") == frozenset(KEYS)


@pytest.mark.parametrize("text", ["H minor", "13A", "8A±8", "±1", "8A±"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="`key`"):
        keys_meant(text)


@pytest.fixture
def described(world: World) -> World:
    """Five tracks: the seed, three that were described, and one of before."""
    said = [
        Descriptors(bpm=122.0, key=Key("A minor"), key_confidence=0.9, loudness=-9.0),
        Descriptors(bpm=122.4, other_bpm=61.2, pulse_clarity=0.6, key=Key("A minor"), key_confidence=0.7, loudness=-9.2,
                    loudness_range=4.1),
        Descriptors(bpm=61.0, key=Key("C major"), loudness=-14.0),
        Descriptors(bpm=174.0, other_bpm=87.0, key=Key("F# minor"), loudness=-6.4),
        None,
    ]  # fmt: skip
    tracks = [track(number, descriptors=one, year=2000) for number, one in enumerate(said, 1)]
    world.publish(tracks, [direction(a0=1, **{f"a{number}": 0.2 * number}) for number in range(1, 6)])
    return world


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"bpm": "118-126"}, [2]),
        ({"bpm": "61"}, [2, 3]),
        ({"bpm": "87-"}, [2, 4]),
        ({"key": "8A±1"}, [2, 3]),
        ({"key": "Am"}, [2]),
        ({"key": "11A,C"}, [3, 4]),
        ({"loudness": "-10..-8"}, [2]),
        ({"loudness": "-9"}, [2]),
        ({"loudness": "..-9"}, [2, 3]),
        ({"bpm": "60-180", "key": "8A±1", "loudness": "-14", "year": "2000"}, [3]),
    ],
)
def test_a_filter_means_the_same_on_every_route(described: World, wanted: dict[str, str], found: list[int]) -> None:
    ids = [f"deezer:{number}" for number in found]
    similar = described.get("/similar", track_id="deezer:1", **wanted).json()
    assert sorted(one["track_id"] for one in similar["results"]) == ids
    body = {name: value.split(",") if name == "key" else value for name, value in wanted.items()}
    mixed = described.post("/similar", {"seeds": [{"track_id": "deezer:1"}], **body}).json()
    assert mixed["results"] == similar["results"]
    searched = described.get("/search", **wanted).json()
    assert sorted(one["track_id"] for one in searched["results"] if one["track_id"] != "deezer:1") == ids
    way = described.get("/path", **{"from": "deezer:1", "to": "deezer:1"}, steps=9, **wanted).json()
    assert sorted(one["track_id"] for one in way["results"][:-1]) == ids


@pytest.mark.parametrize("wanted", [{"bpm": "quick"}, {"key": "H"}, {"loudness": "very"}])
def test_what_is_no_filter_is_refused(described: World, wanted: dict[str, str]) -> None:
    answer = described.get("/similar", track_id="deezer:1", **wanted)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid_request"
    assert next(iter(wanted)) in answer.json()["error"]["message"]


def test_answers_say_it_in_musics_words_and_nothing_of_tracks_of_before(described: World) -> None:
    results = described.get("/similar", track_id="deezer:1").json()["results"]
    words = {one["track_id"]: one["descriptors"] for one in results}
    assert words["deezer:2"] == {
        "bpm": 122.4, "other_bpm": 61.2, "pulse_clarity": 0.6, "key": "A minor", "camelot": "8A",
        "key_confidence": 0.7, "loudness": -9.2, "loudness_range": 4.1,
    }  # fmt: skip
    assert words["deezer:3"]["camelot"] == "8B"
    assert words["deezer:3"]["pulse_clarity"] is None
    assert words["deezer:5"] is None
