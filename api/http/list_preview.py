"""What is shown of a list before it is crawled."""

from api.http.contract import ListedRow, ListPreview
from earshot.ids import TrackId
from earshot.lists import ListedTrack, TrackList
from earshot.matching import Matching
from earshot.reasons import Reason
from earshot.track import TrackInfo

_SHOWN = 20
_LOOKED_FOR = 25


def previewed(listed: TrackList, matching: Matching) -> ListPreview:
    """What was understood, and what the catalogue holds of the first rows."""
    head = listed.tracks[:_LOOKED_FOR]
    wanted = [_wanted(number, track) for number, track in enumerate(head)]
    found = matching.find(
        [(info, TrackId(track.id) if track.id else None) for info, track in zip(wanted, head, strict=True)]
    )
    ids = [match.track_id if match else None for match in found]
    return ListPreview(
        form=listed.form,
        title=listed.title,
        encoding=listed.encoding,
        delimiter=listed.delimiter,
        columns=dict(listed.columns),
        ignored=list(listed.ignored),
        total=len(listed.tracks),
        usable=sum(track.names_a_recording for track in listed.tracks),
        looked_for=len(head),
        in_catalogue=sum(track_id is not None for track_id in ids),
        rows=[_row(track, track_id) for track, track_id in list(zip(head, ids, strict=True))[:_SHOWN]],
    )


def _wanted(number: int, track: ListedTrack) -> TrackInfo:
    """What the catalogue is asked for, under an id that nothing has."""
    return TrackInfo(
        TrackId(f"manifest:row {number}"),
        "manifest",
        title=track.title,
        artists=track.artists,
        album=track.album,
        isrc=track.isrc,
        duration_ms=track.duration_ms,
        mbid=track.mbid,
    )


def _row(track: ListedTrack, track_id: str | None) -> ListedRow:
    return ListedRow(
        title=track.title,
        artists=list(track.artists),
        album=track.album,
        isrc=track.isrc,
        duration_ms=track.duration_ms,
        location=track.location,
        text=track.text,
        track_id=track_id,
        reason=None if track.names_a_recording else Reason.BAD_ROW,
    )
