"""What a file is: its track's id by its audio, and what its tags say of it, else its path."""

from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from crawler.file.names import named
from crawler.file.tags import Tags, read_tags
from earshot.containers.identity import former_track_id_of, track_id_of
from earshot.ids import TrackId
from earshot.lists import ListedTrack
from earshot.track import TrackInfo
from earshot.windows import Window


@dataclass(frozen=True, slots=True)
class Read:
    """What reading a file gives. `former_id`: its id in older versions, by all of its bytes."""

    track_id: TrackId
    former_id: TrackId
    tags: Tags


def read(path: Path) -> Read:
    """The file at `path`, read twice: its audio, and all of it.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return Read(track_id_of(file), former_track_id_of(file), read_tags(file))


def described(
    track_id: TrackId, tags: Tags, path: Path, relative: PurePath, *, cover_id: str | None = None
) -> TrackInfo:
    """The track in the file at `path`, which lies at `relative` in the folder that is crawled."""
    of_path = named(relative)
    return TrackInfo(
        track_id=track_id,
        source="file",
        title=tags.title or of_path.title,
        artists=tags.artists or ((of_path.artist,) if of_path.artist else ()),
        album=tags.album or of_path.album,
        isrc=tags.isrc,
        duration_ms=round(tags.length_s * 1000) if tags.length_s else None,
        preview_url=path.as_uri(),
        genres=tags.genres,
        year=tags.year,
        album_artist=tags.album_artist,
        track_number=tags.track_number or of_path.track_number,
        disc_number=tags.disc_number or of_path.disc_number,
        mbid=tags.mbid,
        cover_id=cover_id,
    )


def part_described(whole: TrackInfo, part: ListedTrack, window: Window) -> TrackInfo:
    """The track that a cue sheet makes of a window of the file `whole`, which says what the sheet does not."""
    within = window.within(whole.duration_ms) if whole.duration_ms else window
    album = part.album or whole.album or whole.title
    return replace(
        whole,
        track_id=window.track_id(whole.track_id),
        title=part.title or " ".join(filter(None, (album, str(part.track_number or "")))),
        artists=part.artists or whole.artists,
        album=album,
        isrc=part.isrc,
        duration_ms=within.end_ms - within.start_ms if within and within.end_ms is not None else None,
        preview_url=f"{whole.preview_url}#{window.fragment}",
        genres=part.genres or whole.genres,
        year=part.year or whole.year,
        album_artist=part.album_artist or whole.album_artist,
        track_number=part.track_number,
        mbid=None,
    )


def lies_outside(whole: TrackInfo, window: Window) -> bool:
    """Whether the file, as far as its length is known, ends before the window begins."""
    return whole.duration_ms is not None and window.within(whole.duration_ms) is None
