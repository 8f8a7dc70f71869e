"""Whether a provider's track is the recording that was asked for. A wrong song is worse than no preview.

Accepted is what has the same artist, a title at least 0.87 similar, no other version than the one asked for, and a
duration that differs by less than 3 seconds.
"""

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher

MIN_TITLE_SIMILARITY = 0.87
MAX_DURATION_DIFFERENCE_MS = 3000

_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_FEATURING = re.compile(r"\s(?:feat|ft|featuring)\b\.?\s.*")
_FEATURING_ASIDE = re.compile(r"^\s*(?:feat|ft|featuring|with)\b.*")
_JOINED = re.compile(r"\s*[,;/&+]\s*|\s+(?:x|and|y|und|et|vs\.?|with|feat\.?|ft\.?|featuring)\s+")
_NOT_WORD = re.compile(r"[^\w]+")
_SAME_RECORDING = re.compile(
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
_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)  # what Unicode does not decompose
_AND = re.compile(r"&|\s+and\s+")
_YEAR = re.compile(r"\b(?:19|20)[0-9]{2}\b")
_NUMBER = re.compile(r"\b(?:[0-9]+|[ivx]+)\b")


def is_same_recording(
    *,
    wanted_title: str,
    wanted_artists: Iterable[str],
    wanted_duration_ms: int | None,
    title: str,
    artists: Iterable[str],
    duration_ms: int | None,
) -> bool:
    """The acceptance rule. A duration that either side does not know accepts nothing: titles alone lie too often."""
    if wanted_duration_ms is None or duration_ms is None:
        return False
    if abs(wanted_duration_ms - duration_ms) >= MAX_DURATION_DIFFERENCE_MS:
        return False
    return same_artist(wanted_artists, artists) and same_title(wanted_title, title)


def same_artist(wanted: Iterable[str], found: Iterable[str]) -> bool:
    """Whether the main artist of one side is among the other's."""
    ours, theirs = _artists(wanted), _artists(found)
    return bool(ours and theirs) and (ours[0] in theirs or theirs[0] in ours)


def same_title(wanted: str, found: str) -> bool:
    """Whether the titles name the same version of the same song."""
    if _plain(wanted) and _plain(wanted) == _plain(found):
        return True
    (ours, our_version), (theirs, their_version) = _title(wanted), _title(found)
    if our_version != their_version:
        return False
    if any(sorted(words.findall(ours)) != sorted(words.findall(theirs)) for words in (_NUMBER, _VERSIONS)):
        return False
    return bool(ours and theirs) and _similarity(ours, theirs) >= MIN_TITLE_SIMILARITY


def normalised(text: str) -> str:
    """Lower case, without accents and punctuation; scripts other than Latin stay as they are."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _NOT_WORD.sub(" ", plain.replace("'", "").replace("’", "")).strip().replace("_", " ")


def _similarity(one: str, other: str) -> float:
    """Ratcliff-Obershelp, 0..1; the smaller of both directions, since it depends on the order."""
    return min(SequenceMatcher(None, *pair, autojunk=False).ratio() for pair in ((one, other), (other, one)))


def _artists(names: Iterable[str]) -> list[str]:
    """Normalised names, the main one first; of a name that joins several also the first alone."""
    names = list(names)
    whole = [_plain_name(name) for name in names]
    first = [_plain_name(_JOINED.split(name.casefold(), maxsplit=1)[0]) for name in names]
    return [name for name in (*whole, *first) if name]


def _plain(text: str) -> str:
    """Normalised, and whether it says "and" or "&"; what is nothing but symbols stays as it is."""
    return normalised(_AND.sub(" ", text.casefold())) or "".join(text.split()).casefold()


def _plain_name(name: str) -> str:
    """Names are spaced at will: AC/DC and ACDC, R.E.M. and REM."""
    return _plain(name).removeprefix("the ").replace(" ", "")


def _title(text: str) -> tuple[str, tuple[str, ...]]:
    """The song's name and the version that the title names, both normalised."""
    name = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    asides = _BRACKETS.findall(name)
    name = _BRACKETS.sub(" ", name)
    head, _, tail = name.partition(" - ")
    if tail and head.strip():
        name = head
        asides.append(tail)
    version: list[str] = []
    parts = [normalised(_AND.sub(" ", _FEATURING.sub("", name)))]
    for aside in asides:
        rest = _SAME_RECORDING.sub(" ", _FEATURING.sub("", _FEATURING_ASIDE.sub("", aside)))
        said = normalised(_YEAR.sub(" ", rest))
        (version if _VERSIONS.search(rest) else parts).append(said)
    return " ".join(filter(None, parts)), tuple(sorted(filter(None, version)))
