"""The gate of a copy in S3 Vectors: whether the service finds the true neighbours, and tells true cosines."""

from collections.abc import Sequence

import numpy as np

from earshot.embedding import Vector
from earshot.errors import IndexRefused, RecallTooLow
from earshot.index.arrays import RowNumbers, as_single
from earshot.index.cache import SegmentCache
from earshot.index.manifest import Manifest
from earshot.index.s3_vectors.service import VectorIndex
from earshot.index.segment import StoredSegment
from earshot.index.transform import Matrix, unit

QUERIES, NEIGHBOURS = 50, 10
LEAST_RECALL = 0.9
"""What AWS says of most data sets is that more than this is found."""
_COSINES_DIFFER = 1e-3
_TIE = 1e-5
_CHUNK = 8_192


def checked_recall(index: VectorIndex, cache: SegmentCache, manifest: Manifest) -> float:
    """Share of the ten nearest tracks of some fifty that the service finds, against exact search.

    Args:
        index: holds `manifest`.
        cache: of the version's segments.
        manifest: the version.

    Raises:
        RecallTooLow: it is less than `LEAST_RECALL`.
        IndexRefused: the distances are not one minus the cosine, so that similarities would be wrong.
    """
    segments = [
        (StoredSegment(cache, entry, dim=manifest.dim), np.delete(np.arange(entry.rows), entry.dead))
        for entry in manifest.segments
    ]
    queries = _some(segments, manifest)
    found, there = 0, 0
    for query, true in zip(queries, _true_neighbours(segments, queries), strict=True):
        answers = {one.key: one for one in index.nearest(query, NEIGHBOURS)}
        cosines = {key: float(query @ one.carried.vector) for key, one in answers.items()}
        for key, cosine in cosines.items():
            if abs(answers[key].similarity - cosine) > _COSINES_DIFFER:
                raise IndexRefused(
                    f"S3 Vectors says that {key} has the cosine {answers[key].similarity:.4f}; it is {cosine:.4f}",
                    hint="The copy does not serve. The service measures otherwise than it did: report this.",
                )
        # a tie at the end of the ten may be broken either way
        least = min(true.values(), default=1.0)
        found += min(len(true), sum(cosine >= least - _TIE for cosine in cosines.values()))
        there += len(true)
    recall = found / there if there else 1.0
    if recall < LEAST_RECALL:
        raise RecallTooLow(
            f"S3 Vectors finds {recall:.3f} of the true neighbours in version {manifest.version}, not {LEAST_RECALL}",
            hint="What served goes on serving.",
        )
    return round(recall, 4)


def _some(segments: Sequence[tuple[StoredSegment, RowNumbers]], manifest: Manifest) -> Matrix:
    """Vectors (m, dim) of tracks taken by chance."""
    dice = np.random.default_rng(int.from_bytes(manifest.transform.sha256.encode()[:8], "little"))
    chosen = np.sort(dice.choice(manifest.tracks, min(QUERIES, manifest.tracks), replace=False))
    vectors: list[Vector] = []
    start = 0
    for segment, rows in segments:
        own = chosen[(chosen >= start) & (chosen < start + len(rows))] - start
        vectors += [segment.vector(int(rows[i])) for i in own]
        start += len(rows)
    return np.stack(vectors) if vectors else np.zeros((0, manifest.dim), np.float32)


def _true_neighbours(segments: Sequence[tuple[StoredSegment, RowNumbers]], queries: Matrix) -> list[dict[str, float]]:
    """Of each query the nearest tracks with their cosines, by a product with every vector."""
    best: list[dict[str, float]] = [{} for _ in queries]
    for segment, rows in segments:
        for start in range(0, len(rows), _CHUNK):
            chunk = rows[start : start + _CHUNK]
            cosines = queries @ unit(as_single(segment.vectors[chunk])).T
            n = min(NEIGHBOURS, len(chunk))
            nearest = np.argpartition(-cosines, n - 1, axis=1)[:, :n]
            for number, columns in enumerate(nearest.tolist()):
                candidates = best[number] | {
                    segment.track_id(int(chunk[i])): float(cosines[number, i]) for i in columns
                }
                kept = sorted(candidates.items(), key=lambda pair: -pair[1])[:NEIGHBOURS]
                best[number] = dict(kept)
    return best
