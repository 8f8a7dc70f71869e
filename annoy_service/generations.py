"""Which recipe serves: a generation goes into service by a verdict, of a person or of the rule (`succeed`).

`latest.json` names the version that serves, `generations/<recipe>.json` the newest one by each other recipe. A verdict
takes three steps, each harmless should it be the last: the recipe that is to leave gets the pointer of a generation, if
it is kept; `latest.json` moves, from the version that was compared; and what was folded into the new generation in the
last moment goes on top of what serves, before the pointer of that generation is removed. What a process that died has
left to be done is done by `settle`.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import numpy as np

from annoy_service.builder import Builder
from annoy_service.changes import read_wanted
from annoy_service.fold import ATTEMPTS, fold, in_portions
from annoy_service.pointers import Position, generation, manifest_at, position
from annoy_service.services import Services, in_turn
from annoy_service.version import Changes, Outcome
from earshot import clock
from earshot.errors import DamagedIndex, IndexRace, InvalidSettings, RecipeNotReady
from earshot.ids import TrackId
from earshot.index.directory import Directory, changed_between
from earshot.index.formats import named
from earshot.index.manifest import Manifest
from earshot.index.pointer import POINTER_KEY, generation_key
from earshot.index.store import Head
from earshot.recipes import recipe_named
from earshot.telemetry import logger

_CUT_SHORT = timedelta(hours=1)
"""A verdict takes seconds: whoever gave one that is older does not go on with it."""

_log = logger()


def promote(recipe: str, services: Services, *, incomplete: bool = False) -> Outcome:
    """A person's verdict: let readers use the generation of `recipe`.

    Tracks that its network could not hear again would keep it waiting for ever: `incomplete` leaves those out.

    Raises:
        InvalidSettings: no such recipe is known.
        RecipeNotReady: it is not kept, has no generation yet, or its generation lacks tracks of the one that serves.
        IndexRace: the pointers kept moving.
    """
    builder = services.kept(recipe)
    if builder is None:
        raise RecipeNotReady(
            f"the index of {recipe_named(recipe).name} is not kept up to date",
            hint="List it in EARSHOT_RECIPES, deploy, and make repair.",
        )
    for _ in range(ATTEMPTS):
        try:
            return _promote(builder, services, incomplete=incomplete)
        except IndexRace:
            _log.info("the pointers moved meanwhile; looking again", recipe=recipe)
    raise IndexRace(f"the pointers moved {ATTEMPTS} times while {recipe} was to be put into service")


def succeed(services: Services) -> Outcome | None:
    """The rule: where a recipe serves that is not kept, the leading one takes its place once it lacks no track.

    Returns:
        What has become of the leading recipe's index; None where there is nothing to decide.

    Raises:
        IndexRace: the pointer moved; look again.
    """
    builder = services.leading
    place, serving = position(builder), builder.store.head()
    if serving is None or services.kept(serving.pointer.recipe):
        return None
    new = manifest_at(builder, place)
    lacking = _lacking(builder, serving, new) if new else None
    if new is None or lacking:
        _log.info("a generation does not cover the catalogue yet", recipe=builder.recipe.name, lacking=lacking)
        return Outcome(new, serves=False)
    return _put_into_service(builder, services, new, serving)


def outgoing(services: Services) -> Builder | None:
    """The builder of the recipe that serves though it is not kept any more; None: there is no such recipe, or a newer
    Earshot made it, which this one cannot carry on."""
    serving = services.leading.store.head()
    if serving is None or services.kept(serving.pointer.recipe) is not None:
        return None
    try:
        return services.builder_of(serving.pointer.recipe)
    except InvalidSettings as error:
        _log.error("what serves is not kept up to date", recipe=serving.pointer.recipe, error=error.message)
        return None


def settle(services: Services, *, now: datetime | None = None) -> None:
    """Finish verdicts that were cut short: the pointer of a generation that is in service was not removed.

    Raises:
        DamagedIndex: the version that serves cannot be read.
        IndexRace: other builders kept moving the pointer.
    """
    cutoff = (now or clock.now()) - _CUT_SHORT

    def finish(builder: Builder) -> None:
        place, left = position(builder), generation(builder)
        if place.serves and left.head and left.head.modified < cutoff:
            _fold_in(builder, services, left)

    in_turn(services.builders, finish)


def _promote(builder: Builder, services: Services, *, incomplete: bool) -> Outcome:
    place, serving = position(builder), builder.store.head()
    new = manifest_at(builder, place)
    if place.serves and new is not None:
        _fold_in(builder, services, generation(builder))
        return Outcome(new)
    if new is None or serving is None:
        raise RecipeNotReady(
            f"nothing has been indexed by {builder.recipe.name} yet", hint="Build it from the table: make repair."
        )
    lacking = _lacking(builder, serving, new)
    if lacking and not incomplete:
        raise RecipeNotReady(
            f"the index of {builder.recipe.name} lacks {lacking} tracks of the one that serves",
            hint="Fold in what the table holds (make repair), crawl again what another network heard, or leave those "
            f"tracks out: make promote RECIPE={builder.recipe.name} ARGS=--incomplete",
        )
    return _put_into_service(builder, services, new, serving)


def _put_into_service(builder: Builder, services: Services, new: Manifest, serving: Head) -> Outcome:
    if leaving := services.kept(serving.pointer.recipe):
        _keep_as_generation(leaving, services, serving)
    new = named(replace(new, previous=serving.pointer.version))  # what readers use now stays readable for a day
    builder.store.move(builder.store.put_manifest(new), key=POINTER_KEY, seen=serving.etag)
    outcome = Outcome(new, published=True, added=new.tracks)
    _log.info("serves now", instead_of=serving.pointer.recipe, extra=outcome.in_short())
    _fold_in(builder, services, generation(builder))
    return outcome


def _keep_as_generation(builder: Builder, services: Services, serving: Head) -> None:
    """Let the recipe that serves be found as a generation, once another one serves."""
    _fold_in(builder, services, generation(builder))
    builder.store.move(serving.pointer, key=generation_key(builder.recipe.name), seen=None)


def _fold_in(builder: Builder, services: Services, left: Position) -> None:
    """Remove the pointer of a generation that is in service, once what serves holds all that it holds.

    Whoever folded into the generation until it went into service did so unnoticed, and moved its pointer; whoever comes
    later notices (`pointers.publish`).
    """
    if left.head is None:
        return
    for names in in_portions(_changed(builder, left.head)):
        fold(builder, partial(_changes, names, services))
    builder.store.delete([left.key])


def _changes(names: list[TrackId], services: Services) -> Changes:
    return read_wanted(names, services.table, services.network).rows


def _changed(builder: Builder, left: Head) -> list[TrackId]:
    """Tracks that what serves may hold differently than the version at `left`."""
    serving = manifest_at(builder, position(builder))
    try:
        before = builder.store.manifest(left.pointer)
        return changed_between(builder.cache, before, serving) if serving else []
    except DamagedIndex as error:
        _log.error("what was left of a verdict cannot be read", recipe=builder.recipe.name, error=error.message)
        return []


def _lacking(builder: Builder, serving: Head, new: Manifest) -> int:
    """Tracks of the version that serves that `new` does not hold; at least so many."""
    old = builder.store.manifest(serving.pointer)
    if new.tracks < old.tracks:
        return old.tracks - new.tracks  # no need to compare their names
    return len(np.setdiff1d(Directory(builder.cache, old).ids(), Directory(builder.cache, new).ids()))
