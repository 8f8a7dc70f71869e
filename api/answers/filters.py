"""What results may be: filters, and which rows of an index version they let through."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from api.answers.catalogue import known_tags, living
from earshot.errors import UnknownGenre
from earshot.index.arrays import Mask
from earshot.index.described import Described, Span
from earshot.index.facets import Range
from earshot.index.searcher import Searcher
from earshot.index.segment import Segment
from earshot.keys import Key
from earshot.titles import artist_key, genre_key

ANY: Range = (None, None)
ANY_SPAN: Span = (None, None)
_COMMA = re.compile("[,，]")
_NAMED_IN_HINT = 20


@dataclass(frozen=True, slots=True)
class Filters:
    """What all results must be. What is not known of a track does not pass where it is asked for.

    Attributes:
        tags: all of these must be said of a result (`earshot.tags`), whatever their case and accents.
        source: where results must come from.
        genres: one of these must be among a result's.
        years: first and last.
        seconds: least and greatest length.
        folder: where a result's file must lie, see `Facets.in_folder`.
        not_artists: who must not be among a result's artists.
        bpm: least and greatest tempo; twice or half as fast counts where a listener may as well feel that.
        keys: one of these must be a result's.
        loudness: least and greatest, in LUFS.
        popularity: least and greatest, 0 to 100.
    """

    tags: Sequence[str] = ()
    source: str | None = None
    genres: Sequence[str] = ()
    years: Range = ANY
    seconds: Range = ANY
    folder: str | None = None
    not_artists: Sequence[str] = ()
    bpm: Span = ANY_SPAN
    keys: frozenset[Key] = frozenset()
    loudness: Span = ANY_SPAN
    popularity: Range = ANY

    @property
    def let_all_through(self) -> bool:
        """Whether nothing is asked for."""
        asked = (self.tags, self.source, self.genres, self.folder, self.not_artists, self.keys)
        return not any(asked) and self.years == self.seconds == self.bpm == self.loudness == self.popularity == ANY


NO_FILTERS = Filters()


class Admitted:
    """The living rows of an index version that the filters let through.

    Raises:
        UnknownTag: one of the tags is said of no track.
        UnknownGenre: no track is of one of the genres.
    """

    def __init__(self, searcher: Searcher, filters: Filters) -> None:
        self._searcher = searcher
        self._filters = filters
        self.tags = known_tags(searcher, filters.tags)
        self._genres = _known_genres(searcher, filters.genres)
        self._banned = _banned(searcher, filters.not_artists)
        self.parts: Sequence[tuple[Segment, Mask]] = [
            (segment, self._passing(segment, live)) for segment, live in living(searcher)
        ]
        """Every segment with the mask of these rows."""

    def __contains__(self, track_id: str) -> bool:
        """Whether the row of a track is among them."""
        place = self._searcher.place(track_id)
        return place is not None and any(known is place[0] and mask[place[1]] for known, mask in self.parts)

    def _passing(self, segment: Segment, live: Mask) -> Mask:
        filters, shelf, facets = self._filters, segment.shelf, segment.shelf.facets
        mask = self._passing_by_sound(segment.described, live)
        if self.tags:
            mask = mask & (shelf.tag_strengths(self.tags) > 0)
        if filters.source is not None:
            mask = mask & shelf.of_source(filters.source)
        if filters.genres:
            mask = mask & facets.of_genres(self._genres)
        if filters.years != ANY:
            mask = mask & facets.in_years(filters.years)
        if filters.seconds != ANY:
            mask = mask & facets.as_long_as(filters.seconds)
        if filters.folder is not None:
            mask = mask & facets.in_folder(filters.folder)
        if filters.popularity != ANY:
            mask = mask & segment.popularity.within(filters.popularity)
        if self._banned:
            mask = mask & ~facets.of_artists(self._banned)
        return mask

    def _passing_by_sound(self, described: Described, mask: Mask) -> Mask:
        filters = self._filters
        if filters.bpm != ANY_SPAN:
            mask = mask & described.in_tempo(filters.bpm)
        if filters.keys:
            mask = mask & described.in_keys(filters.keys)
        if filters.loudness != ANY_SPAN:
            mask = mask & described.as_loud_as(filters.loudness)
        return mask


def genres_with_counts(searcher: Searcher) -> list[tuple[str, int]]:
    """Every genre of a living track, as most write it, with the number of its tracks; the commonest first."""
    counts: dict[str, int] = {}
    written: dict[str, str] = {}
    for segment, live in living(searcher):
        facets = segment.shelf.facets
        written = facets.genres | written
        for key, count in facets.genre_counts(live).items():
            counts[key] = counts.get(key, 0) + count
    found = [(written[key], count) for key, count in counts.items() if count]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def _known_genres(searcher: Searcher, names: Sequence[str]) -> list[str]:
    """The keys of `names`. A name with a comma is one genre where there is one of that name, else several."""
    if not names:
        return []
    known = frozenset[str]().union(*(segment.shelf.facets.genres for segment, _ in searcher.segments))
    found = []
    for name in names:
        for part in [name] if genre_key(name) in known else _COMMA.split(name):
            if part.strip() and genre_key(part) not in known:
                commonest = ", ".join(genre for genre, _ in genres_with_counts(searcher)[:_NAMED_IN_HINT])
                raise UnknownGenre(
                    f"no track is of the genre {part.strip()!r}",
                    hint=f"GET /genres lists those there are: {commonest}." if commonest else "No track has a genre.",
                )
            found.append(genre_key(part))
    return [key for key in found if key]


def _banned(searcher: Searcher, names: Sequence[str]) -> frozenset[str]:
    """The keys of `names`; a name with a comma is one artist where there is one of that name, else several."""
    return frozenset(key for name in names for key in _artist_keys(searcher, name))


def _artist_keys(searcher: Searcher, name: str) -> Iterator[str]:
    shelves = [segment.shelf for segment, _ in searcher.segments]
    for part in (name, *_COMMA.split(name)):
        key = artist_key(part)
        yield key
        if part is name and any(shelf.facets.knows_artist(key) for shelf in shelves):
            return
