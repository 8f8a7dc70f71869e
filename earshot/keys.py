"""Musical keys, and how far they are from each other on the wheel that DJs mix by.

A key is its name: ``C major``, ``F# minor``. The Camelot wheel (Davis 1986; Mixed In Key) numbers the circle of fifths:
``8B`` is C major, ``8A`` its relative A minor; one number on is a fifth up.
"""

import re
from typing import Final, NewType

Key = NewType("Key", str)
"""Tonic and mode, as `KEYS` has it."""

TONICS: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
KEYS: Final = tuple(Key(f"{tonic} {mode}") for mode in ("major", "minor") for tonic in TONICS)
"""All of them: the major ones from C upwards, then the minor ones."""
FARTHEST: Final = 7
"""Steps between keys that are opposite on the wheel, and of the other mode."""

_TONIC_OF = {letter: tone for tone, letter in enumerate(TONICS) if len(letter) == 1}
_SHIFTS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_MODES = {"": "major", "maj": "major", "major": "major", "dur": "major", "m": "minor", "min": "minor", "minor": "minor"}
_NAME = re.compile(r"([A-G])([#♯b♭]?)\s*(major|maj|dur|minor|min|m|)", re.IGNORECASE)
_CODE = re.compile(r"(1[0-2]|[1-9])\s*([AB])", re.IGNORECASE)


def camelot(key: Key) -> str:
    """The key's code on the Camelot wheel: ``8A`` for A minor."""
    number, letter = _place(key)
    return f"{number}{letter}"


def steps_between(one: Key, other: Key) -> int:
    """Steps on the wheel from one key to another: one for each number, and one if the mode changes. 0 to 7."""
    (a, letter), (b, other_letter) = _place(one), _place(other)
    apart = abs(a - b)
    return min(apart, 12 - apart) + (letter != other_letter)


def key_named(text: str) -> Key | None:
    """The key that a person means by ``Am``, ``A minor``, ``a min``, ``Bb``, ``F♯m`` or ``8A``; None: none."""
    text = text.strip()
    if code := _CODE.fullmatch(text):
        return next(key for key in KEYS if camelot(key) == f"{int(code[1])}{code[2].upper()}")
    named = _NAME.fullmatch(text)
    if named is None:
        return None
    tone = (_TONIC_OF[named[1].upper()] + _SHIFTS[named[2].lower()]) % 12
    mode = "major" if named[3] == "M" else _MODES[named[3].lower()]
    return Key(f"{TONICS[tone]} {mode}")


def _place(key: Key) -> tuple[int, str]:
    number = KEYS.index(key)
    tone, is_minor = number % 12, number >= 12
    # The relative major lies three semitones above; C major is 8B; a fifth is seven semitones.
    fifths = 7 * (tone + 3 * is_minor) % 12
    return (fifths + 7) % 12 + 1, "A" if is_minor else "B"
