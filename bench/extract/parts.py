"""`python -m bench.extract.parts NAME`: one measurement in a process of its own, as JSON on standard output.

Times are CPU seconds of the best of several rounds, everything taking turns clip by clip, on one core: figures of
machines that others share are only comparable within one run.
"""

import io
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import soundfile

from annoy_service.fit import Statistics, fit, offset_of
from bench.figures import Figures
from config.extract import ModelSettings
from earshot.errors import AudioRejected
from earshot.networks import MUSICNN
from earshot.recipes import default_recipe
from extractor.audio.decode import decode
from extractor.audio.decoder import Decoder
from extractor.audio.loudness import LoudnessMeter
from extractor.extract import extract_audio
from extractor.music.key import key_of
from extractor.music.tempo import onsets_of, pulse_of
from extractor.networks.mel import HOP, MelBank, log_compressed
from extractor.networks.model_files import load_model_files
from extractor.networks.musicnn import MusicnnMsd, drift, patches
from tests.corpus import clips, hostile_cases, hostile_dir

_MODEL_DIR = ModelSettings.load().model_dir
ROUNDS = 10
CLIPS = 20
CLIPS_DESCRIBED = 8
_BLOCK = 65_536
Array = npt.NDArray[np.float32]


def pipeline() -> Figures:
    """The whole pipeline beside soundfile's decoding alone, and its stages."""
    network = MusicnnMsd(_MODEL_DIR)
    bank = MelBank(load_model_files(_MODEL_DIR, MUSICNN.name).filterbank)
    decoder = Decoder(network.rate, network.min_seconds)
    files = [clip.path.read_bytes() for clip in clips()[:CLIPS]]
    audio = [decode(data, network.rate, 1).samples for data in files]
    spectrograms = [log_compressed(bank.power(samples)) for samples in audio]
    best = in_turns(
        {
            "decode_alone": lambda i: soundfile.read(io.BytesIO(files[i]), dtype="float32", always_2d=True),
            "pipeline": lambda i: extract_audio(decode(files[i], network.rate, network.min_seconds), network),
            "decode_mix_resample": lambda i: decode(files[i], network.rate, 1),
            "spectrogram": lambda i: log_compressed(bank.power(audio[i])),
            "network": lambda i: network.hear(patches(spectrograms[i])),
        },
        len(files),
    )
    started = time.perf_counter()
    for data in files:
        extract_audio(decoder.decode(data), network)
    isolated = (time.perf_counter() - started) / len(files)
    decoder.close()
    return {
        **best,
        "isolated_wall_ms": isolated * 1000,
        "peak_mib": peak_mib(),
        "child_peak_mib": peak_mib(children=True),
    }


def describing() -> Figures:
    """What tempo, key and loudness cost, beside the whole pipeline, of which they are a part."""
    network = MusicnnMsd(_MODEL_DIR)
    bank = MelBank(load_model_files(_MODEL_DIR, MUSICNN.name).filterbank)
    files = [clip.path.read_bytes() for clip in clips()[:CLIPS_DESCRIBED]]
    raw = [soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True) for data in files]
    audio = [decode(data, network.rate, 1).samples for data in files]
    onsets = [onsets_of(log_compressed(bank.power(samples)), network.rate / HOP) for samples in audio]

    def loudness(i: int) -> None:
        samples, rate = raw[i]
        meter = LoudnessMeter(rate, samples.shape[1])
        for start in range(0, len(samples), _BLOCK):
            meter.add(samples[start : start + _BLOCK])
        meter.measured()

    best = in_turns(
        {
            "pipeline": lambda i: extract_audio(decode(files[i], network.rate, network.min_seconds), network),
            "loudness": loudness,
            "tempo": lambda i: pulse_of(onsets[i]),
            "key": lambda i: key_of(audio[i], network.rate),
        },
        len(files),
    )
    own = best["loudness_ms"] + best["tempo_ms"] + best["key_ms"]
    return {**best, "of_the_rest": own / (best["pipeline_ms"] - own)}


