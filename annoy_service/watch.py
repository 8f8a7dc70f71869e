"""The champion on today's catalogue: whether what serves still hears what it was fitted to.

By the clock a sample of the tracks is looked at (a few seconds and some 30 MB, however large the catalogue is), and a
report of it kept in the index bucket, with which the next look compares. Three things may have moved:

- *new tracks* find the other half of themselves less often than older ones do: what a source sends is not what it was;
- the *embeddings*, from what the transform was fitted to: the catalogue has outgrown it, and a rebuild fits it anew;
- the *tags*, from the last report: another kind of music has come, or the network hears something else.

No answer depends on it: it raises an alarm, and changes nothing.
"""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from aws_lambda_powertools.metrics import MetricUnit

from annoy_service.builder import Builder
from annoy_service.drift import first_tags, halves_found, moved, spread, tags_moved
from annoy_service.report import Report, report_before, report_key
from annoy_service.services import Services
from earshot.clock import Timestamp, now_iso
from earshot.embedding import Embedding
from earshot.ids import TrackId
from earshot.index.directory import Directory
from earshot.index.manifest import Manifest
from earshot.index.transform import CatalogueTransform
from earshot.stores.tracks_table import TracksTable
from earshot.telemetry import emit, logger
from earshot.track import Track

SAMPLE, NEWEST = 4096, 1024
"""Tracks that are looked at: of all, and besides of those that came since the last compaction."""
FEWEST = 100
"""Of fewer tracks, or fewer new ones, nothing is said."""
MOST_MOVED, MOST_RETAGGED, MOST_LOST = 0.1, 0.1, 0.05
"""Squared distance of the embeddings in units of their variance; share of strongest tags; share of new tracks by which
they find themselves less often than others do, beyond three standard errors."""

_log = logger()


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """Tracks (n) and their vectors (n, 2, raw_dim). The first `fair` of them stand for the catalogue."""

    tracks: Sequence[Track]
    raw: npt.NDArray[np.float32]
    fair: int

    def heard_after(self, moment: Timestamp | None) -> npt.NDArray[np.bool_]:
        """Which were heard since then (n,); None: which of them all."""
        return np.array([moment is not None and (track.preview_at or "") > moment for track in self.tracks])


def watch(services: Services, *, now: Timestamp | None = None) -> Report | None:
    """Look at what serves, keep the report, and raise the alarms; None: nothing serves, or it is empty.

    Raises:
        DamagedIndex: what serves cannot be read, or the report before this one.
    """
    at, store = now or now_iso(), services.leading.store
    head = store.head()
    if head is None:
        return None
    manifest = store.manifest(head.pointer)
    builder = services.kept(manifest.recipe) or services.builder_of(manifest.recipe)
    sample = _sample(builder, manifest, services.table)
    if not sample.fair:
        return None
    transform = CatalogueTransform.from_bytes(store.read(manifest.transform_key, manifest.transform))
    report = _reported(sample, transform, manifest, at, report_before(store, at))
    store.put(report_key(at), report.to_bytes())
    _tell(report)
    return report


def _sample(builder: Builder, manifest: Manifest, table: TracksTable) -> _Sample:
    draws = np.random.default_rng(zlib.crc32(manifest.version.encode()))
    builder.cache.keep_only(entry.id for entry in manifest.segments)

    def drawn(version: Manifest, most: int) -> list[TrackId]:
        ids = Directory(builder.cache, version).ids()
        chosen = draws.permutation(len(ids))[:most]
        return [TrackId(track_id.decode()) for track_id in ids[chosen].tolist()]

    of_all, newest = drawn(manifest, SAMPLE), drawn(replace(manifest, segments=manifest.deltas), NEWEST)
    known = table.get_many([*of_all, *newest])
    heard = {track_id: found for track_id, track in known.items() if (found := _vectors(track, manifest)) is not None}
    fair = [track_id for track_id in of_all if track_id in heard]
    order = [*fair, *sorted(heard.keys() - set(fair))]
    raw = np.stack([heard[track_id] for track_id in order]) if order else np.empty((0, 2, manifest.raw_dim), np.float32)
    return _Sample([known[track_id] for track_id in order], raw, len(fair))


def _vectors(track: Track, manifest: Manifest) -> npt.NDArray[np.float32] | None:
    """Embedding and drift (2, raw_dim); None where the network of this version has not heard it, or not yet."""
    if track.model != manifest.model or track.embedding is None or track.drift is None:
        return None
    found = Embedding.from_bytes(track.embedding, track.drift)
    return np.stack([found.embedding, found.drift])


def _reported(
    sample: _Sample, transform: CatalogueTransform, manifest: Manifest, at: Timestamp, before: Report | None
) -> Report:
    is_new = sample.heard_after(before.at if before else None)
    found, found_new = (_share_found(transform, sample.raw, np.flatnonzero(which)) for which in (~is_new, is_new))
    lies = spread(transform, sample.raw[: sample.fair, 0])
    same_fit = before is not None and before.transform == manifest.transform.sha256
    fitted = before.fitted if before is not None and same_fit else lies
    tags = first_tags(track.tags for track in sample.tracks[: sample.fair])
    report = Report(
        at=at,
        version=manifest.version,
        recipe=manifest.recipe,
        transform=manifest.transform.sha256,
        tracks=manifest.tracks,
        sampled=sample.fair,
        new=int(is_new.sum()),
        found=found,
        found_new=found_new,
        fitted=fitted,
        moved=moved(fitted, lies) if min(fitted.tracks, lies.tracks) >= FEWEST else None,
        tags=tags,
        retagged=_retagged(before, tags, sample.fair),
        alarms=(),
    )
    return replace(report, alarms=tuple(_alarms(report)))


def _share_found(
    transform: CatalogueTransform, raw: npt.NDArray[np.float32], asked: npt.NDArray[np.intp]
) -> float | None:
    return float(halves_found(transform, raw, asked).mean()) if len(asked) >= FEWEST else None


def _retagged(before: Report | None, tags: dict[str, float], tracks: int) -> float | None:
    if before is None or min(before.sampled, tracks) < FEWEST or not tags or not before.tags:
        return None
    return tags_moved(before.tags, tags, (before.sampled, tracks))


def _alarms(report: Report) -> list[str]:
    alarms = []
    if report.found is not None and report.found_new is not None:
        error = math.sqrt(report.found * (1 - report.found) / report.new)
        if report.found_new < report.found - MOST_LOST - 3 * error:
            alarms.append("new tracks")
    if report.moved is not None and report.moved > MOST_MOVED:
        alarms.append("embeddings")
    if report.retagged is not None and report.retagged > MOST_RETAGGED:
        alarms.append("tags")
    return alarms


def _tell(report: Report) -> None:
    share = report.found if report.found_new is None else report.found_new
    if share is not None:
        emit("SoundFoundAgain", share, MetricUnit.NoUnit)
    for reason in report.alarms:
        emit("SoundDrifted", reason=reason)
        _log.warning("what serves does not hear what it was fitted to", what=reason, report=str(report))
