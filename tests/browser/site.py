"""A site to browse: an api on a real socket, a catalogue of invented music, and one clip that can be heard."""

import contextlib
import hashlib
import io
import math
import os
import shutil
import socket
import struct
import threading
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn

from api.one_machine.asgi import app
from earshot.covers import SIZES, cover_of
from earshot.descriptors import Descriptors
from earshot.facts import Facts, Learned, recording_of
from earshot.keys import KEYS
from earshot.stores.covers_bucket import CoversBucket
from earshot.track import Track, TrackInfo
from tests.stubs.pictures import picture
from tests.unit.api.world import DIM, World, running_world, track

_SHELL = shutil.which("chromium-headless-shell")
CHROMIUM = os.environ.get("EARSHOT_CHROMIUM") or _SHELL or "/usr/bin/chromium"
"""The browser without its windows where it is installed: a third of the work."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",  # there is none; with the next, a seventh of what a page costs
    "--num-raster-threads=1",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]

STYLES = {
    "electronic": ("Glass", "Neon", "Circuit", "Voltage", "Pulse"),
    "rock": ("Iron", "Gravel", "Thunder", "Rust", "Engine"),
    "folk": ("Meadow", "River", "Harvest", "Willow", "Lantern"),
    "jazz": ("Velvet", "Midnight", "Smoke", "Amber", "Corner"),
    "ambient": ("Drift", "Halo", "Tide", "Aurora", "Hollow"),
    "metal": ("Forge", "Raven", "Obsidian", "Ash", "Wraith"),
    "soul": ("Honey", "Gospel", "Ember", "Silk", "Sunday"),
}
_SECOND = ("Song", "Road", "Dance", "Hour", "Letter", "Machine", "Season")
_NEIGHBOUR = {"electronic": "ambient", "rock": "metal", "folk": "soul", "jazz": "soul", "ambient": "chillout"}


def publish_catalogue(world: World, folder: Path) -> str:
    """Publish 245 invented tracks in seven styles and one file of `folder`; returns the id of the file's track."""
    random = np.random.default_rng(7)
    centres = {style: random.normal(size=DIM) for style in STYLES}
    tracks: list[Track] = []
    vectors = []
    for style, words in STYLES.items():
        for i, word in enumerate(words):
            for j, second in enumerate(_SECOND):
                number = 1000 + len(tracks)
                tags = {style: round(0.5 + 0.4 * float(random.random()), 3)}
                tags[_NEIGHBOUR.get(style, "instrumental")] = round(0.3 * float(random.random()) + 0.05, 3)
                tracks.append(
                    _known(
                        number,
                        title=f"{word} {second}",
                        artists=(f"The {words[(i + j) % 5]} {style.title()} Band",),
                        album=f"{word} Sessions",
                        url=f"https://www.deezer.com/track/{number}",
                        tags=tags,
                        genres=(style,),
                        year=1980 + 5 * i + j,
                        descriptors=_described(number),
                    )
                )
                lean = 0.75 * float(random.random()) ** 2
                toward = centres[random.choice(list(STYLES))]
                vectors.append((1 - lean) * centres[style] + lean * toward + 0.7 * random.normal(size=DIM))
    audio = tone()
    clip = folder / "Own Song.wav"
    clip.write_bytes(audio)
    own = track(
        1,
        track_id=f"file:{hashlib.sha256(audio).hexdigest()[:16]}",
        source="file",
        title="Café del Próprio",
        artists=("Myself",),
        album="At Home",
        tags={"jazz": 0.6, "instrumental": 0.3},
        cover=cover_of(picture(200)),
    )
    tracks.append(own)
    vectors.append(centres["jazz"] + 0.8 * random.normal(size=DIM))
    directions = [(vector / np.linalg.norm(vector)).astype(np.float32) for vector in vectors]
    world.publish(tracks, directions)
    world.table.register(TrackInfo(own.track_id, "file", title=own.info.title, preview_url=clip.as_uri()))
    return own.track_id


def _known(number: int, **said: Any) -> Track:
    """A track of which somebody knows how many listen to it; of every seventh nobody does."""
    found = track(number, **said)
    if number % 7 == 0:
        return found
    facts = Facts(listeners=10 + number % 9 * 3_000)
    return replace(found, learned={"listenbrainz": Learned("2026-11-27", recording_of(found.info.to_row()), facts)})


def _described(number: int) -> Descriptors | None:
    """Of most tracks all; every tenth has neither beat nor key, and every eleventh was heard before these were told."""
    if number % 11 == 0:
        return None
    loudness = -6.0 - number % 15
    if number % 10 == 0:
        return Descriptors(pulse_clarity=0.05, loudness=loudness)
    bpm = 70.0 + 7 * number % 101
    return Descriptors(
        bpm=bpm,
        other_bpm=2 * bpm if bpm < 90 else None,
        pulse_clarity=0.5,
        key=KEYS[5 * number % 24],
        key_confidence=0.7 + 0.03 * (number % 10),
        loudness=loudness,
        loudness_range=4.0,
    )


def tone(seconds: float = 3.0, rate: int = 16_000) -> bytes:
    """A sine as a WAV file."""
    to = io.BytesIO()
    with wave.open(to, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        samples = (int(9000 * math.sin(2 * math.pi * 330 * n / rate)) for n in range(int(seconds * rate)))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return to.getvalue()


@dataclass(frozen=True)
class Site:
    """Where the page is, and what is behind it."""

    url: str
    world: World
    own_track: str


@contextlib.contextmanager
def running_site(folder: Path, **settings: str) -> Iterator[Site]:
    """The api under uvicorn over an AWS within this process, on one machine unless `settings` say otherwise; files go
    to `folder`."""
    own = {"EARSHOT_STAGE": "local", "EARSHOT_FOLDER_ROOTS": "/", "EARSHOT_COVERS_BUCKET": "previews"}
    with running_world(folder / "cache", **{**own, **settings}) as world:
        CoversBucket(world.s3, "previews").put(
            cover_of(picture(200)), {size: picture(200, size, size) for size in SIZES}
        )
        own_track = publish_catalogue(world, folder)
        with serving() as url:
            yield Site(url, world, own_track)


@contextlib.contextmanager
def serving(application: Any = app) -> Iterator[str]:
    """The address at which an ASGI application is served meanwhile; by default the api."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, access_log=False, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
