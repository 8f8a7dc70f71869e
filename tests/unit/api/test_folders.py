"""Choosing a folder of this machine: names alone, below what may be crawled, for nobody elsewhere."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import httpx
import pytest

from api.one_machine.folders import check_is_here
from api.one_machine.gateway import event_of
from earshot.errors import NotServedHere
from tests.unit.api.world import World, running_world


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("house") / "music"
    for name in ("Zappa", "abba", ".hidden", "Äther"):
        (root / name).mkdir(parents=True)
    (root / "abba" / "SOS.flac").touch()
    (root / "abba" / "cover.jpg").touch()
    (root.parent / "secret").mkdir()
    (root / "out").symlink_to(root.parent / "secret")
    (root / "in").symlink_to(root / "Zappa")
    (root / "loop").symlink_to(root / "loop")
    return root


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, music: Path) -> Iterator[World]:
    own = {"EARSHOT_STAGE": "local", "EARSHOT_FOLDER_ROOTS": str(music)}
    with running_world(tmp_path_factory.mktemp("folders"), **own) as world:
        yield world


def _ask(world: World, folder: object = "", **headers: str) -> httpx.Response:
    return world.request("GET", "/folders", params={"in": str(folder)}, headers={"Host": "127.0.0.1:8000", **headers})


def test_folders_are_named_as_people_sort_them_and_lead_nowhere_else(world: World, music: Path) -> None:
    assert _ask(world, music).json() == {
        "folder": str(music),
        "parent": None,
        "folders": ["abba", "in", "Zappa", "Äther"],
        "audio_files": 0,
        "more": False,
    }
    inside = _ask(world, music / "abba").json()
    assert (inside["parent"], inside["folders"], inside["audio_files"]) == (str(music), [], 1)
    assert _ask(world).json()["folder"] == str(music)  # where nobody's home may be crawled


@pytest.mark.parametrize(
    "folder", ["/", "..", "/etc", "{music}/out", "{music}/abba/../../secret", "{music}/nowhere", "a\0b"]
)
def test_nothing_outside_is_looked_into(world: World, music: Path, folder: str) -> None:
    answer = _ask(world, folder.format(music=music))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_playlist")
    assert "secret" not in answer.text.replace(folder.format(music=music), "")


@pytest.mark.parametrize(("address", "is_here"), [("127.0.0.1", True), ("::1", True), ("192.168.0.7", False)])
def test_who_sits_at_another_machine_is_told_nothing(address: str, is_here: bool) -> None:
    scope = {"method": "GET", "path": "/folders", "query_string": b"", "headers": (), "http_version": "1.1"}
    event = event_of({**scope, "client": (address, 5000)}, b"")
    with nullcontext() if is_here else pytest.raises(NotServedHere):
        check_is_here(event)


def test_who_comes_through_a_proxy_is_told_nothing(world: World, music: Path) -> None:
    answer = _ask(world, music, **{"X-Forwarded-For": "192.0.2.7"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "not_served_here")
    assert "abba" not in answer.text
