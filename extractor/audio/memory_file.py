"""A file that lies in memory: libsndfile reads one by itself, an object of Python's costs two calls for every frame."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from extractor.audio.mp3 import with_frame_count


@contextmanager
def in_memory(data: bytes) -> Iterator[int]:
    """Descriptor of a file that holds `data`, where it is an MP3 with its length stated."""
    # Where the system has no files in memory, one on the disk that has no name.
    with os.fdopen(os.memfd_create("clip"), "wb") if hasattr(os, "memfd_create") else tempfile.TemporaryFile() as file:
        file.write(with_frame_count(data))
        file.flush()
        yield file.fileno()
