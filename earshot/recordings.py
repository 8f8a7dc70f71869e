"""When two tracks are the same recording, and how titles and names are compared. docs/adr/0022 says why it is so.

What is known decides, the surest first: an ISRC that title, artist and length do not contradict; the sound, with the
song's name or without; words and length alone. A wrong song is worse than none, so what nothing speaks for is another
recording.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from enum import Enum, auto
from functools import lru_cache
from typing import Protocol, TypeVar

SAME_SOUND = 0.9
"""Cosine above which two clips of songs with the same name are taken for one recording. Measured on game music: the
same clip encoded anew 0.993 at least, cut half a second later 0.924 at least; clips of different tracks 0.797 at
most."""
SAME_CLIP = 0.995
"""Cosine above which two clips of the same length are one recording whatever they are called. Measured: copies as
MP3 of 128 and 192 kbit/s 0.9991 at least, of 96 kbit/s 0.984 to 0.999, half of them above; the same sounds played 2 %
faster 0.973; other tracks of one album 0.834."""
_LEAST_TITLE_SIMILARITY = 0.87
_LEAST_WORD_SIMILARITY = 0.65
_LENGTHS_DIFFER_MS = 3000
_COPY_DIFFERS_MS = 1000
_LONG_NAME = 3


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


_Track = TypeVar("_Track", bound=Described)


class _Says(Enum):
    """What a comparison says of whether two tracks are one recording."""

    YES = auto()
    NO = auto()
    NOTHING = auto()
    """One side does not know, or both cannot be compared."""


def is_same_recording(one: Described, other: Described, similarity: float | None = None) -> bool:
    """Whether both are one recording. Any of these speaks for it:

    - the same ISRC, unless title, artist or length say otherwise: files carry the codes of their neighbours, and
      catalogues those of other songs;
    - where the cosine `similarity` of their sound is known: the same artist and the same version of the same song,
      whatever the sound (two clips of one song may differ) and the length; of names that many songs have ("Intro",
      "Allegro") the length and the sound too; edits ("Radio Edit") by the sound; a copy, by the sound and the length,
      whatever it is called;
    - where it is not, the same artist and title, no other version, and lengths that agree. A length that either does
      not know proves nothing then: titles alone lie too often.
    """
    length = _length_says(one, other)
    has_one_isrc = one.isrc is not None and one.isrc == other.isrc and length is not _Says.NO
    if has_one_isrc and _isrc_holds(one, other, length):
        return True
    if similarity is not None:
        if _is_copy(one, other, similarity) or _is_same_when_heard(one, other, length, similarity):
            return True
        is_translated = has_one_isrc and similarity >= SAME_SOUND and _artist_says(one, other) is not _Says.NO
        return is_translated and not _are_neighbours(one, other)
    return length is _Says.YES and same_artist(one.artists, other.artists) and same_title(one.title, other.title)


def the_one(wanted: Described, candidates: Sequence[_Track]) -> _Track | None:
    """The candidate that is the recording `wanted`, none where that is not certain.

    A list that gives no length is believed where artist and title fit exactly, and all candidates that they fit are one
    recording: by their lengths, else by the album that the list names.
    """
    same = [found for found in candidates if is_same_recording(wanted, found)]
    if not wanted.title:
        return same[0] if same and all(is_same_recording(same[0], other) for other in same[1:]) else None
    if wanted.duration_ms or not wanted.artists or same:
        return same[0] if same else None
    fitting = [found for found in candidates if same_artist(wanted.artists, found.artists) and _is_exact(wanted, found)]
    album = plain(wanted.album)
    of_album = [found for found in fitting if album and plain_title(found.album) == plain_title(wanted.album)]
    return _all_one(fitting) or _all_one(of_album)


def _all_one(candidates: Sequence[_Track]) -> _Track | None:
    """The first one, where all of them are as long."""
    lengths = [found.duration_ms for found in candidates]
    if len(candidates) > 1 and None in lengths:
        return None
    known = [length for length in lengths if length is not None]
    return candidates[0] if candidates and max(known, default=0) - min(known, default=0) < _LENGTHS_DIFFER_MS else None


def _is_exact(one: Described, other: Described) -> bool:
    return _name_and_version(one.title) == _name_and_version(other.title)


def _gap_ms(one: Described, other: Described) -> int | None:
    return None if one.duration_ms is None or other.duration_ms is None else abs(one.duration_ms - other.duration_ms)


def _length_says(one: Described, other: Described) -> _Says:
    gap_ms = _gap_ms(one, other)
    if gap_ms is None:
        return _Says.NOTHING
    return _Says.YES if gap_ms < _LENGTHS_DIFFER_MS else _Says.NO


def _artist_says(one: Described, other: Described) -> _Says:
    ours, theirs = _artists(one.artists), _artists(other.artists)
    if not ours or not theirs:
        return _Says.NOTHING
    if same_artist(one.artists, other.artists):
        return _Says.YES
    return _Says.NO if _are_comparable("".join(one.artists), "".join(other.artists)) else _Says.NOTHING


def _isrc_holds(one: Described, other: Described, length: _Says) -> bool:
    """Whether nothing contradicts the ISRC that both have; their lengths do not."""
    if _artist_says(one, other) is _Says.NO:
        return False
    (ours, our_version), (theirs, their_version) = map(_name_and_version, (one.title, other.title))
    if not ours or not theirs:
        return True
    if (
        our_version
        and their_version
        and not (_all_in(our_version, their_version) or _all_in(their_version, our_version))
    ):
        return False  # two remixes
    if not _are_comparable(one.title, other.title):
        return length is _Says.YES  # a title in Japanese, and what it is in Latin letters
    return _names_agree(ours, theirs) or (length is _Says.YES and _says_only_more(ours, theirs))


def _says_only_more(ours: str, theirs: str) -> bool:
    """Whether one name is a long one, such as a movement's, and the other that with the composer's or the work's."""
    shorter = min(ours, theirs, key=len)
    longer = theirs if shorter is ours else ours
    return len(shorter.split()) >= _LONG_NAME and _all_in((shorter,), (longer,))


