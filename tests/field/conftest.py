"""Inputs as people report them, on one stack: each case of ../shared/cases builds its own and says what is expected.

A clone without that folder has no cases, and nothing of this folder is collected.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from earshot.api_client import ApiClient
from tests.aws import free_ports
from tests.corpus import locked
from tests.e2e.conftest import ROOT, LocalStack, until

CASES = Path(os.environ.get("EARSHOT_SHARED", ROOT.parent / "shared")) / "cases"
_KEPT = ROOT / ".cache" / "test-cases"
_MOST_KEPT_BYTES = 200 * 1024**2
_NAMES_ITS_PLACE = {"c18_playlist_files"}
"""Cases whose files say where they lie, and cannot be built elsewhere and copied."""
_AT_ONCE = 6
_PATIENCE_S = 400.0
_SERVICES = (
    "c34_title_artist_only",
    "c40_deezer_hidden_rows",
    "c41_wrong_isrc",
    "c44_relinked",
    "c47_hidden_then_removed",
)
_NOT_NICE = '#!/bin/sh\nshift 2\nexec "$@"\n'
"""What `nice -n 15` becomes: a test that waits for its input on a busy machine would wait for minutes."""

collect_ignore = [] if CASES.is_dir() else ["test_cases.py"]


@dataclass(frozen=True)
class Crawled:
    """A crawl that has ended: its counts, and its entries by their names."""

    counts: Mapping[str, Any]
    entries: Sequence[Mapping[str, Any]]

    @property
    def states(self) -> dict[str, str]:
        """What became of each entry: its state, or its reason where it has one."""
        return {entry["name"]: entry["reason"] or entry["state"] for entry in self.entries}

    @property
    def ids(self) -> dict[str, str]:
        """The tracks of the entries that have one."""
        return {entry["name"]: entry["track_id"] for entry in self.entries if entry["track_id"]}


class Field:
    """The stack that all cases share, and where each finds its input.

    Args:
        stack: it runs, with every source on and asking `services`.
        services: the folder in which the stand-in for web services runs, keeps its log and is told what to hide.
        root: for what the cases build.
    """

    def __init__(self, stack: LocalStack, services: Path, root: Path) -> None:
        self.stack = stack
        self.services = services
        self._root = root

    @property
    def api(self) -> ApiClient:
        return self.stack.api

    def build(self, case: ModuleType) -> Path:
        """The input of the case, in a folder that is its own."""
        name = case.__name__
        target = self._root / name
        if name in _NAMES_ITS_PLACE:
            target.mkdir()
            case.build(target)
            return target
        sources = Path(str(case.__file__)).read_bytes() + (CASES / "lib.py").read_bytes()
        kept = _KEPT / f"{name}-{hashlib.sha256(sources).hexdigest()[:8]}"
        _KEPT.mkdir(parents=True, exist_ok=True)
        with locked(_KEPT / f"{name}.lock"):
            if not kept.exists():
                made = _KEPT / f"{name}.unfinished"
                shutil.rmtree(made, ignore_errors=True)
                made.mkdir()
                case.build(made)
                if sum(file.stat().st_size for file in made.rglob("*") if not file.is_symlink()) > _MOST_KEPT_BYTES:
                    shutil.move(made, target)
                    return target
                made.rename(kept)
            shutil.copytree(kept, target, symlinks=True)
        return target

    def crawl(self, playlist: str | Path, **wanted: Any) -> Crawled:
        """A crawl of `playlist` from its start to its end, all that was heard being searchable."""
        return crawl(self.api, playlist, **wanted)

    def track(self, track_id: str) -> Any:
        """What is known of the track."""
        return self.api.get(f"/tracks/{track_id}").checked()

    def knows(self, track_id: str) -> bool:
        return self.api.get(f"/tracks/{track_id}").status == HTTPStatus.OK

    def similar(self, track_id: str, **options: Any) -> list[Any]:
        """The results of GET /similar."""
        found: list[Any] = self.api.get("/similar", track_id=track_id, **{"k": 100, **options}).checked()["results"]
        return found

    def work_on(self, track_ids: Iterable[str]) -> int:
        """How often the functions that read and decode files have spoken of these tracks."""
        spoken = self.stack.log("fetch_preview") + self.stack.log("extract")
        return sum(spoken.count(track_id) for track_id in track_ids)


def crawl(api: ApiClient, playlist: str | Path, **wanted: Any) -> Crawled:
    """A crawl on the stack of `api`, and its entries once all that was heard is searchable."""
    started = api.post("/crawls", {"playlist": os.fspath(playlist), **wanted}).checked()
    path = f"/crawls/{started['crawl_id']}"
    counts = until(lambda: _done(api, path), _PATIENCE_S, f"the crawl of {playlist}")
    entries, after = [], None
    while True:
        page = api.get(f"{path}/entries", limit=100, after=after).checked()
        entries += page["entries"]
        if (after := page["next"]) is None:
            break
    for entry in entries:
        if entry["state"] == "ready":
            until(partial(api.is_searchable, entry["track_id"]), _PATIENCE_S, entry["name"])
    return Crawled(counts, entries)


def _done(api: ApiClient, path: str) -> Any:
    time.sleep(0.2)  # several cases ask at once
    counts = api.get(path).checked()
    return counts if counts["done"] else None


Check = Callable[[Field, Any], None]


class Outcomes:
    """The checks of all cases that are to be run, side by side: most of each is waiting."""

    def __init__(self, field: Field, checks: Mapping[str, Check]) -> None:
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._of: dict[str, Future[None]] = {
            name: self._pool.submit(check, field, import_module(name)) for name, check in checks.items()
        }

    def of(self, name: str) -> None:
        """Returns where the case meets its expectation, and else raises what its check has raised."""
        self._of[name].result()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def _builders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The cases can be imported, and find an ffmpeg."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "ffmpeg").symlink_to(shutil.which("ffmpeg") or import_module("imageio_ffmpeg").get_ffmpeg_exe())
    (folder / "nice").write_text(_NOT_NICE)
    (folder / "nice").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        patch.syspath_prepend(str(CASES))
        patch.setattr(sys, "dont_write_bytecode", True)  # not beside the cases
        yield


@contextmanager
def _services(folder: Path, port: int) -> Iterator[None]:
    """Deezer, Spotify and iTunes, as the cases have them answer."""
    with (folder / "stub.out").open("wb") as output:
        words = [sys.executable, str(CASES / "stub.py"), str(port), *_SERVICES]
        env = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
        process = subprocess.Popen(words, cwd=folder, env=env, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def field(tmp_path_factory: pytest.TempPathFactory, _builders: None) -> Iterator[Field]:
    """A stack with every source on."""
    services = tmp_path_factory.mktemp("services")
    stack = LocalStack(tmp_path_factory.mktemp("stack") / "state")
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    stack.env |= {
        "EARSHOT_LOCAL_WORKERS": "2",
        "EARSHOT_PROVIDERS": "file,manifest,spotify,deezer,itunes",
        "EARSHOT_ALLOW_LOOPBACK": "1",
        "EARSHOT_ALLOWED_HOSTS": "127.0.0.1",
        "EARSHOT_SPOTIFY_API_URL": f"{url}/spotify/v1/",
        "EARSHOT_SPOTIFY_ACCOUNTS_URL": f"{url}/accounts",
        "EARSHOT_SPOTIFY_CLIENT_ID": "app",
        "EARSHOT_SPOTIFY_CLIENT_SECRET": "stub",
        "EARSHOT_DEEZER_API_URL": f"{url}/deezer",
        "EARSHOT_ITUNES_API_URL": f"{url}/itunes",
        **{f"EARSHOT_{name}_CALLS_PER_MINUTE": "60000" for name in ("SPOTIFY", "DEEZER", "ITUNES")},
    }
    try:
        with _services(services, port):
            stack.up()
            yield Field(stack, services, tmp_path_factory.mktemp("cases"))
    finally:
        stack.close()


@pytest.fixture(scope="session")
def outcomes(field: Field, request: pytest.FixtureRequest) -> Iterator[Outcomes]:
    """What has come of each case that this run asks for."""
    wanted = [item for item in request.session.items if "outcomes" in getattr(item, "fixturenames", ())]
    outcomes = Outcomes(field, dict(item.callspec.params["case"] for item in wanted))  # type: ignore[attr-defined]
    yield outcomes
    outcomes.close()
