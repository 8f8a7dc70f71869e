"""What happens to a query on its way: played by somebody else's machine, in a noisy room, over a telephone.

All take and give mono samples (n,) at 44,100 Hz. Pitch and tempo are changed by a phase vocoder (librosa), noise is
drawn from a fixed seed, the telephone is a Butterworth band-pass of the fourth order.
"""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from scipy import signal

from lab.encoding import RATE, Samples

_NOISE_DB, _QUIETER_DB = 10.0, -20.0
_TELEPHONE_HZ = (300.0, 3400.0)
_SEED = 16


def shifted(samples: Samples, semitones: float) -> Samples:
    """Higher by so many semitones, as fast as before."""
    from librosa import effects  # late: seconds, which a rollback has no use for

    found: Samples = effects.pitch_shift(samples, sr=RATE, n_steps=semitones).astype(np.float32)
    return found


def hurried(samples: Samples, speed: float) -> Samples:
    """So many times as fast, as high as before."""
    from librosa import effects  # late, as above

    found: Samples = effects.time_stretch(samples, rate=speed).astype(np.float32)
    return found


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
