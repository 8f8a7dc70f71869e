"""What happens to a query on its way: played by somebody else's machine, in a noisy room, over a telephone.

All take and give mono samples (n,) at 44,100 Hz. Pitch and tempo are changed as players do it, in the time domain
(WSOLA; Verhelst and Roelands 1993; FFmpeg's `atempo`). A plain phase vocoder tears apart the phases of what sounds
together (phasiness; Laroche and Dolson 1999), and networks hear that rather than another pitch. Noise is drawn from a
fixed seed, the telephone is a Butterworth band-pass of the fourth order.
"""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from scipy import signal

from lab.encoding import RATE, Samples

_NOISE_DB, _QUIETER_DB = 10.0, -20.0
_TELEPHONE_HZ = (300.0, 3400.0)
_SEED = 16
_AT_ONCE = 4_096


def shifted(samples: Samples, semitones: float) -> Samples:
    """Higher by so many semitones, as fast as before: played faster, and slowed down again."""
    ratio = 2 ** (semitones / 12)
    return _filtered(
        samples, ("asetrate", f"{RATE * ratio:.0f}"), ("aresample", f"{RATE}"), ("atempo", f"{1 / ratio:.6f}")
    )


def hurried(samples: Samples, speed: float) -> Samples:
    """So many times as fast, as high as before."""
    return _filtered(samples, ("atempo", f"{speed:.6f}"))


def louder(samples: Samples, decibels: float) -> Samples:
    """Louder by so many decibels."""
    return (samples * 10 ** (decibels / 20)).astype(np.float32)


def with_noise(samples: Samples, noise: npt.NDArray[np.floating], decibels: float) -> Samples:
    """With `noise` (n,) so many decibels below; quieter where the sum would not fit into full scale."""
    power = np.mean(samples.astype(np.float64) ** 2) / np.mean(noise**2) / 10 ** (decibels / 10)
    return _fitting(samples + np.sqrt(power) * noise)


def white(n: int) -> npt.NDArray[np.float64]:
    """Noise of equal power at all frequencies (n,)."""
    return np.random.default_rng(_SEED).standard_normal(n)


def pink(n: int) -> npt.NDArray[np.float64]:
    """Noise whose power falls by 3 dB an octave (n,): white noise divided by the root of the frequency, from 20 Hz."""
    spectrum = np.fft.rfft(white(n))
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(np.fft.rfftfreq(n, 1 / RATE), 20.0)), n)


def over_telephone(samples: Samples) -> Samples:
    """What of it lies between 300 and 3,400 Hz."""
    found = signal.sosfilt(signal.butter(4, _TELEPHONE_HZ, "bandpass", fs=RATE, output="sos"), samples)
    return _fitting(np.asarray(found))


def _filtered(samples: Samples, *filters: tuple[str, str]) -> Samples:
    """Through FFmpeg's filters, each with its argument."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="fltp", layout="mono", time_base=Fraction(1, RATE))
    sink = graph.add("abuffersink")
    graph.link_nodes(source, *(graph.add(name, argument) for name, argument in filters), sink).configure()

    def ready() -> Iterator[Samples]:
        while True:
            try:
                yield cast(av.AudioFrame, sink.pull()).to_ndarray()[0]
            except (av.BlockingIOError, av.EOFError):  # it wants more, or there is no more
                return

    found: list[Samples] = [samples[:0]]  # of a few milliseconds nothing may be left
    for start in range(0, len(samples), _AT_ONCE):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + _AT_ONCE].copy(), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        source.push(frame)
        found += ready()
    source.push(None)
    return np.concatenate([*found, *ready()])


def _fitting(samples: npt.NDArray[np.floating]) -> Samples:
    return (samples / max(1.0, float(np.abs(samples).max()))).astype(np.float32)


DISTORTIONS: Mapping[str, Callable[[Samples], Samples]] = {
    "+1 semitone": lambda samples: shifted(samples, 1),
    "-1 semitone": lambda samples: shifted(samples, -1),
    "tempo +5 %": lambda samples: hurried(samples, 1.05),
    "tempo -5 %": lambda samples: hurried(samples, 0.95),
    "-20 dB": lambda samples: louder(samples, _QUIETER_DB),
    "white noise": lambda samples: with_noise(samples, white(len(samples)), _NOISE_DB),
    "pink noise": lambda samples: with_noise(samples, pink(len(samples)), _NOISE_DB),
    "telephone": over_telephone,
}
"""By the name that tables give it; noise 10 dB below the music."""
