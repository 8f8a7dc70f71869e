"""SIGKILL for every process of a stack on one machine: whatever it has answered is there when it starts again."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from earshot.api_client import ApiClient
from earshot.errors import ApiUnreachable
from tests.corpus import clips
from tests.e2e.conftest import LocalStack, until

_TRACKS, _PLAYS = 6, 10
_STARTS, _STARTS_WITHIN_S, _SETTLES_WITHIN_S = 5, 300.0, 600.0
"""How patient a machine must be that does other things, too; alone it takes half a minute for everything."""


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Two folders, of four tracks and of two."""
    for number, clip in enumerate(clips()[:_TRACKS]):
        folder = tmp_path / "music" / ("stays" if number < 4 else "goes")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / clip.path.name).write_bytes(clip.path.read_bytes())
    return tmp_path / "music"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[LocalStack]:
    own = LocalStack(tmp_path / "state")
    try:
        _start(own)
        yield own
    finally:
        own.close()


def _start(stack: LocalStack) -> str:
    """As whoever supervises it does: a start that fails is tried again. What it said."""
    for _ in range(_STARTS - 1):
        with contextlib.suppress(AssertionError):
            return stack.up(_STARTS_WITHIN_S)
    return stack.up(_STARTS_WITHIN_S)


def _crawl(stack: LocalStack, folder: Path) -> None:
    run = stack.run("crawl", str(folder), timeout_s=_SETTLES_WITHIN_S)
    assert run.returncode == 0, run.stdout + run.stderr


def _playlists(stack: LocalStack) -> dict[str, dict[str, Any]]:
    return {Path(one["playlist"]).name: one for one in stack.api.get("/playlists").checked()["playlists"]}


def _everything(stack: LocalStack) -> dict[str, list[str]]:
    """Every item of every table, every parameter and every object's name and digest."""
    deployment = stack.deployment
    session = deployment.session
    dynamodb, s3, ssm = session.client("dynamodb"), session.client("s3"), session.client("ssm")
    parameters = deployment.parameters
    held: dict[str, list[Any]] = {"parameters": ssm.get_parameters_by_path(Path="/", Recursive=True)["Parameters"]}
    held["parameters"] = [(one["Name"], one["Value"]) for one in held["parameters"]]
    for table in ("tracks", "crawls", "listeners"):
        held[table] = dynamodb.scan(TableName=parameters[f"{table}-table"])["Items"]
    for bucket in ("index", "plays", "previews"):
        objects = s3.list_objects_v2(Bucket=parameters[f"{bucket}-bucket"]).get("Contents", [])
        held[bucket] = [(one["Key"], one["ETag"]) for one in objects]
    return {name: sorted(json.dumps(one, sort_keys=True, default=repr) for one in some) for name, some in held.items()}


def _at_rest(stack: LocalStack) -> dict[str, list[str]]:
    """Everything, once it no longer changes."""
    looks = [_everything(stack)]

    def rests() -> bool:
        time.sleep(1)
        looks.append(_everything(stack))
        return looks[-2] == looks[-1]

    until(rests, _SETTLES_WITHIN_S, "an end of changes")
    return looks[-1]


def _idle(stack: LocalStack) -> bool:
    return not any(stack.deployment.waiting(queue) for queue in ("crawl", "fetch", "extract", "plays", "changes"))


class _Person(threading.Thread):
    """Renames a playlist and plays songs, as fast as they are answered, until the stack is gone."""

    def __init__(self, stack: LocalStack, playlist_id: str, first_at: int) -> None:
        super().__init__(daemon=True)
        self.name_answered = ""
        self.plays_answered: list[int] = []
        self._api = ApiClient(f"http://127.0.0.1:{stack.port}", key="anna")
        self._playlist_id, self._first_at = playlist_id, first_at

    def run(self) -> None:
        number = self._first_at
        try:
            while True:
                number += 1
                name = f"Name {number}"
                _change(self._api, self._playlist_id, name=name)
                self.name_answered = name
                listen = {"listened_at": number, "title": f"Song {number}", "artists": ["Two"]}
                self._api.post("/listens", {"listens": [listen]}).checked()
                self.plays_answered.append(number)
        except (ApiUnreachable, httpx.TransportError):
            return


def _change(api: ApiClient, playlist_id: str, **change: str) -> None:
    assert httpx.patch(f"{api.url}/playlists/{playlist_id}", json=change, timeout=60).status_code == 200


def _tracks(stack: LocalStack, folder: str) -> list[Any]:
    crawl = _playlists(stack)[folder]["crawl"]["crawl_id"]
    rows = stack.api.get(f"/crawls/{crawl}/entries").checked()["entries"]
    return list(rows)


def test_whatever_people_said_and_whatever_was_heard_outlives_a_kill_at_rest_and_at_work(
    stack: LocalStack, music: Path
) -> None:
    for folder in ("stays", "goes"):
        _crawl(stack, music / folder)
    anna = ApiClient(f"http://127.0.0.1:{stack.port}", key="anna")
    first, second, third, _ = (row["track_id"] for row in _tracks(stack, "stays"))
    stays, goes = (_playlists(stack)[name]["playlist_id"] for name in ("stays", "goes"))
    _change(anna, stays, name="For work", again="weekly")
    anna.delete(f"/playlists/{goes}", remove_tracks="true").checked()
    stack.api.delete(f"/tracks/{third}").checked()
    anna.put(f"/opinions/{first}", {"opinion": "loved"}).checked()
    anna.put(f"/opinions/{second}", {"opinion": "banned"}).checked()
    now = int(time.time())
    listens = [{"listened_at": now - number, "track_id": first} for number in range(20)]
    anna.post("/listens", {"listens": listens}).checked()
    until(lambda: _idle(stack) and set(_playlists(stack)) == {"stays"}, _SETTLES_WITHIN_S, "everything to be done")
    until(lambda: len(anna.get("/listens").checked()["listens"]) == 20, _SETTLES_WITHIN_S, "the plays")

    before = _at_rest(stack)
    stack.kill_everything()
    assert "was killed" in _start(stack)
    assert _everything(stack) == before
    kept = _playlists(stack)["stays"]
    assert (kept["name"], kept["again"]) == ("For work", "weekly")
    assert anna.get("/opinions").checked()["opinions"] == {first: "loved", second: "banned"}

    person = _Person(stack, stays, now - 1_000_000)
    person.start()
    until(lambda: len(person.plays_answered) >= _PLAYS, _SETTLES_WITHIN_S, "some plays")
    stack.kill_everything()
    person.join(30)
    _start(stack)
    print(f"{len(person.plays_answered)} plays were answered before the kill")
    assert _playlists(stack)["stays"]["name"] >= person.name_answered

    def plays() -> set[int]:
        lines = anna.list_of("/listens/export").splitlines()
        return {json.loads(line)["listened_at"] for line in lines if '"listened_at"' in line}

    until(lambda: plays() >= set(person.plays_answered), _SETTLES_WITHIN_S, "every play")
