"""What a clip sounds like in music's words: tempo, key, loudness. Measured by the extractor, whatever the network."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from earshot.keys import Key


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Of one clip of about 30 s. What could not be told is None: of a drone the tempo, of drums alone the key."""

    bpm: float | None = None
    """Tempo in beats per minute, to a tenth."""
    other_bpm: float | None = None
    """Twice or half as much, where a listener may as well count so."""
    pulse_clarity: float | None = None
    """How clearly a beat is felt, 0 to 1: what invites to dance."""
    key: Key | None = None
    key_confidence: float | None = None
    """Probability of the key among all 24, as far as the profile of tones tells, 0 to 1."""
    loudness: float | None = None
    """Integrated, in LUFS (ITU-R BS.1770-4)."""
    loudness_range: float | None = None
    """In LU (EBU Tech 3342), of these 30 s."""

    def to_row(self) -> dict[str, object]:
        """What is known, as plain values."""
        return {name: value for name in FIELDS if (value := getattr(self, name)) is not None}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Inverse of `to_row`; what else a row says is passed over.

        Numbers are floats again: a table keeps 120.0 as 120, and equal tracks are to give equal bytes.
        """
        said = {name: row[name] for name in FIELDS if row.get(name) is not None}
        known: dict[str, Any] = {name: value if name == "key" else float(value) for name, value in said.items()}
        return cls(**known)


FIELDS: Final = tuple(field.name for field in fields(Descriptors))
