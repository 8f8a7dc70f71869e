"""Types say what is what: `Any` is for the few places where nobody knows."""

import ast
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_MOST_PER_1000_LINES = 4


def _modules() -> Iterator[Path]:
    for folder in sorted(_ROOT.iterdir()):
        if folder.is_dir() and folder.name not in ("tests", "build", "node_modules") and folder.name[0] != ".":
            yield from sorted(folder.rglob("*.py"))


def _uses(source: str) -> int:
    return sum(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(ast.parse(source)))


def test_any_stays_rare_outside_tests() -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in _modules()}
    uses = {str(path.relative_to(_ROOT)): count for path, source in sources.items() if (count := _uses(source))}
    lines = sum(source.count("\n") for source in sources.values())
    most = sorted(uses, key=lambda path: -uses[path])[:10]
    assert lines > 10_000
    assert sum(uses.values()) <= _MOST_PER_1000_LINES * lines / 1000, [(path, uses[path]) for path in most]
