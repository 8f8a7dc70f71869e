"""A verdict as a picture: of each metric the difference and its 95 % interval (a forest plot), as SVG."""

from html import escape

from lab.bootstrap import Difference
from lab.gate import Verdict

_LABELS, _WIDTH, _ROW, _TOP = 300, 860, 24, 64
_BETTER, _WORSE, _UNKNOWN = "#1a7f37", "#b3261e", "#57606a"
_STYLE = "font: 13px system-ui, sans-serif"


def forest_plot(verdict: Verdict) -> str:
    """A row per metric, candidate minus champion; zero is the line in the middle.

    The colour says whether the interval lies above zero, below or around it; whether more is better, the metric says.
    """
    found = sorted(verdict.differences.items())
    reach = max((max(abs(each.low), abs(each.high)) for _, each in found), default=0.0) or 0.01
    height = _TOP + _ROW * len(found) + 16
    rows = [_row(number, metric, each, reach) for number, (metric, each) in enumerate(found)]
    middle, title = _x(0.0, reach), f"{verdict.candidate}, compared with {verdict.champion}"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" style="{_STYLE}">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="12" y="24" font-weight="600">{escape(title)}</text>',
        f'<text x="{_x(-reach, reach):.1f}" y="46" fill="{_UNKNOWN}">{-reach:+.3f}</text>',
        f'<text x="{_x(reach, reach):.1f}" y="46" fill="{_UNKNOWN}" text-anchor="end">{reach:+.3f}</text>',
        f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="52" y2="{height - 10}" stroke="#d0d7de"/>',
        *rows,
        "</svg>\n",
    ])  # fmt: skip


def _row(number: int, metric: str, difference: Difference, reach: float) -> str:
    y = _TOP + _ROW * number + _ROW / 2
    colour = _BETTER if difference.better else _WORSE if difference.worse else _UNKNOWN
    low, mean, high = (_x(value, reach) for value in (difference.low, difference.mean, difference.high))
    said = f"{difference.mean:+.3f} ({difference.low:+.3f} to {difference.high:+.3f}), {difference.queries} queries"
    return (
        f'<g stroke="{colour}" fill="{colour}"><title>{escape(said)}</title>'
        f'<text x="12" y="{y + 4:.1f}" stroke="none">{escape(metric)}</text>'
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke-width="2"/>'
        f'<circle cx="{mean:.1f}" cy="{y:.1f}" r="4"/></g>'
    )


def _x(value: float, reach: float) -> float:
    middle, half = (_LABELS + _WIDTH - 20) / 2, (_WIDTH - 20 - _LABELS) / 2
    return middle + value / reach * half
