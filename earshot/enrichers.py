"""Who may be asked what is known of tracks: one line per provider, from which settings and paces derive.

How a provider is asked lies in a module of its own, ``crawler/enrich/<name>.py``. None is asked that is not switched
on, and none that lacks what it needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Enricher:
    """A provider of facts about recordings.

    `name` is what settings and provenance say, `label` what people read.
    """

    name: str
    label: str
    needs: str
    """The setting without which nothing is asked: an address to reach whoever asks, or a key."""
    api_url: str
    """Where it is asked, and nowhere else."""
    calls_per_minute: float
    """That all workers together may make, below what the provider allows."""
    at_once: int
    """Tracks that it is asked about in one go; what is learned of them is written before the next."""
    gives: str
    """What is kept of its answers, for people."""
    terms: str
    """What its owner allows, for people. docs/facts.md says more."""


ENRICHERS: Mapping[str, Enricher] = MappingProxyType({
    one.name: one
    for one in (
        Enricher(
            "listenbrainz", "ListenBrainz", "listenbrainz_token", "https://api.listenbrainz.org", 60, 1_000,
            gives="recording by artist and title; plays and listeners",
            terms="CC0",
        ),
        Enricher(
            "musicbrainz", "MusicBrainz", "contact", "https://musicbrainz.org/ws/2", 50, 1,
            gives="recording, first release, artist and country, genres",
            terms="CC0, genres CC BY-NC-SA; one request a second",
        ),
        Enricher(
            "lastfm", "Last.fm", "lastfm_api_key", "https://ws.audioscrobbler.com/2.0/", 240, 1,
            gives="plays and listeners; tags",
            terms="not for commerce, five requests a second, at most 100 MB kept",
        ),
        Enricher(
            "genius", "Genius", "genius_token", "https://api.genius.com", 60, 1,
            gives="page views, never lyrics",
            terms="as agreed with Genius for your token",
        ),
    )
})  # fmt: skip
"""By name, in the order in which they are asked: ListenBrainz finds recordings by their names, of which MusicBrainz
then says more."""
