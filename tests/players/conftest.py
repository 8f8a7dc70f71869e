"""Supysonic with forty songs, a stack that has crawled it, and the proxy between it and its players."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import av
import numpy as np
import pytest

from tests.aws import free_ports
from tests.e2e.conftest import ROOT, LocalStack, until

USER, PASSWORD = "me", "secret"
PLAYLIST = "All forty, & more"
"""Of all songs, kept by the server."""
_ALBUMS, _SONGS = 5, 8
_RATE_HZ, _LENGTH_S = 22_050, 8
_BIN = ROOT / ".cache" / "players" / "bin"
"""Made by `scripts/tool-environment players`."""


@dataclass(frozen=True)
class Serving:
    """A process that answers at `url`."""

    url: str
    log: Path


@contextmanager
def _process(words: list[str], url: str, log: Path, folder: Path, env: dict[str, str]) -> Iterator[Serving]:
    with log.open("wb") as output:
        process = subprocess.Popen(words, cwd=folder, env=env, stdout=output, stderr=subprocess.STDOUT)
    try:
        until(lambda: process.poll() is not None or _answers(url), 30, url)
        assert process.poll() is None, log.read_text()
        yield Serving(url, log)
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/rest/ping.view?u={USER}&p={PASSWORD}&c=test&f=json", timeout=5):  # noqa: S310
            return True
    except OSError:
        return False


def _write_song(path: Path, number: int) -> None:
    """Eight seconds of a chord, pulsing or not, with more or less noise: no two alike."""
    time = np.arange(_RATE_HZ * _LENGTH_S) / _RATE_HZ
    pitch = 110 * 2 ** (number % 24 / 12)
    sound = sum(np.sin(2 * np.pi * pitch * part * time) / part for part in range(1, 3 + number % 5))
    sound = sound * (0.6 + 0.4 * np.sign(np.sin(2 * np.pi * (1 + number % 4) * time)))
    sound = sound + 0.03 * (number % 7) * np.random.default_rng(number).standard_normal(len(time))
    samples = (sound / np.abs(sound).max() * 0.6 * 32767).astype(np.int16)
    with av.open(str(path), "w", format="mp3") as container:
        album, place = divmod(number, _SONGS)
        tags = {"title": f"Song {number}", "artist": f"Artist {album}", "album": f"Album {album}"}
        container.metadata.update({**tags, "track": str(place + 1), "genre": "Test", "date": "2001"})
        stream = container.add_stream("mp3", rate=_RATE_HZ, layout="mono")
        for start in range(0, len(samples), 1152):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1152], format="s16p", layout="mono")
            frame.sample_rate, frame.pts = _RATE_HZ, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture(scope="session")
def supysonic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A real Subsonic server with a user and forty songs."""
    folder = tmp_path_factory.mktemp("supysonic")
    for number in range(_ALBUMS * _SONGS):
        album = folder / "music" / f"Artist {number // _SONGS}" / f"Album {number // _SONGS}"
        album.mkdir(parents=True, exist_ok=True)
        _write_song(album / f"{number % _SONGS + 1:02} Song {number}.mp3", number)
    (folder / "supysonic.conf").write_text(
        f"[base]\ndatabase_uri = sqlite:///{folder}/supysonic.db\n"
        f"[webapp]\ncache_dir = {folder}/cache\n"
        f"[daemon]\nsocket = {folder}/supysonic.sock\nrun_watcher = off\n"
    )
    env = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    for words in (
        ["user", "add", USER, "--password", PASSWORD],
        ["folder", "add", "music", str(folder / "music")],
        ["folder", "scan", "music", "--foreground"],
    ):
        subprocess.run([_BIN / "supysonic-cli", *words], cwd=folder, env=env, check=True, capture_output=True)
    (port,) = free_ports(1)
    words = [str(_BIN / "supysonic-server"), "-S", "waitress", "-h", "127.0.0.1", "-p", str(port)]
    with _process(words, f"http://127.0.0.1:{port}", folder / "server.log", folder, env) as serving:
        _keep_playlist(serving.url)
        yield serving


def _keep_playlist(url: str) -> None:
    def ask(endpoint: str, *more: tuple[str, str]) -> dict[str, Any]:
        query = urlencode([("u", USER), ("p", PASSWORD), ("c", "test"), ("v", "1.12.0"), ("f", "json"), *more])
        with urlopen(f"{url}/rest/{endpoint}.view?{query}", timeout=20) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)["subsonic-response"]
        return found

    songs = ask("search3", ("query", "Song"), ("songCount", "500"))["searchResult3"]["song"]
    assert len(songs) == _ALBUMS * _SONGS
    ask("createPlaylist", ("name", PLAYLIST), *(("songId", song["id"]) for song in songs))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, supysonic: Serving) -> Iterator[LocalStack]:
    """`make up` with this server set, of which a playlist has been crawled by the command, in the owner's words."""
    stack = LocalStack(tmp_path_factory.mktemp("stack") / "state")
    stack.env |= {
        "EARSHOT_SUBSONIC_URL": supysonic.url,
        "EARSHOT_SUBSONIC_USER": USER,
        "EARSHOT_SUBSONIC_PASSWORD": PASSWORD,
    }
    try:
        stack.up()
        words = ["make", "--old-file", "setup", "crawl", f"PLAYLIST=subsonic:{PLAYLIST.lower()}"]
        crawled = subprocess.run(
            words, cwd=ROOT, env=stack.env, capture_output=True, text=True, timeout=200, check=False
        )
        assert crawled.returncode == 0, crawled.stdout + crawled.stderr
        assert "40 of 40 are searchable" in crawled.stdout
        yield stack
    finally:
        stack.close()


@pytest.fixture(scope="session")
def proxy(stack: LocalStack, supysonic: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """`make proxy UPSTREAM=…`."""
    (port,) = free_ports(1)
    words = [sys.executable, "-m", "proxy", "--upstream", supysonic.url, "--port", str(port)]
    words += ["--api", f"http://127.0.0.1:{stack.port}"]
    log = tmp_path_factory.mktemp("proxy") / "proxy.log"
    with _process(words, f"http://127.0.0.1:{port}", log, ROOT, stack.env) as serving:
        yield serving


@pytest.fixture(scope="session")
def player(proxy: Serving) -> "Player":
    """Whatever runs in the players' environment finds the proxy."""
    return Player(proxy.url)


@dataclass(frozen=True)
class Player:
    """Runs programs of tests/players in the players' own environment, against the server at `url`."""

    url: str

    def run(self, program: str, *words: str) -> str:
        """What it prints."""
        return run_in_players_environment(program, self.url, USER, PASSWORD, *words)


def run_in_players_environment(program: str, *words: str, env: Mapping[str, str] | None = None) -> str:
    """What a program of tests/players prints."""
    path = Path(__file__).parent / program
    run = subprocess.run(
        [_BIN / "python", "-W", "ignore", path, *words],
        env={"PATH": "/usr/bin:/bin", **(env or {})}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout
