"""A verdict and its way back on a stack that serves meanwhile: nobody who asks notices more than another version."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from lab.gate import verdict
from lab.judgement import Judgement
from lab.promotion import carry_out
from lab.verdicts import keep
from ops.indexes import index_services
from tests.e2e.conftest import LocalStack, until

RECIPES = ("musicnn-msd@1-128d-channel", "musicnn-msd@1-64d")
"""Kept side by side; the first one leads."""
_EACH_S = 1 / 50


class Asking:
    """Fifty queries a second, whatever becomes of those before."""

    def __init__(self, url: str) -> None:
        self.answers: list[httpx.Response] = []
        self.failures: list[str] = []
        self._url = url
        self._over = threading.Event()

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        thread = threading.Thread(target=lambda: asyncio.run(self._ask()))
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    async def _ask(self) -> None:
        async with httpx.AsyncClient(timeout=30) as client, asyncio.TaskGroup() as tasks:
            while not self._over.is_set():
                tasks.create_task(self._one(client))
                await asyncio.sleep(_EACH_S)

    async def _one(self, client: httpx.AsyncClient) -> None:
        try:
            self.answers.append(await client.get(self._url))
        except httpx.HTTPError as error:
            self.failures.append(repr(error))

    def served_by(self, recipe: str) -> bool:
        return bool(self.answers) and _recipe(self.answers[-1]) == recipe


def _recipe(answer: httpx.Response) -> str:
    recipe: str = answer.json()["spaces"]["sound"]["recipe"]
    return recipe


@pytest.fixture
def crawled(music: dict[str, Path], tmp_path: Path) -> Iterator[LocalStack]:
    """A stack of its own, which keeps both recipes, with few tracks."""
    stack = LocalStack(tmp_path / "state")
    stack.env["EARSHOT_RECIPES"] = ",".join(RECIPES)
    try:
        stack.up()
        run = stack.run("crawl", str(music["few"]))
        assert run.returncode == 0, run.stdout + run.stderr
        yield stack
    finally:
        stack.close()


def test_a_champion_is_promoted_and_rolled_back_while_fifty_queries_a_second_see_nothing_of_it(
    crawled: LocalStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = RECIPES
    monkeypatch.setenv("EARSHOT_RECIPES", ",".join(RECIPES))
    services = index_services(crawled.deployment, tmp_path / "index")
    was, wants = (Judgement(name, "c" * 64, {"clean/recall@1": {"a": n}}, {}, {}) for n, name in enumerate(RECIPES))
    given = verdict(was, wants)
    keep(services.leading.store, given)
    track_id = next(iter(crawled.deployment.tracks.scan_items()))["track_id"]["S"]
    asking = Asking(f"http://127.0.0.1:{crawled.port}/similar?track_id={track_id}")
    with asking.meanwhile():
        until(lambda: asking.served_by(before), 20, "an answer")
        carry_out(given, services)
        until(lambda: asking.served_by(after), 20, "the candidate serves")
        rolled_back = crawled.run("rollback")
        assert rolled_back.returncode == 0, rolled_back.stdout + rolled_back.stderr
        assert f"{before} serves instead of {after}" in rolled_back.stdout
        until(lambda: asking.served_by(before), 20, "the champion before serves")
    assert not asking.failures
    assert {answer.status_code for answer in asking.answers} == {200}
    said: dict[str, set[str]] = defaultdict(set)
    recipes: dict[str, str] = {}
    for answer in asking.answers:
        said[answer.json()["index_version"]].add(answer.text)
        recipes[answer.json()["index_version"]] = _recipe(answer)
    assert all(len(texts) == 1 for texts in said.values()), "what one version answers is always the same"
    assert list(recipes.values()) == [before, after, before]