def _is_copy(one: Described, other: Described, similarity: float) -> bool:
    """Whether they sound the same to the end, and are not two tracks of one album."""
    gap_ms = _gap_ms(one, other)
    if similarity < SAME_CLIP or gap_ms is None or gap_ms >= _COPY_DIFFERS_MS:
        return False
    if _artist_says(one, other) is _Says.NO and plain_title(one.title) == plain_title(other.title):
        return False  # "Intro" of another artist: who copies a song under its own name keeps its artist
    return not _are_neighbours(one, other)


def _are_neighbours(one: Described, other: Described) -> bool:
    """Whether they are two tracks of one album, by their names."""
    if album_of(one) is None or album_of(one) != album_of(other):
        return False
    ours, theirs = (name for name, _ in map(_name_and_version, (one.title, other.title)))
    return not (_all_in((ours,), (theirs,)) or _all_in((theirs,), (ours,)))


def _is_same_when_heard(one: Described, other: Described, length: _Says, similarity: float) -> bool:
    (ours, our_version), (theirs, their_version) = map(_name_and_version, (one.title, other.title))
    artist = _artist_says(one, other)
    if not ours or ours != theirs or artist is _Says.NO:
        return False
    if our_version == their_version:
        if artist is _Says.YES and not _is_anybodys(ours):
            return True
        return similarity >= SAME_SOUND and length is not _Says.NO
    return similarity >= SAME_SOUND and all(map(_EDIT.fullmatch, (*our_version, *their_version)))


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
_JOINED = re.compile(r"\s*[,;/&+]\s*|\s+(?:x|and|y|und|et|vs\.?|with|feat\.?|ft\.?|featuring)\s+")
_AND = re.compile(r"&|\s+and\s+", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)[0-9]{2}\b")
_NUMBER = re.compile(r"\b(?:[0-9]+|[ivx]+)\b")
_PLACE = re.compile(r"[0-9]{1,2}\s*(?:[.)]|\s[-–])\s+(?=\S*[^\W\d])")
"""The number of a track in front of its title: "01 - ", "7. "."""
_PART = re.compile(r"\b(?:parts?|pts?|teil|partie|parte)\b\.?")
_VOLUME = re.compile(r"\b(?:volume|vol)\b\.?")
_NUMBERED = re.compile(r"\b(?:no|nos|nr|number)\b\.?(?=\s*[0-9])")
_ROMAN = re.compile(
    r"(?<=\bpt )(?P<part>[ivx]+)\b|(?<![\w.])(?P<movement>[ivx]+)\.(?=\s)|\b(?P<long>i{2,3}|iv|vi{1,3}|ix|xi{0,3})$"
)
_ROMANS = {"i": 1, "v": 5, "x": 10}
_WORDS_FOR_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
}
_PART_IN_WORDS = re.compile(rf"(?<=\bpt )(?:{'|'.join(_WORDS_FOR_NUMBERS)})\b")
_SAME_VERSION = re.compile(
    r"\b(?:(?:[0-9]{4}|digital(?:ly)?|new|hd)\s*)*re-?master(?:ed)?(?:\s*(?:[0-9]{4}|version|edition))*\b"
    r"|\b(?:album|original|single|lp|main|explicit|clean|stereo)\s+(?:version|mix|edit)\b"
    r"|\bofficial(?:\s+(?:audio|video|music video|lyric video))?\b|\bexplicit\b|\bbonus track\b|\boriginal\b"
    r"|\b(?:from|theme from)\b.*|\b(?:deluxe|expanded|anniversary)\b.*"
)
_VERSIONS = re.compile(
    r"\b(live|unplugged|acoustic|remix|re-?mix(?:ed)?|mix|dub|edit|instrumental|karaoke|tribute|cover|demo|orchestral"
    r"|a ?cappella|sped up|slowed|nightcore|reprise|radio|extended|re-?recorded|taylor'?s version|interlude|session"
    r"|sessions|rehearsal|commentary|8-?bit|piano version|symphonic|club|vip|bootleg|mono|en vivo|ao vivo|dal vivo"
    r"|en directo|en concert|in concert|made famous|originally performed|in the style of|backing track|lo-?fi|8d audio"
    r"|rmx|rework(?:ed)?|mash-?up|medley|stripped|acustico|akustik|akustisch|acoustique)\b"
)
_EDIT = re.compile(
    r"(?:(?:radio|extended|single|album|short|long|full|length|mono|stereo|video|edit|version|mix|cut)\s*)+"
)
"""Versions that are the same performance, cut or mixed otherwise."""
_KEY = re.compile(r"\bin ([a-h])\b(?: (sharp|flat|is|es))?(?: (major|minor|dur|moll))?")
_ANYBODYS = frozenset({
    "intro", "introduction", "outro", "interlude", "prelude", "preludio", "prologue", "epilogue", "skit", "untitled",
    "track", "title", "unknown", "bonus", "hidden", "overture", "finale", "reprise", "theme", "opening", "ending",
    "credits", "end", "start", "menu", "battle", "chapter", "part", "pt", "no", "movement", "song", "adagio",
    "allegro", "allegretto", "andante", "andantino", "largo", "larghetto", "lento", "grave", "presto", "prestissimo",
    "vivace", "moderato", "minuet", "menuet", "menuetto", "scherzo", "rondo", "trio", "aria", "recitativo",
    "toccata", "fugue", "fuga", "gigue", "sarabande", "courante", "allemande", "bourree", "gavotte", "waltz",
    "walzer", "etude", "nocturne", "sonata", "sonate", "impromptu", "mazurka", "polonaise", "variation", "var",
    "variations", "ma", "non", "troppo", "con", "brio", "molto", "assai", "e", "un", "poco", "cantabile",
    "sostenuto", "maestoso", "tempo", "di", "the", "a", "1", "2", "3", "4", "5", "6", "7", "8", "9", "i", "ii",
    "iii", "iv", "v", "vi", "vii", "viii", "ix", "x",
})  # fmt: skip
"""Words that name no song by themselves: an artist has many such tracks."""
_NOBODY = frozenset({"variousartists", "various", "va", "verschiedeneinterpreten", "artistesvarios", "unknownartist",
                     "unknown", "unbekannterkunstler", "diverse", "soundtrack"})  # fmt: skip


