"""What the measurements of one size come to, as bench/results/index.json keeps it."""

from typing import NotRequired, TypedDict


class Peak(TypedDict):
    """Of a process."""

    peak_bytes: int


class Spent(Peak):
    """Seconds of processor and clock."""

    cpu_s: float
    wall_s: float


class Rebuilt(Spent):
    """A full rebuild: how its base is searched, how well, and the bytes of its files."""

    engine: str
    params: dict[str, int]
    recall: float
    bytes: dict[str, int]


class Loaded(Peak):
    """A reader's first download, and that of an update."""

    cold_bytes: int
    cold_s: float
    warm_bytes: int
    warm_s: float
    tracks: int


class First(TypedDict):
    """The first answer of its kind, and the memory that it left behind."""

    cpu_s: float
    wall_s: float
    bytes: int


class Figures(TypedDict):
    """One way to answer."""

    recall: float
    p50_ms: float
    p95_ms: float


class Built(TypedDict):
    """What a peer cost to build."""

    build_cpu_s: float
    mb: NotRequired[float]


class Answers(TypedDict):
    """Figures by way to answer, of a fresh base and of one with deltas and deletions; and the peers that were built."""

    search_k: int
    clean: dict[str, Figures]
    worn: dict[str, Figures]
    built: dict[str, Built]


class Result(TypedDict):
    """Every step at one size."""

    prepare: Peak
    cold_fold: Spent
    warm_fold: Spent
    load: Loaded
    first: dict[str, First]
    compact: Rebuilt
    queries: Answers
