"""From a verdict to what serves: the index that a candidate builds beside the champion's, and the way back.

What serves is said by the index's pointer alone, which moves as `make promote` moves it. The champion that leaves goes
on being kept up to date as a generation, so that the way back is a pointer.
"""

from dataclasses import dataclass
from pathlib import Path

from annoy_service.generations import promote as put_into_service
from annoy_service.index import announce
from annoy_service.repair import index_missing
from annoy_service.services import Services
from earshot.errors import InvalidJudgement, NoIndexYet, RecipeNotReady
from earshot.index.store import IndexStore
from earshot.recipes import Recipe, recipe_named
from lab.corpus import Corpus
from lab.evaluate import judge
from lab.gate import Verdict
from lab.judgement import Judgement
from lab.verdicts import check_pinned, kept, pinned


@dataclass(frozen=True, slots=True)
class Champion:
    """What serves after a verdict was carried out, or taken back."""

    recipe: str
    version: str
    instead_of: str
    tracks: int


def champion_of(store: IndexStore) -> Recipe:
    """The recipe that serves.

    Raises:
        NoIndexYet: none does.
        InvalidSettings: a newer Earshot made it.
    """
    head = store.head()
    if head is None:
        raise NoIndexYet("nothing serves yet, so there is nothing to be better than")
    return recipe_named(head.pointer.recipe)


def challenged(services: Services, candidate: Recipe) -> Recipe:
    """What serves, and `candidate` may be judged against: all that can be said against it before music is read.

    Raises:
        NoIndexYet: nothing serves.
        InvalidJudgement: no corpus is pinned; or the candidate serves already.
        RecipeNotReady: it is not kept, or what serves is not.
    """
    store = services.leading.store
    champion = champion_of(store)
    if champion == candidate:
        raise InvalidJudgement(f"{candidate.name} serves already", hint="Judge another one against it.")
    pinned(store)
    check_kept(services, candidate)
    return champion


def judged_again(
    store: IndexStore, champion: Recipe, candidate: Recipe, corpus: Corpus, work_dir: Path
) -> tuple[Judgement, Judgement]:
    """Both, judged on the pinned corpus.

    Raises:
        InvalidJudgement: the corpus is not the pinned one.
    """
    check_pinned(store, corpus.sha256)
    return judge(champion, corpus, work_dir=work_dir), judge(candidate, corpus, work_dir=work_dir)


def check_kept(services: Services, candidate: Recipe) -> None:
    """Both the candidate and what serves must be kept: what is not would be replaced, or not be there to go back to.

    Raises:
        RecipeNotReady: one is not; the hint is the setting to change.
    """
    champion = champion_of(services.leading.store)
    names = [builder.recipe.name for builder in services.builders]
    lacking = [recipe for recipe in (champion, candidate) if recipe.name not in names]
    if not lacking:
        return
    if {recipe.network for recipe in (champion, candidate)} != {services.network}:
        raise RecipeNotReady(
            f"{candidate.name} is of {candidate.network.name}, {champion.name} is of {champion.network.name}, and this "
            f"stage hears with {services.network.name}",
            hint=f"Another network hears every track anew: EARSHOT_MODEL={candidate.network.name}, deploy, and crawl "
            "again (docs/models.md). Its index takes over once it lacks no track.",
        )
    wanted = ",".join(dict.fromkeys([*names, champion.name, candidate.name]))
    raise RecipeNotReady(
        f"the index of {' and of '.join(recipe.name for recipe in lacking)} is not kept up to date here",
        hint=f"Set EARSHOT_RECIPES={wanted} where the stage starts (make up, make deploy) and for this command.",
    )


def carry_out(given: Verdict, services: Services, *, incomplete: bool = False) -> Champion:
    """Build the index of a verdict's candidate beside the one that serves, and move the pointer to it.

    Whatever dies in between is done again by the next try: nothing that is built is built twice.

    Raises:
        InvalidJudgement: the verdict refuses it, or what serves is not what it was compared with.
        RecipeNotReady: the recipe is not kept, or tracks are lacking (unless `incomplete`).
        IndexRace: other builders kept moving the pointers.
    """
    if not given.promoted:
        raise InvalidJudgement(str(given), hint="Whoever wants it all the same: make promote RECIPE=…")
    check_kept(services, recipe_named(given.candidate))
    serving = champion_of(services.leading.store).name
    if serving not in (given.champion, given.candidate):  # the latter: a try that died had come so far
        raise InvalidJudgement(
            f"{given.candidate} was compared with {given.champion}, and {serving} serves now", hint="Judge it again."
        )
    index_missing(services)
    return _moved(given.candidate, given.champion, services, incomplete=incomplete)


def roll_back(services: Services) -> Champion:
    """Let the champion before this one serve again, by the newest verdict that made this one.

    Its index is there and up to date, because it is kept (`check_kept`), so this takes seconds. Tracks that it lacks
    all the same do not hold it up: they are folded in as any.

    Raises:
        InvalidJudgement: no verdict has put into service what serves.
        RecipeNotReady: the recipe before it is not kept any more.
        IndexRace: other builders kept moving the pointers.
    """
    store = services.leading.store
    serving = champion_of(store).name
    before = next((each.champion for each in kept(store) if each.promoted and each.candidate == serving), None)
    if before is None:
        raise InvalidJudgement(
            f"no verdict has put {serving} into service, so none says what was before",
            hint="Name what shall serve: make promote RECIPE=…",
        )
    return _moved(before, serving, services, incomplete=True)


def _moved(recipe: str, instead_of: str, services: Services, *, incomplete: bool) -> Champion:
    manifest = announce(put_into_service(recipe, services, incomplete=incomplete), services).manifest
    if manifest is None:  # what was put into service has a manifest
        raise RecipeNotReady(f"nothing has been indexed by {recipe} yet")
    return Champion(recipe, manifest.version, instead_of, manifest.tracks)
