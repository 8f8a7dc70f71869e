"""Tempo, key and loudness as people write them: `118-126`, `8A±1`, `Am`, `-12..-8`."""

import re

from earshot.errors import InvalidRequest
from earshot.index.described import Span
from earshot.keys import FARTHEST, KEYS, Key, key_named, steps_between

_NUMBER = r"[-−]?[0-9]{1,3}(?:[.,][0-9])?"
_SPAN = re.compile(rf"(?P<least>{_NUMBER})?\s*(?P<dash>\.\.|[-–—]|to)\s*(?P<greatest>{_NUMBER})?")
_ONE = re.compile(_NUMBER)
_NEAR = re.compile(r"(?P<key>.+?)\s*(?:±|\+-|\+/-|~)\s*(?P<steps>[0-9])")
_HALF = 0.5
_UNDER_HALF = 0.4


def tempo_span(text: str) -> Span:
    """The least and the greatest tempo in BPM. A whole number is every tempo that is shown as it.

    Raises:
        InvalidRequest: it is no range of tempi.
    """
    return _span(text, "`bpm`", "Write 122, 118-126, 120- or -100.", signed=False)


def loudness_span(text: str) -> Span:
    """The least and the greatest loudness in LUFS.

    Raises:
        InvalidRequest: it is no range of loudness.
    """
    return _span(text, "`loudness`", "Write -9, -14..-9, -14.. or ..-9: LUFS are below zero.", signed=True)


def keys_meant(text: str) -> frozenset[Key]:
    """The keys that are meant: one, and with `±1` its neighbours on the Camelot wheel, too.

    Raises:
        InvalidRequest: it names no key.
    """
    near = _NEAR.fullmatch(text.strip())
    key = key_named(near["key"] if near else text)
    steps = int(near["steps"]) if near else 0
    if key is None or steps > FARTHEST:
        raise InvalidRequest(
            f"`key` names no key: {text[:40]!r}", hint="Write Am, A minor, F#, Bb or 8A; 8A±1 for its neighbours, too."
        )
    return frozenset(other for other in KEYS if steps_between(key, other) <= steps)


def _span(text: str, what: str, hint: str, *, signed: bool) -> Span:
    text = text.strip()
    if _ONE.fullmatch(text) and (signed or text[0] not in "-−"):
        return _least(text), _greatest(text)
    found = _SPAN.fullmatch(text)
    if found is None or not (found["least"] or found["greatest"]):
        raise InvalidRequest(f"{what} is no range: {text[:40]!r}", hint=hint)
    least = _least(found["least"]) if found["least"] else None
    greatest = _greatest(found["greatest"]) if found["greatest"] else None
    if not signed and any(part and part[0] in "-−" for part in (found["least"], found["greatest"])):
        raise InvalidRequest(f"{what} is no range: {text[:40]!r}", hint=hint)
    if least is not None and greatest is not None and least > greatest:
        raise InvalidRequest(f"{what} ends before it begins: {text[:40]!r}", hint=hint)
    return least, greatest


def _least(text: str) -> float:
    return _value(text) - (0 if _has_tenths(text) else _HALF)


def _greatest(text: str) -> float:
    return _value(text) + (0 if _has_tenths(text) else _UNDER_HALF)


def _has_tenths(text: str) -> bool:
    return "." in text or "," in text


def _value(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "."))
