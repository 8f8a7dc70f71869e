"""How right the tags are that are said of music whose style is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.tags.music import JUDGED, TRUE_OF, Heard


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the tags that a style makes true or false.

    precision: share of those said that are true. kept: share of the true ones among the ten likeliest that are said.
    said: how many are said of a clip, all tags counted.
    """

    precision: float
    kept: float
    said: float

    @property
    def f_half(self) -> float:
        """The harmonic mean of precision and what is kept, in which precision weighs twice as much."""
        return 1.25 * self.precision * self.kept / max(0.25 * self.precision + self.kept, 1e-9)

    def row(self) -> str:
        """The cells of a table."""
        return f"{self.precision:.3f} | {self.kept:.3f} | {self.said:.1f}"


def judged(heard: Sequence[Heard], thresholds: Mapping[str, float]) -> Figures:
    """The figures of clips whose style is known. No thresholds: whatever is kept is said."""
    said = true = kept = count = 0
    for one in heard:
        right = TRUE_OF[one.style or ""]
        kept += sum(tag.name in right for tag in one.kept)
        for tag in one.kept:
            if tag.probability >= thresholds.get(tag.name, 0.0):
                count += 1
                said += tag.name in JUDGED
                true += tag.name in right
    return Figures(true / max(said, 1), true / max(kept, 1), count / max(len(heard), 1))