def plain_title(title: str) -> str:
    """The song's name alone, without what labels add to it: "(Remastered 2011)", "- Live", "feat. …"."""
    return _name_and_version(title)[0] or plain(title)


def same_artist(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether the main artist of one side is among the other's."""
    ours, theirs = _artists(one), _artists(other)
    return bool(ours and theirs) and (ours[0] in theirs or theirs[0] in ours)


def same_title(one: str, other: str) -> bool:
    """Whether the titles name the same version of the same song."""
    if (whole := _without_and(one)) and whole == _without_and(other):
        return True
    (ours, our_version), (theirs, their_version) = _name_and_version(one), _name_and_version(other)
    return our_version == their_version and _names_agree(ours, theirs)


def song_keys(artists: Iterable[str], title: str) -> list[str]:
    """Texts of which the same recording has at least one in common, however a source writes artists and title."""
    name = plain_title(title)
    return [f"{artist} / {name}" for artist in dict.fromkeys(_artists(artists))] if name else []


def _names_agree(ours: str, theirs: str) -> bool:
    """Whether the names are the same song's, perhaps misspelt; numbers and keys are never that."""
    if not (ours and theirs):
        return False
    if ours.replace(" ", "") == theirs.replace(" ", ""):
        return True  # T.N.T. and TNT
    if any(sorted(words.findall(ours)) != sorted(words.findall(theirs)) for words in (_NUMBER, _VERSIONS, _KEY)):
        return False
    if _similarity(ours, theirs) < _LEAST_TITLE_SIMILARITY:
        return False
    our_words, their_words = ours.split(), theirs.split()
    only_ours = [word for word in our_words if word not in their_words]
    only_theirs = [word for word in their_words if word not in our_words]
    if not (only_ours and only_theirs):
        return True
    return _similarity(" ".join(only_ours), " ".join(only_theirs)) >= _LEAST_WORD_SIMILARITY


def _all_in(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether every word of `some` is among those of `others`."""
    return set(" ".join(some).split()) <= set(" ".join(others).split())


def _is_anybodys(name: str) -> bool:
    return all(word in _ANYBODYS or word.isdigit() for word in name.split())


def _are_comparable(one: str, other: str) -> bool:
    """Whether both are written in letters that can be the same: what is Japanese may be romanised elsewhere."""
    return _is_latin(one) is _is_latin(other)


@lru_cache(maxsize=4096)
def _is_latin(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return text.isascii() or 2 * sum(unicodedata.name(c, "").startswith("LATIN") for c in letters) >= len(letters)


def _similarity(one: str, other: str) -> float:
    """Ratcliff-Obershelp, 0..1; the smaller of both directions, since it depends on the order."""
    return min(SequenceMatcher(None, *pair, autojunk=False).ratio() for pair in ((one, other), (other, one)))


def _artists(names: Iterable[str]) -> list[str]:
    """Plain names, the main one first; of a name that joins several also the first alone. Nobody is none."""
    names = list(names)
    whole = [_artist(name) for name in names]
    first = [_artist(_JOINED.split(name.casefold(), maxsplit=1)[0]) for name in names]
    return [name for name in (*whole, *first) if name and name not in _NOBODY]


@lru_cache(maxsize=4096)
def _artist(name: str) -> str:
    """Names are spaced at will: AC/DC and ACDC, R.E.M. and REM."""
    return _without_and(name).removeprefix("the ").replace(" ", "")


def _without_and(text: str) -> str:
    """Plain, and whether it says "and" or "&"."""
    return plain(_AND.sub(" ", text)) or plain(text)


@lru_cache(maxsize=4096)
def _name_and_version(title: str) -> tuple[str, tuple[str, ...]]:
    """The song's name and the version that the title names, both plain."""
    name = unicodedata.normalize("NFKC", title).casefold().replace("’", "'").strip()
    asides = _BRACKETS.findall(name)
    name = _BRACKETS.sub(" ", name)
    if (place := _PLACE.match(name)) and not _is_version(name[place.end() :]):
        name = name[place.end() :]
    head, *tail = _DASH.split(name)
    if tail and head.strip():
        name = head
        asides += tail
    version: list[str] = []
    parts = [_words(_FEATURING.sub("", name))]
    for aside in asides:
        rest = _SAME_VERSION.sub(" ", _FEATURING.sub("", _FEATURING_ASIDE.sub("", aside)))
        (version if _VERSIONS.search(rest) else parts).append(_words(_YEAR.sub(" ", rest)))
    return " ".join(filter(None, parts)), tuple(sorted(filter(None, version)))


def _is_version(text: str) -> bool:
    """Whether `text` says nothing but which version it is."""
    return bool(_VERSIONS.match(text)) or not _words(_SAME_VERSION.sub(" ", text))


def _words(text: str) -> str:
    """Plain, without "and", and numbers written one way; empty where there is no word."""
    text = _NUMBERED.sub("no ", _VOLUME.sub("vol ", _PART.sub("pt ", text)))
    found = plain(_AND.sub(" ", _ROMAN.sub(_arabic, " ".join(text.split()))))
    found = _PART_IN_WORDS.sub(lambda word: _WORDS_FOR_NUMBERS[word[0]], found)
    return found if any(map(str.isalnum, found)) else ""


def _arabic(roman: re.Match[str]) -> str:
    values = [_ROMANS[letter] for letter in (roman["part"] or roman["movement"] or roman["long"])]
    return str(sum(-v if v < after else v for v, after in zip(values, [*values[1:], 0], strict=True))) + " "
