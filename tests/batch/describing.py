"""What workers call of these tests: it notes who was heard, and may kill the worker."""

import os
import signal
from pathlib import Path
from typing import BinaryIO

from earshot.ids import TrackId
from earshot.track import TrackInfo
from extractor.bulk.reading import by_name


def noting(track_id: TrackId, file: BinaryIO, path: Path, *, log: Path, deadly: str) -> TrackInfo:
    """A line in `log` for each that is heard; at the first reading of the one called `deadly` the worker dies."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "w") as lines:
        lines.write(f"{path.stem}\n")
    if path.stem == deadly and log.read_text().splitlines().count(deadly) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return by_name(track_id, file, path)
