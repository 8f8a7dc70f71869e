"""The confined process that draws covers: started by `crawler.covers.drawer`."""

import os

from crawler.covers.drawing import drawn
from earshot.confined.worker import Answer, Wanted, serve


def main() -> None:
    """Answer requests with the sizes of a picture, one after the other, and how many bytes each has."""
    serve(_draw)


def _draw(file: int, wanted: Wanted) -> Answer:
    with os.fdopen(file, "rb", closefd=False) as opened:
        sizes = drawn(opened.read(wanted["max_bytes"]))
    return {"bytes": {str(size): len(content) for size, content in sizes.items()}}, b"".join(sizes.values())


if __name__ == "__main__":
    main()
