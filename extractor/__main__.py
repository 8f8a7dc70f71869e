"""`python -m extractor FILE… [--json]`: what the network hears in audio files."""

import argparse
import base64
import io
import json
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np

from config.extract import ModelSettings
from earshot.descriptors import Descriptors
from earshot.errors import AudioRejected, DecoderCrashed, EarshotError
from earshot.keys import camelot
from earshot.networks import NETWORKS
from earshot.reasons import Reason
from extractor.audio.decoder import MAX_BYTES, Decoder
from extractor.extract import Extraction, extract_audio
from extractor.networks.loading import load_network
from extractor.networks.network import Network

_SHOWN_TAGS = 5


class _Unheard(NamedTuple):
    """Why a file was not heard."""

    reason: str
    message: str


def main(arguments: list[str] | None = None) -> int:
    """Print one block (or one line of JSON) per file. 0 when every file could be heard, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m extractor", description="What the network hears in audio files.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="one line of JSON per file, with the whole embedding")
    parser.add_argument("--model", help="one of " + ", ".join(NETWORKS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="files at a time (default: one per core)")
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files are any bytes
    failed = 0
    try:
        settings = ModelSettings.load()
        load = partial(load_network, options.model or settings.model, settings.model_dir)
        for path, outcome in _hear_all(options.files, load, options.jobs):
            failed += isinstance(outcome, _Unheard)
            print(_as_json(path, outcome) if options.json else _as_text(path, outcome), flush=True)
    except EarshotError as error:
        print(f"extractor: {error.message}. {error.hint}".rstrip(), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 1 if failed else 0


def _hear_all(
    paths: list[Path], load: Callable[[], Network], jobs: int
) -> Iterator[tuple[Path, Extraction | _Unheard]]:
    """Outcomes in the order of `paths`. Each job has a network and a decoding process of its own."""
    idle: SimpleQueue[tuple[Network, Decoder]] = SimpleQueue()
    for _ in range(max(1, min(jobs, len(paths)))):
        network = load()
        idle.put((network, Decoder(network.rate, network.min_seconds)))

    def hear(path: Path) -> Extraction | _Unheard:
        network, decoder = idle.get()
        try:
            return _hear(path, network, decoder)
        finally:
            idle.put((network, decoder))

    with ThreadPoolExecutor(idle.qsize()) as pool:
        yield from zip(paths, pool.map(hear, paths), strict=True)
    while not idle.empty():
        idle.get()[1].close()


def _hear(path: Path, network: Network, decoder: Decoder) -> Extraction | _Unheard:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe may never answer, a device never end
            return _Unheard("unreadable", "it is no regular file")
        if status.st_size > MAX_BYTES:
            hint = "`make crawl` takes the middle of it"
            return _Unheard(Reason.TOO_LARGE, f"{status.st_size} bytes, the limit is {MAX_BYTES}; {hint}")
        return extract_audio(decoder.decode(path.read_bytes()), network)
    except (AudioRejected, DecoderCrashed) as error:
        return _Unheard(error.reason, error.message)
    except OSError as error:
        return _Unheard("unreadable", error.strerror or "")


def _as_text(path: Path, outcome: Extraction | _Unheard) -> str:
    if isinstance(outcome, _Unheard):
        return f"{path}\n  {outcome.reason}: {outcome.message}"
    embedding, drift = outcome.embedding.embedding, outcome.embedding.drift
    tags = ", ".join(f"{tag.name} {tag.probability:.2f}" for tag in outcome.tags[:_SHOWN_TAGS]) or "none"
    return (
        f"{path}\n  {outcome.model}, {outcome.seconds:.1f} s heard\n  tags       {tags}\n"
        f"  music      {_in_words(outcome.descriptors)}\n"
        f"  embedding  {_summary(embedding)}\n  drift      {_summary(drift)}"
    )


def _in_words(found: Descriptors) -> str:
    tempo = f"{found.bpm:g} BPM" + (f" (or {found.other_bpm:g})" if found.other_bpm else "") if found.bpm else "no beat"
    key = f"{found.key} ({camelot(found.key)}, {found.key_confidence:.2f})" if found.key else "no key"
    loudness = "silent" if found.loudness is None else f"{found.loudness:g} LUFS"
    return f"{tempo}, {key}, {loudness}"


def _summary(vector: Iterable[float]) -> str:
    values = np.asarray(vector)
    first = " ".join(f"{value:.3f}" for value in values[:4])
    return f"{len(values)} numbers, norm {np.linalg.norm(values):.3f}: {first} …"


def _as_json(path: Path, outcome: Extraction | _Unheard) -> str:
    """Embedding and drift are base64 of little-endian float16, as a track holds them."""
    said: dict[str, object] = {"file": str(path)}
    if isinstance(outcome, _Unheard):
        said |= outcome._asdict()
    else:
        embedding, drift = outcome.embedding.to_bytes()
        said |= {
            "model": outcome.model,
            "seconds": round(outcome.seconds, 3),
            "descriptors": outcome.descriptors.to_row(),
            "tags": {tag.name: round(tag.probability, 4) for tag in outcome.tags},
            "dimensions": len(outcome.embedding.embedding),
            "embedding": base64.b64encode(embedding).decode(),
            "drift": base64.b64encode(drift).decode(),
        }
    return json.dumps(said)


if __name__ == "__main__":
    sys.exit(main())
