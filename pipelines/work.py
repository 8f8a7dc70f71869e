"""What the steps do. Each may be repeated, looks once, and says whether it is done: waiting is whoever asks for it.

A run is what a runner calls it, and begins with its time. The id of its crawl follows from that, so that a try that
died is taken up by the next one, wherever that runs.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from annoy_service.attempts import MIN_RECALL, RECALL_AT
from annoy_service.builder import Builder
from annoy_service.fold import in_portions
from annoy_service.generations import promote as put_into_service
from annoy_service.index import announce
from annoy_service.pointers import manifest_at, position
from annoy_service.services import Services
from annoy_service.stream import PER_MESSAGE
from annoy_service.watch import watch as look_at_what_serves
from earshot.colistening.store import ColisteningStore
from earshot.crawls import CrawlProgress
from earshot.errors import CrawlNotFound, InvalidInput, RecipeNotReady, StepFailed
from earshot.ids import CrawlId
from earshot.index.directory import Directory
from earshot.intake import follow_crawl, start_crawl
from earshot.messages import TracksChanged
from earshot.playlists import parse_playlist
from earshot.recipes import recipe_named
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.message_queue import FifoQueue, MessageQueue
from earshot.stores.plays_lake import PlaysLake, digest
from earshot.stores.tracks_table import TracksTable
from earshot.track import Status

_BEGAN = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a run is for. `recipe`: whose index is to serve; empty: that of the one that serves, or leads."""

    run: str
    playlist: str = ""
    recipe: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """What the steps work with."""

    crawls: CrawlsTable
    tracks: TracksTable
    crawl_queue: MessageQueue
    changes: FifoQueue
    services: Services
    plays: PlaysLake
    colistening: ColisteningStore


@dataclass(frozen=True, slots=True)
class Look:
    """What a step has found: whether it is done, and a sentence, which is the same where nothing has changed."""

    done: bool
    said: str


def crawl_of(run: str) -> CrawlId:
    """The id of the crawl of a run.

    Raises:
        InvalidInput: the run's name does not begin with its time.
    """
    began = _BEGAN.match(run)
    if began is None:
        raise InvalidInput(
            f"{run[:80]!r} does not begin with when the run began",
            hint="Call it as in 2026-11-27T13:17:28Z/nightly: the same for every try of a run, another for every run.",
        )
    year, month, day, *time = began.groups()
    return CrawlId(f"{year}{month}{day}T{''.join(time)}Z-{hashlib.sha256(run.encode()).hexdigest()[:8]}")


def crawl(stage: Stage, inputs: Inputs) -> Look:
    """Begin the crawl of this run, if it has not begun; it is done when the playlist has been read.

    Raises:
        InvalidPlaylist: it is none.
        StepFailed: it could not be read.
    """
    try:
        progress = _progress(stage, inputs)
    except CrawlNotFound:
        playlist = parse_playlist(inputs.playlist)
        start_crawl(playlist, crawls=stage.crawls, crawl_queue=stage.crawl_queue, crawl_id=crawl_of(inputs.run))
        return Look(False, f"{playlist.text} is being read")
    summary = progress.summary
    if summary.error:
        raise StepFailed(
            f"{summary.playlist} could not be read: {summary.error['message']}", hint=summary.error["hint"]
        )
    if summary.finished is None:
        return Look(False, f"{summary.playlist} is being read: {progress.total} entries so far")
    return Look(True, f"{summary.playlist} has been read")


def embed(stage: Stage, inputs: Inputs) -> Look:
    """Done when every entry of the crawl has its embedding, or its reason.

    Raises:
        CrawlNotFound: this run has crawled nothing.
        StepFailed: not one could be heard.
    """
    progress = _progress(stage, inputs)
    ready = progress.states.get(Status.READY, 0)
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(progress.reasons.items()))
    said = f"{ready} of {progress.total} have their embedding{reasons and f' ({reasons})'}"
    if progress.done and not ready:
        raise StepFailed(
            f"nothing of {progress.summary.playlist} could be heard{reasons and f': {reasons}'}",
            hint="docs/errors.md explains the reasons.",
        )
    return Look(progress.done, said)


def build(stage: Stage, inputs: Inputs) -> Look:
    """Done when the recipe's index holds every track of the crawl that has an embedding.

    What it lacks is named to its writer, in case that was lost: a message too many changes nothing.

    Raises:
        RecipeNotReady: the recipe is not kept.
        DamagedIndex: its newest version cannot be read.
    """
    builder = _builder(stage, inputs)
    entries = stage.crawls.entries(crawl_of(inputs.run))
    states = stage.tracks.states({entry.track_id for entry in entries if entry.track_id})
    ready = sorted(track_id for track_id, (status, _) in states.items() if status is Status.READY)
    manifest = manifest_at(builder, position(builder))
    builder.cache.keep_only(entry.id for entry in (manifest.segments if manifest else ()))
    located = Directory(builder.cache, manifest).locate(ready)
    lacking = [track_id for track_id in ready if track_id not in located]
    if manifest and not lacking:
        return Look(True, f"all {len(ready)} are in version {manifest.version} of {manifest.recipe}")
    for number, portion in enumerate(in_portions(lacking, PER_MESSAGE)):
        once = f"{crawl_of(inputs.run)}-{number}"  # in five minutes, however often somebody looks
        stage.changes.send(TracksChanged(tuple(portion)), deduplication_id=once)
    return Look(False, f"{len(ready) - len(lacking)} of {len(ready)} are in the index of {builder.recipe.name}")


