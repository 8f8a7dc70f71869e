"""What others know of a recording: who said it, when they were asked, and what of it is shown.

Each provider's words are kept whole and apart, beside what the track's own source says, so that nothing overwrites
anything: what is shown is worked out where a track is read (`known`), and a provider can be let go again.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import log
from types import MappingProxyType
from typing import Any, Final, Self

from earshot.sources import SOURCES

_Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What one provider says of a recording. None, or nothing in it: it knows nothing."""

    mbid: str | None = None
    """The recording at MusicBrainz."""
    year: int | None = None
    """Of the first release."""
    artist_mbid: str | None = None
    """The first artist at MusicBrainz."""
    country: str | None = None
    """Of the first artist, ISO 3166-1."""
    genres: tuple[str, ...] = ()
    plays: int | None = None
    listeners: int | None = None
    page_views: int | None = None

    def to_row(self) -> dict[str, object]:
        """What is known, as plain values."""
        found = {name: getattr(self, name) for name in FIELDS}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in found.items()
            if value not in (None, ())
        }

    @classmethod
    def from_row(cls, row: _Row) -> Self:
        """Inverse of `to_row`; what else a row says is passed over."""
        said = {name: row[name] for name in FIELDS if row.get(name) is not None}
        known: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in said.items()}
        return cls(**known)


FIELDS: Final = tuple(field.name for field in fields(Facts))


@dataclass(frozen=True, slots=True)
class Learned:
    """What a provider was asked `of`, on which day (``2026-11-27``), and what it said."""

    asked: str
    of: str
    facts: Facts = Facts()

    def to_row(self) -> dict[str, object]:
        """As plain values."""
        return {"asked": self.asked, "of": self.of, **self.facts.to_row()}

    @classmethod
    def from_row(cls, row: _Row) -> Self:
        """Inverse of `to_row`."""
        return cls(row["asked"], row["of"], Facts.from_row(row))


NOTHING_LEARNED: Final[Mapping[str, Learned]] = MappingProxyType({})


def learned_in(row: _Row) -> dict[str, Learned]:
    """What a row says that was learned of its track, by provider."""
    return {provider: Learned.from_row(said) for provider, said in row.get("facts", {}).items()}


def learned_rows(learned: Mapping[str, Learned]) -> dict[str, object]:
    """Inverse of `learned_in`: the row's value for ``facts``."""
    return {provider: one.to_row() for provider, one in learned.items()}


def recording_of(row: _Row) -> str:
    """32 bits, as text, of all that tells which recording a row speaks of. Where they change, all is asked anew."""
    told = (row.get("isrc"), row.get("mbid"), *row.get("artists", ()), row.get("title"))
    return hashlib.blake2b("\n".join(part or "" for part in told).encode(), digest_size=4).hexdigest()


_AUDIENCES: Final = (
    ("listenbrainz", "listeners", 30_000),
    ("lastfm", "listeners", 4_000_000),
    ("genius", "page_views", 20_000_000),
)
"""Who is believed about popularity, the first who knows; by what; and how much of it is 100: as much as the best known
recordings have, in round figures."""
_GENRES: Final = ("musicbrainz", "lastfm")
"""Who is believed about genres, where the track's own source says none."""
_RECORDINGS: Final = ("musicbrainz", "listenbrainz")
"""Who is believed about the recording at MusicBrainz, where the track's own source says none."""


def popularity(facts: Mapping[str, Facts]) -> int | None:
    """How well known a recording is, 0 to 100; None where nobody knows.

    ``100 · log(1 + n) / log(1 + most)`` of `n` listeners or page views, where `most` is how many the best known have at
    the same provider (`_AUDIENCES`). An absolute scale: it depends on no other track, so that it may be kept with this
    one and means the same in every catalogue. Logarithms, because audiences are spread over seven powers of ten.
    """
    for provider, field, most in _AUDIENCES:
        found = getattr(facts[provider], field) if provider in facts else None
        if found is not None:
            return min(100, round(100 * log(1 + found) / log(1 + most)))
    return None


def known(row: _Row) -> _Row:
    """A track's row as it is shown: what its own source says, and what others know where that says nothing.

    A person's own words (tags of files, media servers, lists) always stand. A store's year is that of the release it
    sells; of the recording's first release it is at most. What was asked about another recording counts for nothing.
    """
    if not row.get("facts"):
        return row
    recording = recording_of(row)
    facts = {provider: one.facts for provider, one in learned_in(row).items() if one.of == recording}
    source = SOURCES.get(row.get("source", ""))
    return {
        **row,
        "year": _year(row.get("year"), facts, is_own=source is not None and source.is_own),
        "genres": row.get("genres") or _first(facts, _GENRES, "genres") or (),
        "mbid": row.get("mbid") or _first(facts, _RECORDINGS, "mbid"),
        "popularity": popularity(facts),
    }


def _year(said: int | None, facts: Mapping[str, Facts], *, is_own: bool) -> int | None:
    first = facts["musicbrainz"].year if "musicbrainz" in facts else None
    if said is None or first is None or is_own:
        return said if said is not None else first
    return min(said, first)


def _first(facts: Mapping[str, Facts], providers: tuple[str, ...], field: str) -> Any:
    found = (getattr(facts[provider], field) for provider in providers if provider in facts)
    return next(filter(None, found), None)
