"""The cue sheet in a file that holds a whole disc: a tag ``CUESHEET``, as rippers write it, or FLAC's own block.

The tag (Vorbis comments, APEv2, ASF) is a sheet's text. The block (RFC 9639, 8.8) has times, numbers and codes of the
tracks and no titles, so the tag goes before.
"""

from collections.abc import Iterator
from typing import Any

from mutagen import MutagenError

MOST_CHARACTERS = 64 * 1024
_FRAMES = 75
_LEAD_OUT = 100
"""Numbers of tracks end before it; 170 and 255 say where the last one ends."""


def sheet_in(tagged: Any) -> str:
    """The text of the sheet in what a reader of mutagen's found in a file; empty where there is none to be read."""
    try:
        sheet = _of_tag(getattr(tagged, "tags", None)) or "\n".join(_of_block(tagged))
    except (MutagenError, ValueError, LookupError, TypeError, AttributeError, ZeroDivisionError):
        return ""  # a sheet that is damaged is no sheet: the file is one track
    return sheet if len(sheet) <= MOST_CHARACTERS else ""


def _of_tag(tags: Any) -> str:
    said = tags.get("cuesheet") if hasattr(tags, "get") else None
    return next((text for each in said or () if (text := str(each).strip())), "")


def _of_block(tagged: Any) -> Iterator[str]:
    """The block as a sheet's text, to the frame: the tracks of discs begin with one."""
    block = getattr(tagged, "cuesheet", None)
    if block is None:
        return
    rate = tagged.info.sample_rate
    yield 'FILE "disc" WAVE'
    for track in block.tracks:
        if track.track_number >= _LEAD_OUT:
            continue
        first = next((index.index_offset for index in track.indexes if index.index_number == 1), 0)
        seconds, frames = divmod((track.start_offset + first) * _FRAMES // rate, _FRAMES)
        yield f"TRACK {track.track_number:02d} {'MODE1/2352' if track.type else 'AUDIO'}"
        if track.isrc:
            yield f"ISRC {track.isrc.decode('ascii', 'replace')}"
        yield f"INDEX 01 {seconds // 60:02d}:{seconds % 60:02d}:{frames:02d}"
