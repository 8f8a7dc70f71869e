"""What is shown of a track, of all that its source and others say of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.facts import Facts, Learned, known, popularity, recording_of
from earshot.ids import TrackId
from earshot.index.rows import IndexedTrack, row_in, track_from_line, track_to_line
from earshot.stores.dynamodb import from_item, to_item
from earshot.track import Status, Track, TrackInfo

MBID = "00000001-0000-4000-8000-000000000001"
INFO = TrackInfo(TrackId("deezer:1"), "deezer", "Around the World", ("Daft Punk",), isrc="GBDUW0000053", year=2011)
SAID = {
    "musicbrainz": Facts(MBID, 1997, None, "FR", ("french house",)),
    "listenbrainz": Facts(plays=90_000, listeners=3_000),
    "lastfm": Facts(genres=("electronic",), listeners=250_000),
}
counts = st.none() | st.integers(0, 10**9)


def _track(info: TrackInfo = INFO, said: dict[str, Facts] = SAID, of: TrackInfo | None = None) -> Track:
    recording = recording_of((of or info).to_row())
    return Track(
        info, Status.READY, learned={name: Learned("2026-11-27", recording, one) for name, one in said.items()}
    )


def test_what_is_learned_is_kept_in_table_and_index_as_it_was_said_and_shown_as_it_is_believed() -> None:
    track = _track()
    row = from_item(to_item({**INFO.to_row(), "status": "ready", "facts": {
        name: learned.to_row() for name, learned in track.learned.items()
    }}))  # fmt: skip
    assert Track.from_row(row) == track
    line = track_to_line(track)
    back = track_from_line(line, b"", b"")
    assert (back.info, back.learned) == (INFO, track.learned)
    shown = IndexedTrack.from_line(line)
    assert shown == IndexedTrack.from_row(track.shown.to_row())
    assert (shown.year, shown.genres, shown.mbid, shown.popularity) == (1997, ("french house",), MBID, 78)


@pytest.mark.parametrize(
    ("source", "says", "first", "shown"),
    [
        ("deezer", 2011, 1997, 1997),
        ("deezer", 1995, 1997, 1995),  # MusicBrainz does not know all releases
        ("deezer", None, 1997, 1997),
        ("deezer", 2011, None, 2011),
        ("file", 2011, 1997, 2011),
        ("file", None, 1997, 1997),
    ],
)
def test_a_store_s_year_is_one_of_a_release_and_a_person_s_own_word_stands(
    source: str, says: int | None, first: int | None, shown: int | None
) -> None:
    info = replace(INFO, source=source, year=says)
    assert _track(info, {"musicbrainz": Facts(year=first, genres=("x",))}).shown.year == shown


def test_own_genres_stand_and_the_first_who_knows_is_believed_else() -> None:
    assert _track(replace(INFO, genres=("Filter House",))).shown.genres == ("Filter House",)
    assert _track(said={**SAID, "musicbrainz": Facts(MBID)}).shown.genres == ("electronic",)


def test_what_was_said_of_another_recording_counts_for_nothing() -> None:
    assert _track(of=replace(INFO, title="Around the World (live)")).shown == INFO


@given(st.fixed_dictionaries({}, optional={"musicbrainz": st.integers(1900, 2030), "lastfm": counts, "genius": counts}))
def test_a_line_and_its_track_show_the_same_whatever_was_said(said: dict[str, int | None]) -> None:
    fields = {"musicbrainz": "year", "lastfm": "listeners", "genius": "page_views"}
    track = _track(said={name: Facts(**{fields[name]: value}) for name, value in said.items()})  # type: ignore[arg-type]
    assert IndexedTrack.from_line(track_to_line(track)) == IndexedTrack.from_row(track.shown.to_row())


def test_who_knows_nothing_leaves_no_trace_in_the_index() -> None:
    """Its line is that of a track that nobody was asked about: nothing is indexed anew for it."""
    assert track_to_line(_track(said={"genius": Facts()})) == track_to_line(Track(INFO, Status.READY))
    row = row_in(track_to_line(Track(INFO, Status.READY)))
    assert known(row) is row


@given(st.integers(0, 10**8), st.integers(0, 10**8))
def test_more_listeners_are_never_less_popular_and_all_is_within_a_hundred(one: int, other: int) -> None:
    fewer, more = (popularity({"listenbrainz": Facts(listeners=count)}) for count in sorted((one, other)))
    assert fewer is not None
    assert more is not None
    assert 0 <= fewer <= more <= 100


def test_popularity_is_a_logarithm_of_what_the_first_who_knows_says() -> None:
    assert [popularity({"listenbrainz": Facts(listeners=n)}) for n in (0, 30, 30_000, 10**7)] == [0, 33, 100, 100]
    assert popularity({"lastfm": Facts(listeners=2_000), "genius": Facts(page_views=1)}) == 50
    assert popularity({"listenbrainz": Facts(mbid=MBID), "genius": Facts(page_views=4_472)}) == 50
    assert popularity({"musicbrainz": Facts(MBID)}) is None
