"""Which of the project's own modules a handler needs, found by reading imports rather than by listing them."""

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

OWN = frozenset({
    "annoy_service", "api", "cli", "config", "crawler", "demo", "earshot", "extractor", "listening", "local", "ops",
    "pipelines",
})  # fmt: skip
"""Top-level packages of the product."""


def import_closure(root: Path, modules: Iterable[str]) -> list[Path]:
    """Files of `modules` and of every own module that they import, directly or not, at the top or inside functions.

    What is imported by a name that only the running program knows, as in ``import_module(f"crawler.{name}")``, may be
    any package of that folder.

    Args:
        root: the folder that holds the packages.
        modules: dotted names, e.g. `crawler.handler`.

    Returns:
        Paths relative to `root`, sorted, with the `__init__.py` of every package on the way.

    Raises:
        FileNotFoundError: one of `modules` does not exist.
    """
    found: dict[Path, None] = {}
    todo = [_file_of(root, module, required=True) for module in modules]
    while todo:
        path = todo.pop()
        if path is None or path in found:
            continue
        found[path] = None
        todo += [
            package / "__init__.py"
            for package in path.parents
            if package != Path() and (root / package / "__init__.py").exists()
        ]
        todo += [_file_of(root, name, required=False) for name in _imported(root, path)]
    return sorted(found)


def data_files(root: Path, modules: Iterable[Path]) -> list[Path]:
    """What is not Python but lies in the packages of `modules`, or in folders of theirs that hold no Python."""
    found = set()
    for package in {path.parent for path in modules}:
        for path in (root / package).rglob("*"):
            owner = path.parent
            while owner != root / package and not any(owner.glob("*.py")):
                owner = owner.parent
            if (
                owner == root / package
                and path.is_file()
                and path.suffix not in {".py", ".pyc", ".md", ".env", ".example"}
            ):
                found.add(path.relative_to(root))
    return sorted(found)


@cache  # one file is in the closures of many
def _imported(root: Path, file: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse((root / file).read_text(encoding="utf-8"), filename=str(file))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # `from package import name`: the name may be a module of its own
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif package := _looked_up_in(node):
            names += [f"{package}.{entry.parent.name}" for entry in (root / package).glob("*/__init__.py")]
    return [name for name in names if name.partition(".")[0] in OWN]


def _looked_up_in(node: ast.AST) -> str | None:
    """The package of which a call of `import_module` imports something by a name composed at run time."""
    match node:
        case ast.Call(
            func=ast.Name("import_module"), args=[ast.JoinedStr([ast.Constant(str(start)), ast.FormattedValue()])]
        ) if start.endswith("."):
            return start[:-1]
    return None


def _file_of(root: Path, module: str, *, required: bool) -> Path | None:
    path = Path(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if (root / candidate).is_file():
            return candidate
    if required:
        raise FileNotFoundError(f"no module {module} below {root}")
    return None
