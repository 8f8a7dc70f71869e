"""When two tracks are versions of one recording, and what counts as one artist or album."""

import re
import unicodedata

from earshot.index.rows import IndexedTrack

SAME_SOUND = 0.9
"""Cosine above which two clips with the same title are taken for one recording. Measured on game music: the same clip
encoded anew 0.993 at least, cut half a second later 0.924 at least; clips of different tracks 0.797 at most."""

_ASIDE = re.compile(r"[(\[{][^)\]}]*[)\]}]|\s[-–—]\s.*$|\s+(?:feat|ft)\.?\s.*$")
_GAPS = re.compile(r"[\W_]+")
_STROKES = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Latin letters that Unicode does not take apart."""


def plain(text: str) -> str:
    """`text` for comparison: no case, no accents, words parted by single spaces. Signs count where there is no word."""
    if text.isascii():
        folded = text.lower()
        words = _GAPS.sub(" ", folded)
    else:
        decomposed = unicodedata.normalize("NFKD", text)
        folded = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold().translate(_STROKES)
        words = "".join(c if _is_in_word(c) else " " for c in folded)
    return " ".join(words.split() or folded.split())


def _is_in_word(character: str) -> bool:
    """Letters and digits, and the vowel signs of Indic scripts and Thai."""
    return character.isalnum() or unicodedata.category(character) in ("Mn", "Mc")


def plain_title(title: str) -> str:
    """The title without what labels add to it: "(Remastered 2011)", "- Live", "feat. …"."""
    return plain(_ASIDE.sub(" ", title)) or plain(title)


def artists_of(track: IndexedTrack) -> frozenset[str]:
    """The artists, fit for comparison."""
    return frozenset(filter(None, map(plain, track.artists)))


def album_of(track: IndexedTrack) -> tuple[str, str] | None:
    """First artist and album, fit for comparison; None where the album is unknown."""
    album = plain(track.album)
    return (plain(track.artists[0]) if track.artists else "", album) if album else None


def is_same_recording(one: IndexedTrack, other: IndexedTrack, similarity: float) -> bool:
    """Whether both are versions of one recording: the same ISRC, or the same title and the same sound.

    `similarity` is the cosine of their vectors.
    """
    if one.isrc and one.isrc == other.isrc:
        return True
    return similarity >= SAME_SOUND and _same_title(one, other)


def _same_title(one: IndexedTrack, other: IndexedTrack) -> bool:
    return bool(title := plain_title(one.title)) and title == plain_title(other.title)
