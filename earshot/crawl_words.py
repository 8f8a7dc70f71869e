"""What a crawl says to people, wherever they read it."""

from collections.abc import Sequence

from earshot.crawls import Doubt

_WHY = {
    Doubt.UNREAD: "something in it could not be read",
    Doubt.EMPTIED: "nothing is left there, as when a disk is not mounted",
    Doubt.FOLDER_GONE: "a whole folder is not there any more, as when a disk is not mounted",
    Doubt.PARTED: "a cue sheet came or went, and what was one track is several now, or one again",
    Doubt.MANY: "they are a large part of it",
}
_NAMED = 5


def said_of_withheld(tracks: int, doubt: str, names: Sequence[str]) -> str:
    """How many tracks were not removed, and why; see `earshot.crawls.Withheld`."""
    named = ", ".join(names[:_NAMED]) + (", …" if tracks > _NAMED else "")
    return f"{tracks} tracks seem to have left and were not removed, since {_WHY[Doubt(doubt)]}: {named}"
