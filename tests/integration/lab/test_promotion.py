"""From a verdict to what serves, and back, on a stage of two recipes: pin, verdicts, pointers, and who may do what."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import numpy as np
import pytest

from annoy_service.services import Services
from earshot.clock import now_iso
from earshot.errors import EarshotError, InvalidJudgement, RecipeNotReady
from earshot.ids import TrackId
from earshot.index.store import IndexStore
from earshot.networks import MUSICNN
from earshot.recipes import recipe_named
from earshot.track import TrackInfo
from lab.corpus import Corpus
from lab.gate import Verdict, verdict
from lab.judgement import Judgement
from lab.promotion import carry_out, check_kept, roll_back
from lab.verbs import Folders, promote
from lab.verdicts import check_pinned, keep, kept, pin
from local.resources import create_all
from ops.deployment import Deployment
from ops.indexes import index_services
from ops.repair import repair
from tests.aws import account

_OLD, _NEW = "musicnn-msd@1-128d-channel", "musicnn-msd@1-64d"
_CORPUS = "c" * 64


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    with account():
        create_all(boto3.Session(), "test")
        monkeypatch.setenv("EARSHOT_RECIPES", _OLD)
        yield Deployment(boto3.Session(), "test")


def _heard(deployment: Deployment, number: int) -> None:
    raw = np.random.default_rng(number).normal(size=(2, MUSICNN.dimensions)).astype("<f2")
    deployment.tracks.store_embedding(
        TrackInfo(TrackId(f"file:{number:016x}"), "file"),
        embedding=raw[0].tobytes(),
        drift=raw[1].tobytes(),
        tags=(),
        model=MUSICNN.name,
        preview_at=now_iso(),
    )


@pytest.fixture
def bucket() -> Iterator[IndexStore]:
    with account() as aws:
        yield IndexStore(aws.s3, aws.bucket("index"))


@pytest.fixture
def services(deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    """What was made by one recipe, and is now kept by two."""
    for number in range(3):
        _heard(deployment, number)
    repair(deployment, tmp_path / "before", table_lost=False, say=lambda _line: None)
    monkeypatch.setenv("EARSHOT_RECIPES", f"{_OLD},{_NEW}")
    return index_services(deployment, tmp_path / "now")


def _given(candidate: str = _NEW, champion: str = _OLD, finds: float = 0.9) -> Verdict:
    """What the gate says of a candidate that finds so many where the champion finds half."""
    was, wants = (
        Judgement(name, _CORPUS, {"clean/recall@1": {f"{n}": float(n < share * 200) for n in range(200)}}, {}, {})
        for name, share in ((champion, 0.5), (candidate, finds))
    )
    return verdict(was, wants)


def _serving(store: IndexStore) -> str:
    head = store.head()
    assert head is not None
    return head.pointer.recipe


def test_a_verdict_builds_the_index_beside_moves_the_pointer_and_is_taken_back_in_a_moment(
    services: Services, deployment: Deployment
) -> None:
    store = services.leading.store
    keep(store, _given(finds=0.4))
    keep(store, given := _given())
    champion = carry_out(given, services)
    assert (champion.recipe, champion.instead_of, champion.tracks) == (_NEW, _OLD, 3)
    assert _serving(store) == _NEW
    assert carry_out(given, services) == champion, "a try that died is done again, and nothing is built twice"
    _heard(deployment, 3)  # and not folded in: what goes back waits for nothing
    back = roll_back(services)
    assert (back.recipe, back.instead_of, back.tracks) == (_OLD, _NEW, 3)
    assert _serving(store) == _OLD
    with pytest.raises(InvalidJudgement, match="what was before"):
        roll_back(services)


def test_what_the_gate_refuses_or_compared_with_something_else_serves_nowhere(services: Services) -> None:
    with pytest.raises(InvalidJudgement, match="better in nothing"):
        carry_out(_given(finds=0.4), services)
    with pytest.raises(InvalidJudgement, match=f"compared with musicnn-msd@1-128d, and {_OLD} serves"):
        carry_out(_given(champion="musicnn-msd@1-128d"), services)
    assert _serving(services.leading.store) == _OLD


def test_a_recipe_that_is_not_kept_is_refused_with_the_setting_that_keeps_it(
    services: Services, deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARSHOT_RECIPES", "musicnn-msd@1-128d")
    narrow = index_services(deployment, tmp_path / "narrow")
    with pytest.raises(RecipeNotReady) as refused:
        check_kept(narrow, recipe_named(_NEW))
    assert f"EARSHOT_RECIPES=musicnn-msd@1-128d,{_OLD},{_NEW} " in refused.value.hint
    with pytest.raises(RecipeNotReady) as refused:
        check_kept(services, recipe_named("musicnn-mn04@2-128d"))
    assert "EARSHOT_MODEL=musicnn-mn04@2" in refused.value.hint


@pytest.mark.parametrize(
    ("recipe", "refusal"),
    [
        ("musicnn-msd@9", "musicnn-msd@9"),
        (_OLD, "serves already"),
        (_NEW, "no corpus is pinned"),
        ("musicnn-msd@1-128d", "not kept up to date"),
    ],
)
def test_whoever_cannot_be_promoted_is_told_before_any_music_is_read(
    services: Services, deployment: Deployment, tmp_path: Path, recipe: str, refusal: str
) -> None:
    if "kept" in refusal:
        pin(services.leading.store, _CORPUS, 31)

    def read_corpus() -> Corpus:
        raise AssertionError("hashing a corpus takes minutes")

    with pytest.raises(EarshotError, match=refusal):
        promote(
            deployment,
            Folders(tmp_path, tmp_path / "index", tmp_path),
            recipe,
            read_corpus,
            lambda _line: None,
            incomplete=False,
        )


def test_verdicts_are_kept_whatever_they_are_and_read_the_newest_first(bucket: IndexStore) -> None:
    refused, accepted = _given(finds=0.4), _given()
    keys = [keep(bucket, refused), keep(bucket, accepted)]
    pin(bucket, _CORPUS, 31)
    assert list(kept(bucket)) == [accepted, refused]
    assert keys == sorted(keys)
    assert all(key.startswith("verdicts/") and "@" not in key for key in keys)


def test_only_the_pinned_corpus_counts(bucket: IndexStore) -> None:
    with pytest.raises(InvalidJudgement, match="no corpus is pinned"):
        check_pinned(bucket, _CORPUS)
    pin(bucket, "d" * 64, 30)
    with pytest.raises(InvalidJudgement, match=r"dddddddddddd was pinned on 20") as refused:
        check_pinned(bucket, _CORPUS)
    assert "lab pin" in refused.value.hint
    pin(bucket, _CORPUS, 31)
    check_pinned(bucket, _CORPUS)
