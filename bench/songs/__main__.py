"""`python -m bench.songs` (`make bench-songs`): CPU of songs of full length beside that of their own 30 s.

Each goes the way of an own file: cut in the crawler's confined process, decoded in the extractor's, heard by the
network. Songs and clips take turns; figures are CPU seconds of all three processes, the best of some rounds.
"""

import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import psutil
import soundfile
import soxr

from bench.extract.__main__ import Target, cpu_name
from config.extract import ModelSettings
from crawler.cutting.cutter import Cutter
from demo.music import debian_music
from extractor.audio.decoder import Decoder
from extractor.extract import extract_audio
from extractor.networks.musicnn import MusicnnMsd
from tests.music.encoding import Kind, Samples, encoded

_ROOT = Path(__file__).resolve().parents[2]
_RESULTS = _ROOT / "bench" / "results" / "songs.json"
_RATE = 44_100
_SONG_S, _CLIP_S = 240, 30
_SONGS = 3
_ROUNDS = 3
_MOST = 10 * 2**20
_KINDS: Mapping[str, tuple[int, Kind]] = {
    "mp3": (_RATE, Kind("mp3", "libmp3lame", 192_000)),
    "mp3, variable, no length": (
        _RATE, Kind("mp3", "libmp3lame", None, {"flags": "+qscale", "global_quality": "236"}, {"write_xing": "0"})
    ),
    "flac": (_RATE, Kind("flac", "flac")),
    "ogg vorbis": (_RATE, Kind("ogg", "vorbis", 160_000, {"strict": "experimental"})),
    "opus": (48_000, Kind("ogg", "libopus", 128_000)),
    "m4a, aac": (_RATE, Kind("ipod", "aac", 192_000)),
    "m4a, alac": (_RATE, Kind("ipod", "alac")),
    "wav": (_RATE, Kind("wav", "pcm_s16le")),
    "aiff": (_RATE, Kind("aiff", "pcm_s16be")),
    "wma": (_RATE, Kind("asf", "wmav2", 192_000)),
    "wv": (_RATE, Kind("wv", "wavpack")),
    "webm, opus": (48_000, Kind("webm", "libopus", 128_000)),
}  # fmt: skip


class House:
    """The two confined processes and the network."""

    def __init__(self) -> None:
        self._network = MusicnnMsd(ModelSettings.load().model_dir)
        self._cutter, self._decoder = Cutter(), Decoder(self._network.rate, self._network.min_seconds)

    def cpu_s(self, path: Path) -> float:
        """CPU seconds from the file to its features."""
        before = self._spent()
        with path.open("rb") as file:
            clip = self._cutter.clip(file, max_bytes=_MOST)
        extract_audio(self._decoder.decode(clip), self._network)
        return self._spent() - before

    def close(self) -> None:
        """End both."""
        self._cutter.close()
        self._decoder.close()

    def _spent(self) -> float:
        times = [psutil.Process(pid).cpu_times() for pid in (self._cutter.pid, self._decoder.pid) if pid]
        return time.process_time() + sum(spent.user + spent.system for spent in times)


def main() -> int:
    """Measure, print, and keep the figures in bench/results/songs.json."""
    house, rows = House(), {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, (rate, kind)) in enumerate(_KINDS.items()):
            files = list(_files(Path(folder) / str(number), rate, kind))
            for path in files[0]:
                house.cpu_s(path)  # warm
            clip, song = (sum(figures) for figures in zip(*(_best(house, *pair) for pair in files), strict=True))
            rows[name] = {"clip_s": clip / len(files), "song_s": song / len(files), "ratio": song / clip}
            print(f"{name}: {rows[name]}", file=sys.stderr)
    house.close()
    clips, songs = (sum(row[what] for row in rows.values()) for what in ("clip_s", "song_s"))
    targets = [Target("a song of four minutes, in units of its clip, mixed formats", songs / clips, 1.5)]
    outcome = {
        "machine": f"{cpu_name()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "targets": [{"what": t.what, "figure": t.figure, "bound": t.bound, "met": t.met} for t in targets],
        "songs_per_cpu_s": len(rows) / songs,
        "clips_per_cpu_s": len(rows) / clips,
        "formats": rows,
    }
    _RESULTS.write_text(json.dumps(outcome, indent=1) + "\n")
    print("\n".join(["| what | target | measured | |", "|---|---|---|---|", *(target.row() for target in targets), ""]))
    print("| format | clip, ms of CPU | song of 4 minutes | ratio |\n|---|---|---|---|")
    for name, row in rows.items():
        print(f"| {name} | {1000 * row['clip_s']:.0f} | {1000 * row['song_s']:.0f} | {row['ratio']:.2f} |")
    return 0 if all(target.met for target in targets) else 1


def _files(folder: Path, rate: int, kind: Kind) -> list[tuple[Path, Path]]:
    """Pairs of a clip and the song that it is the middle of."""
    folder.mkdir()
    pairs = []
    for number, samples in enumerate(_songs(rate)):
        middle = len(samples) // 2
        clip = samples[middle - _CLIP_S * rate // 2 : middle + _CLIP_S * rate // 2]
        pair = folder / f"{number}-clip", folder / f"{number}-song"
        for path, part in zip(pair, (clip, samples), strict=True):
            path.write_bytes(encoded(part, rate, kind))
        pairs.append(pair)
    return pairs


def _songs(rate: int) -> list[Samples]:
    """The demo's longest pieces, again and again until they last as long as a song."""
    pieces = [path for path in debian_music(_ROOT / ".cache" / "demo-music").folder.rglob("*") if path.is_file()]
    longest = sorted(pieces, key=lambda path: -soundfile.info(path).duration)[:_SONGS]
    return [_long_enough(path, rate) for path in longest]


def _long_enough(path: Path, rate: int) -> Samples:
    samples, own_rate = soundfile.read(path, dtype="float32", always_2d=True)
    stereo = soxr.resample(np.repeat(samples, 2, axis=1)[:, :2] if samples.shape[1] == 1 else samples, own_rate, rate)
    repeated: Samples = np.tile(stereo, (-(-_SONG_S * rate // len(stereo)), 1))[: _SONG_S * rate]
    return np.clip(repeated, -1, 1)


def _best(house: House, clip: Path, song: Path) -> tuple[float, float]:
    rounds = [(house.cpu_s(clip), house.cpu_s(song)) for _ in range(_ROUNDS)]
    return min(first for first, _ in rounds), min(second for _, second in rounds)


if __name__ == "__main__":
    sys.exit(main())
