"""The confined process that cuts clips: started by `crawler.cutting.cutter`."""

import os

from crawler.cutting.clip import clip_of
from earshot.confined.worker import Answer, Wanted, serve
from earshot.windows import Window


def main() -> None:
    """Answer requests with the clip of a file or a window of it, of at most `max_bytes`."""
    serve(_cut)


def _cut(file: int, wanted: Wanted) -> Answer:
    with os.fdopen(file, "rb", closefd=False) as opened:
        window = Window(*wanted["window"]) if wanted["window"] else None
        return {}, clip_of(opened, max_bytes=wanted["max_bytes"], window=window)


if __name__ == "__main__":
    main()
