"""Which column of a table is what: headers as services, players and people write them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from earshot.lists.tracks import ListedTrack
from earshot.lists.values import artists_of, isrc_of, length_of, mbid_of, text_of, track_id_of
from earshot.titles import plain

_NAMES: Mapping[str, tuple[str, ...]] = {
    "title": (
        "title", "track name", "track title", "track", "song", "song name", "song title", "name", "titel", "songtitel",
        "titre", "titolo", "titulo", "lied", "chanson", "canzone", "cancion", "musica", "nazwa", "tytul", "название",
        "曲名", "タイトル", "标题", "歌曲", "trackname", "songname", "tracktitle",
    ),
    "artists": (
        "artist", "artists", "artist name", "artist names", "artist name s", "artist s", "track artist",
        "track artists", "artistname", "interpret", "interpreten", "interprete", "kunstler", "artiste", "artistes",
        "artista", "artistas", "performer", "performers", "creator", "band", "wykonawca", "исполнитель",
        "アーティスト", "艺术家", "歌手", "main artist", "primary artist",
    ),
    "album": ("album", "album name", "album title", "release", "release name", "albumname", "альбом", "アルバム"),
    "isrc": ("isrc", "isrc code", "isrcs", "track isrc"),
    "mbid": (
        "mbid", "recording mbid", "recording id", "musicbrainz id", "musicbrainz recording id", "musicbrainz track id",
        "musicbrainz trackid", "mb recording id",
    ),
    "duration": (
        "duration", "track duration", "time", "length", "total time", "dauer", "lange", "duree", "durata", "duracion",
        "duracao", "playtime", "song length", "track length", "длительность", "長さ",
    ),
    "id": (
        "id", "uri", "track id", "track uri", "trackid", "spotify id", "spotify uri", "spotify track id",
        "spotify track uri", "spotify", "deezer id", "spotifyid", "source id",
    ),
    "url": ("url", "link", "track url", "track link", "href", "spotify url", "deezer url", "song url", "web url"),
    "preview_url": ("preview url", "preview", "track preview url"),
    "artwork_url": ("artwork url", "artwork", "album image url", "image", "image url", "cover", "cover url"),
    "location": ("location", "path", "file", "filename", "file name", "filepath", "file path", "dateipfad", "pfad"),
}  # fmt: skip
_FIELD_OF = {name: field for field, names in _NAMES.items() for name in names}
_SEVERAL = re.compile(r"(?i)artists|artistes|artistas|interpreten|\(s\)|names")
_UNITS = re.compile(r"(?:^|[\s_(\[])(ms|milliseconds?|s|secs?|seconds?)[)\]]?$")
KNOWN = "title, artist, album, isrc, duration, id, mbid, url, preview_url, path"
"""For people: columns that are understood, each by one of its names."""
_SOURCES = ("spotify", "deezer")
_MAX_URL = 2048


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is understood."""

    place: int
    header: str
    field: str
    unit: str = ""
    source: str = ""
    """Whose ids it holds, where they may be bare numbers."""
    several: bool = False
    """Whether a cell joins names with commas."""


def columns_of(headers: Sequence[str]) -> list[Column]:
    """What the columns with these headers are; of several for one field the first counts, and an id before a URL."""
    found: dict[str, Column] = {}
    for place, header in enumerate(headers):
        column = _column(place, header)
        if column and column.field not in found:
            found[column.field] = column
    return list(found.values())


def _column(place: int, header: str) -> Column | None:
    folded = header.strip().strip("\"'").lower()
    unit = _UNITS.search(folded)
    without = folded[: unit.start()] if unit and plain(folded[: unit.start()]) in _NAMES["duration"] else folded
    name = plain(without)
    field = _FIELD_OF.get(name) or _FIELD_OF.get(re.sub(r"^(?:spotify|deezer) ", "", name))
    if unit and field == "duration":
        return Column(place, header, field, "ms" if unit[1].startswith("m") else "s")
    if field is None:
        return None
    source = next((source for source in _SOURCES if source in name), "")
    return Column(place, header, field, source=source, several=bool(_SEVERAL.search(folded)))


def is_usable(columns: Sequence[Column]) -> bool:
    """Whether rows of these columns can name a recording."""
    fields = {column.field for column in columns}
    return {"title", "artists"} <= fields or bool(fields & {"isrc", "mbid", "id", "url", "preview_url", "location"})


def track_in(cells: Sequence[object], columns: Sequence[Column], text: str) -> ListedTrack:
    """What a row says. An id that nobody knows leaves the row to its other columns."""
    known: dict[str, object] = {}
    for column in columns:
        value = cells[column.place] if column.place < len(cells) else None
        if value is not None and value != "":
            known |= _known(value, column)
    if known.get("id") and not known.get("url"):
        known.pop("url", None)
    return ListedTrack(**known, text=text)  # type: ignore[arg-type]  # `_known` names the fields


def _known(value: object, column: Column) -> dict[str, object]:
    if column.field == "id":
        return _named(value, column.source)
    if column.field == "url":
        return {**_named(value, column.source), "url": _url(value)}
    if column.field == "artists":
        return {"artists": artists_of(value, several=column.several)}
    if column.field == "duration":
        return {"duration_ms": length_of(value, column.unit)}
    return {column.field: _READERS[column.field](value)}


def _named(value: object, source: str) -> dict[str, object]:
    """An id of a source, or of MusicBrainz; nothing where it is of neither."""
    if track_id := track_id_of(value) or (source and track_id_of(f"{source}:{text_of(value)}")):
        return {"id": track_id}
    if mbid := mbid_of(value):
        return {"mbid": mbid}
    return {}


def _url(value: object) -> str:
    """A URL is never shortened; one longer than 2,048 characters is none."""
    text = value.strip() if isinstance(value, str) else ""
    return text if len(text) <= _MAX_URL else ""


_READERS: Mapping[str, Callable[[object], object]] = {
    "title": text_of,
    "album": text_of,
    "isrc": isrc_of,
    "mbid": mbid_of,
    "preview_url": _url,
    "artwork_url": _url,
    "location": lambda value: str(value).strip(),
}
