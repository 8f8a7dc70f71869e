"""What a command has found."""

from typing import NamedTuple


class Answer(NamedTuple):
    """What `--json` prints, what people read, whether that is a failure, and the list that was asked for instead."""

    data: object
    text: str
    failed: bool = False
    listed: str | None = None
