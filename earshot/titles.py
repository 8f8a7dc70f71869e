"""Titles and names of artists, fit for comparison: how a song is called, in which version, and by whom."""

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import lru_cache

_LEAST_TITLE_SIMILARITY = 0.87
_LEAST_WORD_SIMILARITY = 0.65
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


_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_DASH = re.compile(r"\s[-–—]\s")
_FEATURING = re.compile(r"\s(?:feat|ft|featuring)\b\.?\s.*")
_FEATURING_ASIDE = re.compile(r"^\s*(?:feat|ft|featuring|with)\b.*")
_JOINED = re.compile(r"\s*[,;/&+]\s*|\s+(?:x|and|y|und|et|vs\.?|with|feat\.?|ft\.?|featuring)\s+")
_GUESTS = re.compile(r"\s*;\s*|[\s(\[]+(?:x|vs\.?|with|feat\.?|ft\.?|featuring)\s+")
_GUESTS_IN_TITLE = re.compile(r"[\s(\[]+(?:feat\.?|ft\.?|featuring)\s+")
_END_OF_ASIDE = re.compile(r"[)\]]|\s[-–]\s")
_PERHAPS_JOINED = re.compile(r"\s*[,&+]\s*|\s+/\s+|\s+(?:and|y|und|et)\s+")
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


def is_edit(version: str) -> bool:
    """Whether the version is the same performance, cut or mixed otherwise."""
    return _EDIT.fullmatch(version) is not None


def plain_title(title: str) -> str:
    """The song's name alone, without what labels add to it: "(Remastered 2011)", "- Live", "feat. …"."""
    return name_and_version(title)[0] or plain(title)


def same_artist(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether the main artist of one side is among the other's."""
    ours, theirs = artist_names(one), artist_names(other)
    return bool(ours and theirs) and (ours[0] in theirs or theirs[0] in ours)


def same_title(one: str, other: str) -> bool:
    """Whether the titles name the same version of the same song."""
    if (whole := _without_and(one)) and whole == _without_and(other):
        return True
    (ours, our_version), (theirs, their_version) = name_and_version(one), name_and_version(other)
    return our_version == their_version and names_agree(ours, theirs)


def song_keys(artists: Iterable[str], title: str) -> list[str]:
    """Texts of which the same recording has at least one in common, however a source writes artists and title."""
    name = plain_title(title)
    return [f"{artist} / {name}" for artist in dict.fromkeys(artist_names(artists))] if name else []


def names_agree(ours: str, theirs: str) -> bool:
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


def has_all_words(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether every word of `some` is among those of `others`."""
    return set(" ".join(some).split()) <= set(" ".join(others).split())


def is_anybodys(name: str) -> bool:
    """Whether the name is one that an artist has for many tracks: "Intro", "Allegro ma non troppo", "Part 2"."""
    return all(word in _ANYBODYS or word.isdigit() for word in name.split())


def are_comparable(one: str, other: str) -> bool:
    """Whether both are written in letters that can be the same: what is Japanese may be romanised elsewhere."""
    return _is_latin(one) is _is_latin(other)


@lru_cache(maxsize=4096)
def _is_latin(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return text.isascii() or 2 * sum(unicodedata.name(c, "").startswith("LATIN") for c in letters) >= len(letters)


def _similarity(one: str, other: str) -> float:
    """Ratcliff-Obershelp, 0..1; the smaller of both directions, since it depends on the order."""
    return min(SequenceMatcher(None, *pair, autojunk=False).ratio() for pair in ((one, other), (other, one)))


def artist_names(names: Iterable[str]) -> list[str]:
    """Plain names, the main one first; of a name that joins several also the first alone. Nobody is none."""
    names = list(names)
    whole = [artist_key(name) for name in names]
    first = [artist_key(_JOINED.split(name.casefold(), maxsplit=1)[0]) for name in names]
    return [name for name in (*whole, *first) if name and name not in _NOBODY]


def artist_keys(names: Iterable[str], title: str = "") -> frozenset[str]:
    """Under which names the artists of a track are known: as they are credited, and each whom a credit joins.

    Guests are joined for sure, in a title, too. "&", "and" and commas stand in the names of bands as well: what they
    join counts where it is a name of several words or the first of two, so that "Florence and the Machine" is by no
    Machine, and "Earth, Wind & Fire" by no Earth.
    """
    credited = [part for name in names for part in _GUESTS.split(name.casefold())]
    credited += [_END_OF_ASIDE.split(guest, maxsplit=1)[0] for guest in _GUESTS_IN_TITLE.split(title.casefold())[1:]]
    keys = set(map(artist_key, (*names, *credited)))
    for credit in credited:
        parts = _PERHAPS_JOINED.split(credit)
        keys |= {artist_key(part) for part in parts if len(part.removeprefix("the ").split()) > 1}
        if len(parts) == 2:
            keys.add(artist_key(parts[0]))
    return frozenset(filter(None, keys))


def is_nobody(key: str) -> bool:
    """Whether an artist's key says that it is no artist: "Various Artists"."""
    return key in _NOBODY


def genre_key(name: str) -> str:
    """A genre for comparison: Hip-Hop, Hip Hop and hiphop are one, and Drum & Bass, Drum and Bass and Drum'n'Bass."""
    words = plain(_AND.sub(" ", name)).split() or plain(name).split()
    return "".join(word for word in words if word not in ("n", "and")) or "".join(words)


@lru_cache(maxsize=4096)
def artist_key(name: str) -> str:
    """An artist for comparison. Names are spaced at will: AC/DC and ACDC, R.E.M. and REM."""
    return _without_and(name).removeprefix("the ").replace(" ", "")


def _without_and(text: str) -> str:
    """Plain, and whether it says "and" or "&"."""
    return plain(_AND.sub(" ", text)) or plain(text)


@lru_cache(maxsize=4096)
def name_and_version(title: str) -> tuple[str, tuple[str, ...]]:
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
