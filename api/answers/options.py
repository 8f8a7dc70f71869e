"""What a caller may ask of a ranking."""

from collections.abc import Collection, Container
from dataclasses import dataclass

from api.answers.filters import NO_FILTERS, Filters
from earshot.ids import TrackId


@dataclass(frozen=True, slots=True)
class Options:
    """How many answers, which ones, and how much alike they may be among themselves.

    Attributes:
        k: how many results at most.
        offset: how many of the best to pass over.
        min_similarity: least cosine of sound, -1..1.
        max_per_artist: most results of one artist.
        max_per_album: most results of one album.
        exclude: tracks that must not be among them.
        heard: the same, of which it can only be asked whether a track is one.
        filters: what they must be.
        fame: 1 (what is well known first) to -1 (what hardly anybody knows), see `api.answers.fame`.
        diversity: 0 (best first) to 1 (unlike each other).
        collapse_versions: whether one result stands for all versions of a recording.
    """

    k: int = 10
    offset: int = 0
    min_similarity: float | None = None
    max_per_artist: int | None = None
    max_per_album: int | None = None
    exclude: Collection[TrackId] = ()
    heard: Container[object] = ()
    filters: Filters = NO_FILTERS
    fame: float = 0.0
    diversity: float = 0.0
    collapse_versions: bool = True
