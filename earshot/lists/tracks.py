"""What a list says of its tracks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from earshot.windows import Window


@dataclass(frozen=True, slots=True)
class ListedTrack:
    """A row of a list, as far as it was understood. Unknown texts are empty, other unknowns are None."""

    title: str = ""
    artists: tuple[str, ...] = ()
    album: str = ""
    isrc: str | None = None
    """ISO 3901, without hyphens."""
    mbid: str | None = None
    """The recording at MusicBrainz, a UUID in lower case."""
    duration_ms: int | None = None
    id: str = ""
    """A canonical track id (`earshot.ids`)."""
    url: str = ""
    artwork_url: str = ""
    preview_url: str = ""
    location: str = ""
    """Where its audio is: a path as the list writes it, or a URL."""
    is_part: bool = False
    """It is a stretch of the file at `location` (a cue sheet's track), not all of it."""
    window: Window | None = None
    """Which stretch; None where the list says none that can be."""
    album_artist: str = ""
    genres: tuple[str, ...] = ()
    year: int | None = None
    track_number: int | None = None
    is_bad: bool = False
    """The row itself is broken: nothing that it says can be relied upon."""
    reason: str = ""
    """Why nothing can be played of it (`earshot.reasons`). Tables say it; whoever reads them takes no notice."""
    text: str = ""
    """The row as it stands in the list, shortened: what people know it by where nothing was understood."""

    @property
    def names_a_recording(self) -> bool:
        """Whether anything in it could lead to a recording."""
        known = self.isrc or self.mbid or self.id or self.preview_url or self.location
        return not self.is_bad and bool(known or (self.title and self.artists))

    @property
    def called(self) -> str:
        """What people call it: artists and title, else the text of the row."""
        named = " – ".join(filter(None, (", ".join(self.artists), self.title)))
        return named or self.location or self.isrc or self.id or self.text


@dataclass(frozen=True, slots=True)
class TrackList:
    """A list that was read, and how it was understood."""

    tracks: tuple[ListedTrack, ...]
    form: str
    """``csv``, ``lines``, ``m3u8``, ``pls``, ``xspf``, ``jspf``, ``jsonl``, ``json`` or ``cue``."""
    title: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Of a table: what the columns that are understood were taken for, by their names (or places)."""
    ignored: tuple[str, ...] = ()
    """Of a table: columns that say nothing that is needed, or that nobody understands."""
    encoding: str = "utf-8"
    delimiter: str = ""
