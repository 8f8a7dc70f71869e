"""`make demo`: the whole pipeline on real music, from a folder of audio files to answers, in a state of its own."""

import shutil
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from config.local import ROOT, LocalSettings
from demo.music import DemoMusic, demo_music
from demo.page import Ending, stay
from earshot.api_answers import SimilarJson
from earshot.api_client import ApiClient
from earshot.errors import InvalidPlaylist, LocalStackError
from earshot.intake import start_crawl
from earshot.playlists import parse_playlist
from local.stack import Stack
from ops.commands import name_of, neighbours_table, summary
from ops.connection import use_local_aws
from ops.following import Follower, Standing
from ops.progress import Display, console
from ops.terminal import Say

_SHOWN = 4
_NEIGHBOURS = 4


class Stages:
    """When each stage of the crawl was over, as seen from outside."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self.seconds: dict[str, float] = {}

    def note(self, standing: Standing) -> None:
        """Look at how far things have come."""
        on_their_way = standing.total - standing.settled
        if not standing.reading and standing.total:
            self._over("playlist read, every track registered")
            if standing.states["pending"] == 0:
                self._over("every preview fetched and embedded")
                if not on_their_way:
                    self._over("every track searchable")

    def _over(self, stage: str) -> None:
        self.seconds.setdefault(stage, time.monotonic() - self._started)


def run(settings: LocalSettings, music: Path | None, ending: Ending, say: Say) -> int:
    """Run the demo. 0 when tracks have become searchable and have neighbours."""
    began = time.monotonic()
    if music is not None and not music.expanduser().is_dir():
        raise InvalidPlaylist(f"no folder {music}", hint="make demo MUSIC=<a folder with audio files>")
    settings = _own_settings(settings)
    shutil.rmtree(settings.local_dir, ignore_errors=True)  # a fresh state, so that the demo shows all of the work
    use_local_aws(settings.aws_url)
    with ThreadPoolExecutor(1) as aside:
        chosen = aside.submit(_choose, music)
        with Stack(settings, say) as stack:
            up_s = time.monotonic() - began
            playlist = chosen.result()
            music_s = time.monotonic() - began
            for line in playlist.about:
                say(line)
            stages = _crawl(stack, playlist.folder, say)
            answers_s = _show_neighbours(stack)
            _show_times(stack, {"stack up": up_s, "music at hand": music_s}, stages, answers_s)
            say(f"The demo took {time.monotonic() - began:.1f} s. Next: make up, then make crawl PLAYLIST=~/Music")
            if ending.keeps_on:
                stay(stack, ending, say)
    return 0


def _own_settings(settings: LocalSettings) -> LocalSettings:
    """The demo never touches a stack that runs, nor the state of one."""
    with socket.socket() as first, socket.socket() as second:
        for probe in (first, second):
            probe.bind(("127.0.0.1", 0))
        ports = (first.getsockname()[1], second.getsockname()[1])
    changed = {"local_dir": settings.local_dir / "demo", "port": ports[0], "local_aws_port": ports[1]}
    return settings.model_copy(update=changed)


def _choose(music: Path | None) -> DemoMusic:
    if music is not None:
        return DemoMusic(music.expanduser().resolve(), (f"Your music: {music}",))
    found = demo_music(ROOT / ".cache" / "demo-music")
    how = "Your own instead: make demo MUSIC=~/Music"
    return DemoMusic(found.folder, ("The demo's playlist:", *(f"  {line}" for line in found.about), how))


def _crawl(stack: Stack, folder: Path, say: Say) -> Stages:
    deployment = stack.deployment
    stages = Stages()
    crawl_id = start_crawl(parse_playlist(str(folder)), crawls=deployment.crawls, crawl_queue=deployment.crawl_queue)
    with Display("crawl") as display:

        def watch(standing: Standing) -> None:
            stages.note(standing)
            display.show(standing)

        standing, progress = Follower(deployment, ApiClient(stack.settings.api_url)).crawl(crawl_id, watch)
    if error := progress.summary.error:
        raise LocalStackError(error["message"], hint=error["hint"])
    say(summary(standing))
    if not standing.searchable:
        raise LocalStackError("no track became searchable", hint="make demo MUSIC=<a folder with audio files>")
    return stages


def _show_neighbours(stack: Stack) -> float:
    """Print the neighbours of a few tracks, spread over the playlist; mean seconds per query."""
    api = ApiClient(stack.settings.api_url)
    crawl_id = stack.deployment.crawls.list(1)[0].crawl_id
    ids = [entry.track_id for entry in stack.deployment.crawls.entries(crawl_id) if entry.track_id]
    known = [track for track in map(api.track, ids) if track and track["indexed"]]
    chosen = known[:: max(1, len(known) // _SHOWN)][:_SHOWN]
    if not chosen:
        return 0.0
    asking_s = 0.0
    for track in chosen:
        began = time.monotonic()
        found: SimilarJson = api.get("/similar", track_id=track["track_id"], k=_NEIGHBOURS).checked()
        asking_s += time.monotonic() - began
        console().print(neighbours_table(found, f"{name_of(track)} sounds like"))
    return asking_s / len(chosen)


def _show_times(stack: Stack, setup: dict[str, float], stages: Stages, answer_s: float) -> None:
    table = Table(title="How long it took", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("what")
    table.add_column("seconds", justify="right")
    for what, seconds in {**setup, **stages.seconds}.items():
        table.add_row(what, f"{seconds:.1f}")
    table.add_section()
    for name, invocations, records, seconds in stack.board.work():
        table.add_row(f"{name}: {records} records, {invocations} invocations", f"{seconds:.1f}")
    table.add_row("one query", f"{answer_s:.3f}")
    console().print(table)
