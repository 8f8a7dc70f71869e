"""By what names their recordings, tracks are found, whatever died while that was written down."""

import pytest

from earshot.ids import TrackId
from earshot.stores.dynamodb import Table
from earshot.stores.song_keys import SongKeys
from earshot.track import TrackInfo
from tests.aws import Account


class _Killed(BaseException):
    """The process is gone."""


def _song(number: int, isrc: str = "GBAYE0601498") -> TrackInfo:
    return TrackInfo(
        TrackId(f"file:{number:016x}"), "file", title=f"Number {number}", artists=("Ann Lee",), isrc=isrc,
    )  # fmt: skip


def test_a_track_is_found_by_its_code_and_by_its_name(aws: Account) -> None:
    aws.crawls_table()
    songs, song = SongKeys(aws.dynamodb, "crawls"), _song(1)
    songs.note([song])
    for wanted in (_song(9), TrackInfo(TrackId("manifest:1"), "manifest", title="Number 1", artists=("Ann Lee",))):
        assert songs.find(wanted) == [song.track_id]


def test_every_track_with_the_same_code_is_noted_where_it_is_missing(aws: Account) -> None:
    """Rippers give all tracks of an album the code of one."""
    aws.crawls_table()
    songs, album = SongKeys(aws.dynamodb, "crawls"), [_song(number) for number in range(4)]
    songs.note([], unless_known=album)
    assert set(songs.find(_song(9))) == {song.track_id for song in album}


@pytest.mark.parametrize("writes", [0, 1])
def test_what_a_death_kept_from_being_noted_is_noted_the_next_time(
    aws: Account, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    aws.crawls_table()
    songs, song = SongKeys(aws.dynamodb, "crawls"), _song(1)
    done: list[int] = []
    honest = Table.put_many

    def dying(table: Table, rows: object) -> None:
        if len(done) == writes:
            raise _Killed
        done.append(1)
        honest(table, rows)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Table, "put_many", dying)
        with pytest.raises(_Killed):
            songs.note([song])
    songs.note([], unless_known=[song])
    for wanted in (_song(9), TrackInfo(TrackId("manifest:1"), "manifest", title="Number 1", artists=("Ann Lee",))):
        assert songs.find(wanted) == [song.track_id]
