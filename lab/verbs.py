"""What `python -m lab` does with a stage: pins a corpus, promotes a candidate, goes back. Each gives an exit status."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from earshot.errors import InvalidJudgement
from earshot.index.store import IndexStore
from earshot.recipes import recipe_named
from lab.corpus import Corpus
from lab.findings import judgement_files, judgement_in, write_champion, write_judgement, write_verdict
from lab.gate import verdict
from lab.promotion import Champion, carry_out, challenged, judged_again, roll_back
from lab.verdicts import keep
from lab.verdicts import pin as pin_in
from ops.deployment import Deployment
from ops.indexes import index_services
from ops.terminal import Say


@dataclass(frozen=True, slots=True)
class Folders:
    """On this machine: of `findings` (`lab.findings`), for files of an index, and for what was `heard`."""

    findings: Path
    index: Path
    heard: Path


ReadCorpus = Callable[[], Corpus]
"""Reading hashes every file: it is done when everything else is known to be in order."""


def gate(findings: Path, champion: str, say: Say) -> int:
    """Say of each judgement in the folder whether it would pass, against that of `champion`; 1 where none does.

    Raises:
        InvalidJudgement: a file is none, or two cannot be compared.
    """
    judgements = [judgement_in(file) for file in judgement_files(findings)]
    champions = {each.corpus: each for each in judgements if each.subject == champion}
    if not champions:
        held = "; ".join(sorted({each.subject for each in judgements})) or "none at all"
        say(f"{findings} holds no judgement of {champion}, but of: {held}")
        say(f"python -m lab evaluate --out {findings} adds others (docs/lab.md)")
        return 1
    comparable = [each for each in judgements if each.subject != champion and each.corpus in champions]
    promoted = 0
    for each in comparable:
        try:
            given = verdict(champions[each.corpus], each)
        except InvalidJudgement as error:  # a baseline answers fewer questions
            say(f"{each.subject} cannot be compared: {error.message}")
            continue
        write_verdict(findings, given)
        say(str(given))
        promoted += given.promoted
    return 0 if promoted else 1


def pin(deployment: Deployment, corpus: Corpus, say: Say) -> int:
    """From now on judge this stage's candidates on `corpus`."""
    pinned = pin_in(_store(deployment), corpus.sha256, len(corpus.clips))
    say(f"candidates of stage {deployment.stage} are judged on {pinned.clips} clips ({pinned.corpus[:12]})")
    return 0


def promote(
    deployment: Deployment,
    folders: Folders,
    recipe: str,
    read_corpus: ReadCorpus,
    say: Say,
    *,
    incomplete: bool,
) -> int:
    """Judge `recipe` and what serves on the pinned corpus; let it serve if the gate does.

    Raises:
        InvalidSettings: no such recipe is known.
        NoIndexYet: nothing serves.
        InvalidJudgement: none or another corpus is pinned, the recipe serves already, or the gate refuses.
        RecipeNotReady: the recipe or the champion is not kept, or its index lacks tracks (unless `incomplete`).
    """
    candidate, store = recipe_named(recipe), _store(deployment)
    services = index_services(deployment, folders.index)
    champion = challenged(services, candidate)
    corpus = read_corpus()
    say(f"judging {candidate.name} and {champion.name}, which serves, on {len(corpus.clips)} clips")
    judgements = judged_again(store, champion, candidate, corpus, folders.heard)
    given = verdict(*judgements)
    for judgement in judgements:
        write_judgement(folders.findings, judgement)
    write_verdict(folders.findings, given)
    say(f"{given}\n(kept as {keep(store, given)})")
    if not given.promoted:
        return 1
    say(f"building the index of {candidate.name} beside the one that serves")
    _tell(carry_out(given, services, incomplete=incomplete), folders.findings, say)
    return 0


def rollback(deployment: Deployment, folders: Folders, say: Say) -> int:
    """Let the champion before this one serve again.

    Raises:
        InvalidJudgement: no verdict says what was before.
        RecipeNotReady: it is not kept any more.
    """
    _tell(roll_back(index_services(deployment, folders.index)), folders.findings, say)
    return 0


def _tell(champion: Champion, findings: Path, say: Say) -> None:
    write_champion(findings, champion.recipe, champion.version)
    what = f"version {champion.version}, {champion.tracks} tracks"
    say(f"{champion.recipe} serves instead of {champion.instead_of}: {what}")


def _store(deployment: Deployment) -> IndexStore:
    return IndexStore(deployment.s3, deployment.parameters["index-bucket"])