def graphs() -> Figures:
    """The pruned graph beside the published one: time, features, neighbours."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    from extractor.model.checkpoint import read_weights, wheel_path  # TensorFlow, here alone
    from extractor.model.plain_graph import plain_graph
    from extractor.model.pruning import prune

    weights = read_weights(wheel_path())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    files = load_model_files(_MODEL_DIR, MUSICNN.name)
    sessions = {
        "plain": onnxruntime.InferenceSession(
            plain_graph(weights, prune(weights).channels).SerializeToString(), options
        ),
        "pruned": onnxruntime.InferenceSession(files.graph, options),
    }
    bank = MelBank(files.filterbank)
    inputs = [patches(log_compressed(bank.power(decode(c.path.read_bytes(), 16_000, 1).samples))) for c in clips()]

    def heard(name: str, i: int) -> Array:
        return np.concatenate([sessions[name].run(None, {"patches": patch[None]})[0] for patch in inputs[i]])

    best = in_turns({name: lambda i, name=name: heard(name, i) for name in sessions}, 4, rounds=3)  # type: ignore[misc]
    raw = {
        name: np.stack([np.stack([f.mean(axis=0), drift(f)]) for f in (heard(name, i) for i in range(len(inputs)))])
        for name in sessions
    }
    plain, pruned = raw["plain"][:, 0], raw["pruned"][:, 0]
    difference = np.abs(plain - pruned)
    top = {name: neighbours(values) for name, values in raw.items()}
    return {
        **best,
        "max_delta_penultimate_and_means": float(difference[:, :412].max()),
        "max_delta_maxima_of_their_size": float((difference / np.maximum(1, np.abs(plain)))[:, 412:].max()),
        "max_delta_maxima": float(difference[:, 412:].max()),
        "largest_maximum": float(plain[:, 412:].max()),
        "same_top_10": int((top["plain"] == top["pruned"]).all(axis=1).sum()),
        "clips": len(inputs),
    }


def neighbours(raw: Array) -> npt.NDArray[np.intp]:
    """(n, 10) ordered neighbours among n clips through the catalogue transform; raw (n, 2, 624)."""
    recipe = default_recipe(MUSICNN)
    statistics = Statistics(offset_of(recipe))
    statistics.add(raw)
    vectors = fit(recipe, statistics)(raw[:, 0])
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -2)
    ordered: npt.NDArray[np.intp] = np.argsort(-similarities, axis=1, kind="stable")[:, :10]
    return ordered


def worker() -> Figures:
    """As many clips as fit into some seconds of one core, decoded in the usual child process."""
    core, seconds = int(sys.argv[2]), float(sys.argv[3])
    os.sched_setaffinity(0, {core})
    network = MusicnnMsd(_MODEL_DIR)
    decoder = Decoder(network.rate, network.min_seconds)
    files = [clip.path.read_bytes() for clip in clips()]
    extract_audio(decoder.decode(files[0]), network)
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        extract_audio(decoder.decode(files[done % len(files)]), network)
        done += 1
    elapsed = time.perf_counter() - started
    decoder.close()
    return {"clips_per_s": done / elapsed}


def hostile() -> Figures:
    """Every hostile input: what it got, how long it took, and the highest memory of either process until then."""
    network = MusicnnMsd(_MODEL_DIR)
    rows = []
    for file, expected in hostile_cases().items():
        decoder = Decoder(network.rate, network.min_seconds)
        data = (hostile_dir() / file).read_bytes()
        started = time.perf_counter()
        try:
            outcome = f"ok, {extract_audio(decoder.decode(data), network).seconds:.1f} s"
        except AudioRejected as error:
            outcome = error.reason
        took = time.perf_counter() - started
        rows.append([file, len(data), expected, outcome, took * 1000, high_water_mib(decoder.pid)])
        decoder.close()
    return {"rows": rows, "peak_mib": peak_mib()}


def in_turns(jobs: dict[str, Callable[[int], object]], count: int, *, rounds: int = ROUNDS) -> dict[str, float]:
    """Milliseconds of CPU per item of each job: per item the best of all rounds, then the mean."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    best = {name: [float("inf")] * count for name in jobs}
    for _ in range(rounds):
        for i in range(count):
            for name, job in jobs.items():
                started = time.process_time()
                job(i)
                best[name][i] = min(best[name][i], time.process_time() - started)
    return {f"{name}_ms": sum(times) / count * 1000 for name, times in best.items()}


def peak_mib(*, children: bool = False) -> float:
    """Highest resident memory of this process, or of its largest child that has ended."""
    who = resource.RUSAGE_CHILDREN if children else resource.RUSAGE_SELF
    return resource.getrusage(who).ru_maxrss / 1024


def high_water_mib(pid: int | None) -> float:
    """Highest resident memory of another process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


PARTS = {part.__name__: part for part in (pipeline, describing, graphs, worker, hostile)}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]]()))
