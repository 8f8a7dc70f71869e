"""When two tracks are the same recording, and how titles and names are compared.

What is known decides, the surest first: an ISRC; the sound with the song's name; words and length alone. A wrong song
is worse than none, so what nothing speaks for is another recording.
"""

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Protocol

SAME_SOUND = 0.9
"""Cosine above which two clips of songs with the same name are taken for one recording. Measured on game music: the
same clip encoded anew 0.993 at least, cut half a second later 0.924 at least; clips of different tracks 0.797 at
most."""
_LEAST_TITLE_SIMILARITY = 0.87
_LENGTHS_DIFFER_MS = 3000


class Described(Protocol):
    """What is known of a track: a `TrackInfo`, or what an index keeps of one."""

    @property
    def title(self) -> str:
        """As its source writes it."""

    @property
    def artists(self) -> tuple[str, ...]:
        """The main one first."""

    @property
    def album(self) -> str:
        """Empty where unknown."""

    @property
    def isrc(self) -> str | None:
        """ISO 3901."""

    @property
    def duration_ms(self) -> int | None:
        """Of the whole track."""


def is_same_recording(one: Described, other: Described, similarity: float | None = None) -> bool:
    """Whether both are one recording: the same ISRC and lengths that do not disagree, or failing that

    - where the cosine `similarity` of their sound is known, the same name of the song and the same sound;
    - where it is not, the same artist and title, no other version, and lengths that agree. A length that either does
      not know proves nothing then: titles alone lie too often.
    """
    gap_ms = None if one.duration_ms is None or other.duration_ms is None else abs(one.duration_ms - other.duration_ms)
    if one.isrc and one.isrc == other.isrc and (gap_ms is None or gap_ms < _LENGTHS_DIFFER_MS):
        return True
    if similarity is not None:
        return similarity >= SAME_SOUND and (name := plain_title(one.title)) != "" and name == plain_title(other.title)
    if gap_ms is None or gap_ms >= _LENGTHS_DIFFER_MS:
        return False
    return same_artist(one.artists, other.artists) and same_title(one.title, other.title)


# --- Texts fit for comparison ---------------------------------------------------------------------------------------

_GAPS = re.compile(r"[\W_]+")
_CONTRACTION = re.compile(r"(?<=\w)['’ʼ‘`](?=(?:t|s|m|d|re|ve|ll)\b)")
"""Of "don't"; the words of "l'amour" are looked for one by one."""
_STROKES = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Latin letters that Unicode does not take apart."""


def plain(text: str) -> str:
    """`text` for comparison: no case, no accents, words parted by single spaces. Signs count where there is no word."""
    if text.isascii():
        folded = text.lower()
        words = _GAPS.sub(" ", _CONTRACTION.sub("", folded) if "'" in folded else folded)
    else:
        decomposed = unicodedata.normalize("NFKD", text.replace("´", "'"))
        folded = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold().translate(_STROKES)
        words = "".join(c if _is_in_word(c) else " " for c in _CONTRACTION.sub("", folded))
    return " ".join(words.split() or folded.split())


def _is_in_word(character: str) -> bool:
    """Letters and digits, and the vowel signs of Indic scripts and Thai."""
    return character.isalnum() or unicodedata.category(character) in ("Mn", "Mc")


def artists_of(track: Described) -> frozenset[str]:
    """The artists, fit for comparison."""
    return frozenset(filter(None, map(plain, track.artists)))


def album_of(track: Described) -> tuple[str, str] | None:
    """Who made the album and its name, fit for comparison; None where the album is unknown.

    A compilation is made by its album artist. Without one, files of an album lie in one folder, whoever plays.
    """
    album = plain(track.album)
    if not album:
        return None
    maker = plain(getattr(track, "album_artist", "")) or _folder_of(track)
    return maker or (plain(track.artists[0]) if track.artists else ""), album


_DISC_FOLDER = re.compile(r"/(?:cd|disc|disk)(?:%20|[\s._-])*[0-9]{1,2}$", re.IGNORECASE)


def _folder_of(track: Described) -> str:
    """Of a file the folder of its album, which may have one for each disc; empty for others."""
    url: str = getattr(track, "preview_url", None) or ""
    return _DISC_FOLDER.sub("", url.rpartition("/")[0]) if url.startswith("file:") else ""


# --- Titles and artists ---------------------------------------------------------------------------------------------

_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_DASH = re.compile(r"\s[-–—]\s")
_FEATURING = re.compile(r"\s(?:feat|ft|featuring)\b\.?\s.*")
_FEATURING_ASIDE = re.compile(r"^\s*(?:feat|ft|featuring|with)\b.*")
_ASIDE = re.compile(rf"{_BRACKETS.pattern}|{_DASH.pattern}.*|{_FEATURING.pattern}", re.IGNORECASE)
_JOINED = re.compile(r"\s*[,;/&+]\s*|\s+(?:x|and|y|und|et|vs\.?|with|feat\.?|ft\.?|featuring)\s+")
_AND = re.compile(r"&|\s+and\s+", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)[0-9]{2}\b")
_NUMBER = re.compile(r"\b(?:[0-9]+|[ivx]+)\b")
_SAME_VERSION = re.compile(
    r"\b(?:(?:[0-9]{4}|digital(?:ly)?|new|hd)\s*)*re-?master(?:ed)?(?:\s*(?:[0-9]{4}|version|edition))*\b"
    r"|\b(?:album|original|single|lp|main|explicit|clean|stereo)\s+(?:version|mix|edit)\b"
    r"|\bofficial(?:\s+(?:audio|video|music video))?\b|\bexplicit\b|\bbonus track\b|\boriginal\b"
    r"|\b(?:from|theme from)\b.*|\b(?:deluxe|expanded|anniversary)\b.*"
)
_VERSIONS = re.compile(
    r"\b(live|unplugged|acoustic|remix|re-?mix(?:ed)?|mix|dub|edit|instrumental|karaoke|tribute|cover|demo|orchestral"
    r"|a ?cappella|sped up|slowed|nightcore|reprise|radio|extended|re-?recorded|taylor'?s version|interlude|session"
    r"|sessions|rehearsal|commentary|8-?bit|piano version|symphonic|club|vip|bootleg|mono)\b"
)


def plain_title(title: str) -> str:
    """The song's name alone, without what labels add to it: "(Remastered 2011)", "- Live", "feat. …"."""
    return plain(_AND.sub(" ", _ASIDE.sub(" ", title))) or plain(title)


