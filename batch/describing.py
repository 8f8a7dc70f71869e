"""What a file without a manifest says of its track: its tags, else its path, as a crawl of its folder would have it."""

from pathlib import Path
from typing import BinaryIO

from crawler.file.description import described
from crawler.file.tags import read_tags
from earshot.ids import TrackId
from earshot.track import TrackInfo

_NAMED_PARTS = 3
"""Of a path that say what its file is: artist, album, title."""


def by_tags(track_id: TrackId, file: BinaryIO, path: Path) -> TrackInfo:
    """The track in `file`. Runs in the workers."""
    return described(track_id, read_tags(file), path, Path(*path.parts[-_NAMED_PARTS:]))