def train(stage: Stage, _inputs: Inputs) -> Look:
    """Done when there is nothing to learn from, or what serves was learned from all of it, since the index was built.

    Learning is the work of `listening`, and a table that its verdict keeps out leaves this undone: nobody waits for it.

    Raises:
        DamagedIndex: what serves cannot be read.
    """
    objects = list(stage.plays.objects())
    if not objects:
        return Look(True, "nothing was played yet, so there is nothing to learn")
    head = stage.colistening.head()
    if head is None:
        return Look(False, "no co-listening table serves: too few have played anything, or popularity is as good")
    manifest = stage.colistening.manifest(head.pointer)
    store = stage.services.leading.store
    index = store.head()
    of_this_index = index is None or store.manifest(index.pointer).built_at < manifest.built_at
    return Look(
        of_this_index and manifest.training.data.digest == digest(objects),
        f"the co-listening table of version {manifest.version} serves: {manifest.training.verdict.reason}",
    )


def evaluate(stage: Stage, inputs: Inputs) -> Look:
    """The figures of the recipe's newest version.

    Raises:
        RecipeNotReady: nothing has been indexed by the recipe.
        StepFailed: it finds too few of the true neighbours.
    """
    builder = _builder(stage, inputs)
    manifest = manifest_at(builder, position(builder))
    if manifest is None or not manifest.tracks:
        raise RecipeNotReady(f"nothing has been indexed by {builder.recipe.name} yet", hint="Build it: make repair.")
    engines = ", ".join(sorted({entry.engine.name for entry in manifest.segments}))
    said = (
        f"version {manifest.version} of {manifest.recipe}: {manifest.tracks} tracks in {len(manifest.segments)} "
        f"segments ({engines}), recall@{RECALL_AT} {manifest.recall:.3f} (at least {MIN_RECALL})"
    )
    if manifest.recall < MIN_RECALL:
        raise StepFailed(said, hint="It is not promoted. Look at the embeddings, or build it anew: make repair.")
    return Look(True, said)


def promote(stage: Stage, inputs: Inputs) -> Look:
    """Let the recipe's newest version serve.

    Raises:
        RecipeNotReady: see `annoy_service.generations.promote`.
        IndexRace: the pointers kept moving.
    """
    builder = _builder(stage, inputs)
    outcome = announce(put_into_service(builder.recipe.name, stage.services), stage.services)
    if outcome.manifest is None:  # what was promoted has a manifest
        raise RecipeNotReady(f"nothing has been indexed by {builder.recipe.name} yet")
    return Look(
        True, f"{builder.recipe.name} serves: version {outcome.manifest.version}, {outcome.manifest.tracks} tracks"
    )


def watch(stage: Stage, _inputs: Inputs) -> Look:
    """How what serves fares on today's catalogue; see `annoy_service.watch`. Alarms are for people, and stop nothing.

    Raises:
        DamagedIndex: what serves cannot be read, or the last report.
    """
    report = look_at_what_serves(stage.services)
    if report is None:
        return Look(True, "nothing serves yet")
    alarms = f"; look at: {', '.join(report.alarms)}" if report.alarms else ""
    return Look(True, f"{report}{alarms}")


WORK: Final[Mapping[str, Callable[[Stage, Inputs], Look]]] = {
    "crawl": crawl,
    "embed": embed,
    "build": build,
    "train": train,
    "evaluate": evaluate,
    "promote": promote,
    "watch": watch,
}


def _progress(stage: Stage, inputs: Inputs) -> CrawlProgress:
    return follow_crawl(crawl_of(inputs.run), crawls=stage.crawls, crawl_queue=stage.crawl_queue)


def _builder(stage: Stage, inputs: Inputs) -> Builder:
    """Of the recipe that is to serve. A person's verdict for another one than the leading one is not taken back."""
    services = stage.services
    if inputs.recipe:
        if builder := services.kept(recipe_named(inputs.recipe).name):
            return builder
        raise RecipeNotReady(
            f"the index of {inputs.recipe} is not kept up to date",
            hint="List it in EARSHOT_RECIPES, deploy, and make repair.",
        )
    head = services.leading.store.head()
    return (head and services.kept(head.pointer.recipe)) or services.leading