def same_artist(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether the main artist of one side is among the other's."""
    ours, theirs = _artists(one), _artists(other)
    return bool(ours and theirs) and (ours[0] in theirs or theirs[0] in ours)


def same_title(one: str, other: str) -> bool:
    """Whether the titles name the same version of the same song."""
    if (whole := _without_and(one)) and whole == _without_and(other):
        return True
    (ours, our_version), (theirs, their_version) = _name_and_version(one), _name_and_version(other)
    if our_version != their_version:
        return False
    if any(sorted(words.findall(ours)) != sorted(words.findall(theirs)) for words in (_NUMBER, _VERSIONS)):
        return False
    return bool(ours and theirs) and _similarity(ours, theirs) >= _LEAST_TITLE_SIMILARITY


def _similarity(one: str, other: str) -> float:
    """Ratcliff-Obershelp, 0..1; the smaller of both directions, since it depends on the order."""
    return min(SequenceMatcher(None, *pair, autojunk=False).ratio() for pair in ((one, other), (other, one)))


def _artists(names: Iterable[str]) -> list[str]:
    """Plain names, the main one first; of a name that joins several also the first alone."""
    names = list(names)
    whole = [_artist(name) for name in names]
    first = [_artist(_JOINED.split(name.casefold(), maxsplit=1)[0]) for name in names]
    return [name for name in (*whole, *first) if name]


def _artist(name: str) -> str:
    """Names are spaced at will: AC/DC and ACDC, R.E.M. and REM."""
    return _without_and(name).removeprefix("the ").replace(" ", "")


def _without_and(text: str) -> str:
    """Plain, and whether it says "and" or "&"."""
    return plain(_AND.sub(" ", text)) or plain(text)


def _name_and_version(title: str) -> tuple[str, tuple[str, ...]]:
    """The song's name and the version that the title names, both plain."""
    name = unicodedata.normalize("NFKC", title).casefold().replace("’", "'")
    asides = _BRACKETS.findall(name)
    name = _BRACKETS.sub(" ", name)
    head, *tail = _DASH.split(name, maxsplit=1)
    if tail and head.strip():
        name = head
        asides += tail
    version: list[str] = []
    parts = [_words(_FEATURING.sub("", name))]
    for aside in asides:
        rest = _SAME_VERSION.sub(" ", _FEATURING.sub("", _FEATURING_ASIDE.sub("", aside)))
        (version if _VERSIONS.search(rest) else parts).append(_words(_YEAR.sub(" ", rest)))
    return " ".join(filter(None, parts)), tuple(sorted(filter(None, version)))


def _words(text: str) -> str:
    """Plain, without "and"; empty where there is no word."""
    found = plain(_AND.sub(" ", text))
    return found if any(map(str.isalnum, found)) else ""
