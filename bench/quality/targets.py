"""What recipes are to keep: the second one beside today's, and today's beside the first."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from earshot.networks import MUSICNN, MUSICNN_MN04
from earshot.recipes import default_recipe, first_recipe
from lab.bootstrap import Difference, difference
from lab.catalogues import FITTED_TO
from lab.distortions import DISTORTIONS
from lab.evaluate import CLEAN, LOSSY, fitted_to, half_as, query
from lab.judgement import Judgement
from lab.metrics import ARTIST, GENRE, OTHER_ENCODING, RECALL_AT_1
from lab.report import interval

FIRST, TODAY, SECOND = first_recipe(MUSICNN).name, default_recipe(MUSICNN).name, default_recipe(MUSICNN_MN04).name
MOST_OWN_ENCODING, MOST_LOST_TO_ENCODING, MOST_LOST_TO_DISTORTION = 0.58, 0.12, 0.15
MOST_HUBNESS, LEAST_SKEWNESS, MOST_CPU = 1.25, 0.1, 1.4
"""Times today's; a skewness below `LEAST_SKEWNESS` is none, and nothing is compared with it."""
AT_64 = tuple(name for name in LOSSY if name.endswith(" 64"))


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be kept, what was found, and whether it is kept."""

    what: str
    found: str
    met: bool

    def line(self) -> str:
        """For people."""
        return f"{'ok' if self.met else '**missed**'}: {self.what}: {self.found}"


def targets(judged: Mapping[str, Judgement]) -> list[Target]:
    """Those that can be asked of what was judged."""
    found: list[Target] = []
    if TODAY in judged:
        found += [*_alone(judged[TODAY])]
        if FIRST in judged:
            found.append(_hubness(judged[TODAY], judged[FIRST]))
        if SECOND in judged:
            found += [*_alone(judged[SECOND]), *_beside(judged[SECOND], judged[TODAY])]
    return found


def _alone(recipe: Judgement) -> Iterator[Target]:
    """That neither what half of the catalogue is encoded as nor what happens to a query costs it much."""
    clean = recipe.mean(f"{CLEAN}/{RECALL_AT_1}")
    for name in LOSSY:
        own = 1 - recipe.mean(f"{half_as(name)}/{OTHER_ENCODING}")
        yield Target(
            f"{recipe.subject}, half as {name}: own encoding <= {MOST_OWN_ENCODING}",
            f"{own:.3f}", own <= MOST_OWN_ENCODING,
        )  # fmt: skip
    for name in AT_64:
        lost = clean - recipe.mean(f"{half_as(name)}/{RECALL_AT_1}")
        yield _lost(recipe.subject, f"half as {name}", lost, MOST_LOST_TO_ENCODING)
    for name in DISTORTIONS:
        lost = clean - recipe.mean(f"{query(name)}/{RECALL_AT_1}")
        yield _lost(recipe.subject, f"query {name}", lost, MOST_LOST_TO_DISTORTION)


def _lost(subject: str, what: str, lost: float, most: float) -> Target:
    return Target(f"{subject}, {what}: {RECALL_AT_1} lost <= {most}", f"{lost:.3f}", lost <= most)


def _beside(second: Judgement, today: Judgement) -> Iterator[Target]:
    for metric in (RECALL_AT_1, ARTIST):
        yield _compared(second, today, f"{CLEAN}/{metric}", "significantly better", lambda found: found.better)
    if f"{CLEAN}/{GENRE}" in today.scores:
        yield _compared(second, today, f"{CLEAN}/{GENRE}", "not worse beyond noise", lambda found: not found.worse)
    for size in FITTED_TO:
        yield _compared(second, today, f"{fitted_to(size)}/{RECALL_AT_1}", "better", lambda found: found.mean > 0)
    yield _hubness(second, today)
    if "cpu_ratio" in second.figures:
        ratio = second.figures["cpu_ratio"]
        yield Target(f"{second.subject}: CPU per clip <= {MOST_CPU} x today's", f"{ratio:.2f}", ratio <= MOST_CPU)


def _compared(second: Judgement, today: Judgement, name: str, wanted: str, met: Callable[[Difference], bool]) -> Target:
    found = difference(today.scores[name], second.scores[name])
    return Target(f"{second.subject}, {name}: {wanted}", interval(found), met(found))


def _hubness(recipe: Judgement, before: Judgement) -> Target:
    most = MOST_HUBNESS * max(before.figures["hub_skewness"], LEAST_SKEWNESS)
    found = recipe.figures["hub_skewness"]
    what = f"{recipe.subject}: hub skewness <= {MOST_HUBNESS} x {before.subject}'s"
    return Target(what, f"{found:.2f}, at most {most:.2f}", found <= most)
