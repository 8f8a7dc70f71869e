"""Judgements as tables, in Markdown."""

from collections.abc import Iterable, Sequence

from lab.bootstrap import Difference, differences
from lab.catalogues import FITTED_TO, ONE_CLIP_OF
from lab.distortions import DISTORTIONS
from lab.evaluate import CLEAN, LOSSY, fitted_to, half_as, one_clip_of, query
from lab.judgement import Judgement
from lab.metrics import ALBUM, ARTIST, GENRE, OTHER_ENCODING, RECALL_AT_1, RECALL_AT_10, TAGS

_CLEAN = (RECALL_AT_1, RECALL_AT_10, ARTIST, ALBUM, GENRE, TAGS)
_FIGURES = (
    ("hub_skewness", "hub skewness", 2), ("never_recommended", "never recommended", 3),
    ("largest_hub", "largest hub", 3), ("cpu_ms", "CPU ms a clip", 0), ("cpu_ratio", "of the default's", 2),
    ("bytes", "bytes", 0),
)  # fmt: skip
_NOTHING = "–"


def report(judgements: Sequence[Judgement], champion: Judgement) -> str:
    """All tables: what was found of each, and how the others differ from the champion."""
    told = champion.parameters
    music = (
        f"{told['clips']} clips of {told['tracks']} tracks by {told['artists']} artists; corpus {champion.corpus[:12]}"
    )
    tables = (clean_table, half_table, small_table, query_table)
    others = [each for each in judgements if each.subject != champion.subject]
    return "\n\n".join(
        [music, *(table(judgements) for table in tables), *(difference_table(champion, other) for other in others)]
    )


def listening_report(judgements: Sequence[Judgement], champion: Judgement) -> str:
    """Models of listening: what was found of each, and how the others differ from the champion."""
    told, metrics = champion.parameters, [*champion.scores]
    whose = f"{told['source']}: {told['listeners']} listeners of {told['tracks']} tracks"
    plays = f"{whose}; {len(champion.scores[metrics[0]])} were judged; corpus {champion.corpus[:12]}"
    means = _table(
        ("model", *metrics, *champion.figures),
        (
            (
                each.subject,
                *(f"{each.mean(metric):.4f}" for metric in metrics),
                *(f"{value:.3f}" for value in each.figures.values()),
            )
            for each in judgements
        ),
    )
    others = [each for each in judgements if each.subject != champion.subject]
    return "\n\n".join([plays, means, *(difference_table(champion, other) for other in others)])


def clean_table(judgements: Sequence[Judgement]) -> str:
    """On the catalogue as it is, and figures of the whole."""
    return _table(
        ("the catalogue as it is", *_CLEAN, *(title for _, title, _ in _FIGURES)),
        (
            (
                each.subject,
                *(_mean(each, CLEAN, metric) for metric in _CLEAN),
                *(_figure(each.figures.get(name), digits) for name, _, digits in _FIGURES),
            )
            for each in judgements
        ),
    )


def half_table(judgements: Sequence[Judgement]) -> str:
    """With half of the catalogue encoded otherwise."""
    return _table(
        (f"half of it encoded: {RECALL_AT_1} / {ARTIST} / {GENRE} / own encoding", *LOSSY),
        ((each.subject, *(_of_half(each, half_as(name)) for name in LOSSY)) for each in judgements),
    )


def small_table(judgements: Sequence[Judgement]) -> str:
    """On small catalogues, and with one clip of each track."""
    fits, sizes = [fitted_to(size) for size in FITTED_TO], [one_clip_of(size) for size in (*ONE_CLIP_OF, None)]
    return _table(
        (f"small catalogues: {RECALL_AT_1} / {ARTIST} / {GENRE}", *fits, *sizes),
        (
            (
                each.subject,
                *(_several(each, name, RECALL_AT_1, ARTIST, GENRE) for name in (*fits, *sizes)),
            )
            for each in judgements
        ),
    )


def query_table(judgements: Sequence[Judgement]) -> str:
    """With the query distorted and the catalogue as it is."""
    return _table(
        (f"distorted queries: {RECALL_AT_1}", CLEAN, *DISTORTIONS),
        (
            (each.subject, *(_mean(each, name, RECALL_AT_1) for name in (CLEAN, *map(query, DISTORTIONS))))
            for each in judgements
        ),
    )


def difference_table(champion: Judgement, candidate: Judgement) -> str:
    """Candidate minus champion, query by query."""
    found = differences(champion, candidate)
    return _table(
        (f"{candidate.subject} against {champion.subject}", "queries", "difference [95 %]", ""),
        ((metric, str(each.queries), interval(each), _said(each)) for metric, each in found.items()),
    )


def interval(found: Difference) -> str:
    """The mean and its 95 % interval."""
    return f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def _said(found: Difference) -> str:
    return "better" if found.better else "worse" if found.worse else ""


def _mean(judgement: Judgement, condition: str, metric: str) -> str:
    name = f"{condition}/{metric}"
    return f"{judgement.mean(name):.3f}" if name in judgement.scores else _NOTHING


def _several(judgement: Judgement, condition: str, *metrics: str) -> str:
    return " / ".join(_mean(judgement, condition, metric) for metric in metrics)


def _of_half(judgement: Judgement, condition: str) -> str:
    name = f"{condition}/{OTHER_ENCODING}"
    own = f"{1 - judgement.mean(name):.3f}" if name in judgement.scores else _NOTHING
    return f"{_several(judgement, condition, RECALL_AT_1, ARTIST, GENRE)} / {own}"


def _figure(value: float | None, digits: int) -> str:
    return _NOTHING if value is None else f"{value:.{digits}f}"


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
