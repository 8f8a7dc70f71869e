"""Draws the house in docs/architecture.md from the code: `python -m scripts.drawing` (`make drawing`).

A *room* is a folder with Python in it. The picture shows the floors, the table every room with what it is for (the
first line of its docstring) and which other rooms it imports. A test compares both with the page.
"""

import ast
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
HOUSE = (
    "lab", "demo", "cli", "simulator", "batch", "proxy", "local", "pipelines", "ops", "crawler", "extractor",
    "annoy_service", "listening", "api", "config", "earshot",
)  # fmt: skip
"""Top-level packages, from the roof down."""
_BEGIN, _END = "<!-- drawn by scripts/drawing.py -->", "<!-- drawn until here -->"


@cache
def rooms() -> Mapping[str, frozenset[str]]:
    """Every room by its dotted name, with the rooms that its files import."""
    graph = grimp.build_graph(*HOUSE, cache_dir=None)
    found: dict[str, set[str]] = {_room(module): set() for module in graph.modules}
    for module in graph.modules:
        imported = map(_room, graph.find_modules_directly_imported_by(module))
        found[_room(module)] |= set(imported) - {_room(module)}
    return {room: frozenset(found[room]) for room in sorted(found, key=_place)}


def _room(module: str) -> str:
    """The folder in which the file of `module` lies, dotted."""
    return module if (ROOT / Path(*module.split("."))).is_dir() else module.rpartition(".")[0]


def _place(room: str) -> tuple[int, str]:
    return HOUSE.index(room.partition(".")[0]), room


def picture() -> str:
    """The floors as a Mermaid chart: one box per top-level package, one arrow per pair that imports."""
    arrows = {
        (room.partition(".")[0], other.partition(".")[0]) for room, imported in rooms().items() for other in imported
    }
    lines = [f"    {package}" for package in HOUSE]
    lines += [
        f"    {one} --> {other}"
        for one, other in sorted(arrows, key=lambda pair: (HOUSE.index(pair[0]), HOUSE.index(pair[1])))
        if other not in (one, "earshot")
    ]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```", "", "Every package also imports `earshot`."])


def table() -> str:
    """A line per room: name, purpose, imports."""
    lines = ["| room | what it is for | imports |", "|---|---|---|"]
    lines += [f"| `{_path(room)}` | {_purpose(room)} | {_listed(imported)} |" for room, imported in rooms().items()]
    return "\n".join(lines)


def _path(room: str) -> str:
    return room.replace(".", "/") + "/"


def _purpose(room: str) -> str:
    source = (ROOT / Path(*room.split(".")) / "__init__.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")


def _listed(imported: Iterable[str]) -> str:
    return ", ".join(f"`{_path(room)}`" for room in sorted(imported, key=_place))


def drawn(page: str) -> str:
    """`page` with the drawing as the code is now.

    Raises:
        ValueError: the page has no place for it.
    """
    head, begin, rest = page.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"the page has no {_BEGIN} … {_END}")
    return f"{head}{_BEGIN}\n\n{picture()}\n\n{table()}\n\n{_END}{tail}"


def main() -> int:
    """Draw."""
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
