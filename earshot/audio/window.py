"""Which part of a long file is heard: thirty seconds that sound throughout, as near to the middle as there are any.

docs/adr/0019 tells how the rule was chosen, `bench/windows` measures it.
"""

import math
import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from fractions import Fraction
from operator import mul

from av.audio.frame import AudioFrame

from earshot.audio.container import OpenedAudio, decoded

CLIP_S = 30
AS_IT_IS_S = CLIP_S + 1
"""A file that is up to a second longer than a clip is heard whole."""
TOLERANCE_DB = 6.0
"""A window that is so much quieter than the loudest is as good, if it lies nearer to the middle."""
FLOOR_DB = -72.0
"""Quieter is silence, of which none is deeper than another."""

_PROBES, _PROBES_IN_SILENCE = 16, 64
_PROBE_S = 0.25
_UNSURE_S = 0.1
_EVERY = 7
"""Of so many samples one will do: a level does not depend on the rate."""
_SAMPLES = {"u8": ("B", 2.0**7, 128), "s16": ("h", 2.0**15, 0), "s32": ("i", 2.0**31, 0), "s64": ("q", 2.0**63, 0),
            "flt": ("f", 1.0, 0), "dbl": ("d", 1.0, 0)}  # fmt: skip
"""By FFmpeg's names: how Python reads samples, their full scale, and what is silence."""
_INSIDE_S = (4, 11, 19, 26)
"""Where a window is listened to once more, where it holds few of the probes."""
_CLOSER_LOOKS = 4
_ENOUGH_S = 6.0
"""Codecs that take long to decode are listened to at fewer places."""
_COUNTED_S = 60
_FINEST = 1_000_000
_TAIL_S = 3

Levels = Mapping[Fraction, float]
"""By the second at which they were measured: levels in dB of full scale."""


def length_s(audio: OpenedAudio) -> Fraction:
    """Length in seconds: what the file states where there is audio up to there, else as its packets are counted."""
    stated = audio.stated_s
    if stated and stated > _COUNTED_S and audio.seek(stated - _TAIL_S) and next(audio.packets(), None):
        return stated
    return counted_s(audio)


def counted_s(audio: OpenedAudio) -> Fraction:
    """Length in seconds, by its packets."""
    audio.seek(Fraction(0))
    end = 0.0
    for packet in audio.packets():
        begins = audio.time_of(packet)
        if begins is not None:
            end = max(end, begins + audio.length_of(packet))
    return Fraction(end).limit_denominator(_FINEST)


def clip_start(audio: OpenedAudio, length: Fraction, first: Fraction = Fraction(0)) -> Fraction:
    """Second at which the clip begins, of the `length` seconds of a file from the second `first` on."""
    return first + (_best_start(_Ear(audio, first), length) if length > CLIP_S else 0)


def _best_start(ear: "_Ear", length: Fraction) -> Fraction:
    """The same, counted from where the ear begins to listen."""
    levels = dict[Fraction, float]()
    for count in (_PROBES, _PROBES_IN_SILENCE):
        levels |= ear.levels(spread(length, count))
        if max(levels.values(), default=FLOOR_DB) > FLOOR_DB:
            break
    candidates = best_first(levels, length)
    if length / _PROBES <= CLIP_S / 3:
        return candidates[0]
    enough = max(window_level(levels, start) for start in candidates) - TOLERANCE_DB
    looks: dict[Fraction, float] = {}
    for start in candidates[:_CLOSER_LOOKS]:
        looks[start] = mean_level(ear.levels(start + at for at in _INSIDE_S))
        if looks[start] >= enough:
            return start
    return max(looks, key=looks.__getitem__)


def best_first(levels: Levels, length: Fraction, tolerance_db: float = TOLERANCE_DB) -> list[Fraction]:
    """Where a window may begin: those as loud as any from the middle outwards, then the others by their level."""
    middle = (length - CLIP_S) / 2
    step = length / max(1, len(levels))
    reach = int(middle / step)
    starts = {Fraction(0), length - CLIP_S, *(middle + turn * step for turn in range(-reach, reach + 1))}
    level_of = {start: window_level(levels, start) for start in starts}
    enough = max(level_of.values()) - tolerance_db
    return sorted(starts, key=lambda start: (max(0.0, enough - level_of[start]), abs(start - middle), start))


def window_level(levels: Levels, start: Fraction) -> float:
    """The mean of the levels in the window that begins at `start`, of the nearest one where it holds none.

    In decibels: a gap takes more away than a loud moment can give.
    """
    places = sorted(levels)
    first, last = bisect_left(places, start), bisect_left(places, start + CLIP_S)
    if first < last:
        return mean_level({at: levels[at] for at in places[first:last]})
    nearest = min(places, key=lambda at: abs(at - start - CLIP_S / 2), default=None)
    return FLOOR_DB if nearest is None else levels[nearest]


def mean_level(levels: Levels) -> float:
    """The mean, in dB."""
    return sum(levels.values()) / len(levels) if levels else FLOOR_DB


def spread(length: Fraction, count: int) -> list[Fraction]:
    """The middles of `count` equal parts, in an order that covers the whole whenever one stops: halves, quarters, …"""
    digits = (count - 1).bit_length()
    order = sorted(range(count), key=lambda number: f"{number:0{digits}b}"[::-1])
    return [length * (2 * number + 1) / (2 * count) for number in order]


class _Ear:
    """Listens to an opened file for moments, while there is time. Places are counted from the second `first` on."""

    def __init__(self, audio: OpenedAudio, first: Fraction) -> None:
        self._audio = audio
        self._first = first
        self._until = time.monotonic() + _ENOUGH_S

    def levels(self, places: Iterable[Fraction]) -> dict[Fraction, float]:
        """The level after each place; the first is always listened to."""
        found: dict[Fraction, float] = {}
        for place in places:
            if found and time.monotonic() > self._until:
                break
            found[place] = max(FLOOR_DB, self._level(place))
        return found

    def _level(self, place: Fraction) -> float:
        """Root mean square of all channels for a moment from `place` on, in dB of full scale."""
        if not self._audio.seek(self._first + place):
            return FLOOR_DB
        heard_s, power, count = 0.0, 0.0, 0
        for packet in self._audio.packets():
            for frame in decoded(packet):
                lasts_s = frame.samples / frame.sample_rate
                if heard_s or lasts_s > _UNSURE_S:  # what a decoder makes of its first packet may be wrong
                    more, samples = _power(frame)
                    power, count = power + more, count + samples
                heard_s += lasts_s
            if heard_s >= _PROBE_S:
                break
        mean = power / max(1, count)
        return 10 * math.log10(mean) if 0 < mean < math.inf else FLOOR_DB


def _power(frame: AudioFrame) -> tuple[float, int]:
    """The sum of the squares of some samples of a frame, full scale being 1, and how many they are."""
    code, full_scale, middle = _SAMPLES.get(frame.format.packed.name, ("b", math.inf, 0))
    count = frame.samples * (1 if frame.format.is_planar else frame.layout.nb_channels)
    total, taken = 0.0, 0
    for plane in frame.planes:
        values = memoryview(plane).cast("B").cast(code)[:count:_EVERY]  # type: ignore[call-overload]
        deviations = [value - middle for value in values] if middle else values
        total += sum(map(mul, deviations, deviations))
        taken += len(values)
    return total / full_scale**2, taken
