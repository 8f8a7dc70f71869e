"""`python -m bench.queries.recorded` (`make bench-recorded`): does what a microphone hears find its track? 1 on a miss.

Chromium's microphone is fed with parts of the catalogue's clips; the page's own recorder makes a file of them,
which the extractor's code hears and the API's code asks with. The catalogue is the demo's music, or folders given (what
sits in one folder is by one artist). A trial is won when the very clip comes first.
"""

import argparse
import base64
import json
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from playwright.sync_api import sync_playwright

from api.answers.recorded import asked, noise_directions
from bench.queries.noise import START_S, heard_as_they_are, part_of, with_noise
from config.extract import ModelSettings
from earshot.networks import DEFAULT_NETWORK, NETWORKS
from earshot.recipes import default_recipe
from extractor.audio.decode import decode
from extractor.audio.level import as_loud_as_records, is_quiet
from extractor.extract import extract_audio
from extractor.networks.loading import load_network
from lab.corpus import Clip
from lab.encoding import RATE, Samples
from lab.evaluating import music
from lab.fitting import fitted
from tests.browser.site import CHROMIUM, FLAGS

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results" / "recorded.json"
TRIALS, LEAST = 50, 45
SECONDS: Final = 11
_LATER_S = 5
_AT_ONCE = 8
_RECORD: Final = """async (seconds) => {
  const { record } = await import("/recorder.js");
  const recording = await record({ onLevel() {}, onSecond() {} });
  setTimeout(recording.stop, 1000 * seconds);
  const bytes = new Uint8Array(await (await recording.done).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""
CONDITIONS: Final[Mapping[str, Callable[[Samples, int], Samples]]] = {
    "as it is": lambda samples, _: samples,
    "20 dB quieter": lambda samples, _: samples * np.float32(0.1),
    "white noise at 10 dB": lambda samples, seed: with_noise(samples, "white", seed),
    "pink noise at 10 dB": lambda samples, seed: with_noise(samples, "pink", seed),
}
_load = cache(load_network)


def main() -> int:
    """Record, ask, print, write bench/results/recorded.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.queries.recorded")
    parser.add_argument("folders", nargs="*", type=Path, help="folders of music")
    parser.add_argument("--trials", type=int, default=TRIALS)
    options = parser.parse_args()
    clips, raw = heard_as_they_are(music(options.folders), NETWORKS[DEFAULT_NETWORK])
    transform = fitted(default_recipe(NETWORKS[DEFAULT_NETWORK]), raw)
    catalogue, noise = transform(raw[:, 0]), noise_directions(DEFAULT_NETWORK, transform)

    def wins(hearings: Sequence[Samples], number: int) -> bool:
        question = asked(list(transform(np.stack(hearings))), noise, lambda vector: float((catalogue @ vector).max()))
        return int(np.argmax(catalogue @ question.vector)) == number % len(clips)

    won: dict[str, int] = {}
    plainly: dict[str, int] = {}
    with page_files() as url, ProcessPoolExecutor(_AT_ONCE) as workers:
        for name in CONDITIONS:
            trial = partial(heard_by_microphone, clips, url, name)
            heard = [*workers.map(trial, range(options.trials))]
            won[name] = sum(wins(hearings, number) for number, hearings in enumerate(heard))
            plainly[name] = sum(
                int(np.argmax(catalogue @ transform(hearings[0][None])[0])) == number % len(clips)
                for number, hearings in enumerate(heard)
            )
            least = LEAST * options.trials / TRIALS
            print(
                f"{'ok  ' if won[name] >= least else 'MISS'} {name:<22} first in {won[name]} of {options.trials}   "
                f"target >= {least:g}   (asked as it came: {plainly[name]})",
                flush=True,
            )
    kept = {"clips": len(clips), "trials": options.trials, "first": won, "first, asked as it came": plainly}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return 1 if min(won.values()) < LEAST * options.trials / TRIALS else 0


def heard_by_microphone(clips: Sequence[Clip], url: str, condition: str, number: int) -> list[Samples]:
    """The embeddings of trial `number`: as it was recorded, and of a quiet one as loud as records are."""
    again, which = divmod(number, len(clips))
    samples = part_of(clips[which], START_S + _LATER_S * again)
    audio_file = recorded(CONDITIONS[condition](samples, number), url)
    network = _load(DEFAULT_NETWORK, ModelSettings.load().model_dir)
    audio = decode(audio_file, network.rate, network.min_seconds)
    levels = [audio, as_loud_as_records(audio)] if is_quiet(audio) else [audio]
    return [extract_audio(one, network).embedding.embedding for one in levels]


def recorded(samples: Samples, url: str) -> bytes:
    """The file that the page makes of what its microphone hears: (n, 2) at `RATE`."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as wave, sync_playwright() as playwright:
        soundfile.write(wave.name, np.clip(samples, -1, 1), RATE, subtype="PCM_16")
        microphone = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            headless=True,
            args=[*FLAGS, *microphone, f"--use-file-for-fake-audio-capture={wave.name}"],
        )
        page = browser.new_page()
        page.goto(f"{url}/recorder.js")  # any page of this origin
        content = page.evaluate(_RECORD, SECONDS)
        browser.close()
    return base64.b64decode(content)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def page_files() -> Iterator[str]:
    """The address where the page's files are served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(ROOT / "api" / "page"))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


if __name__ == "__main__":
    sys.exit(main())
