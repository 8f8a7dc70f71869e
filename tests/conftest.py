"""What holds for every test."""

import os
import re
from pathlib import Path

import pytest

# Tests share the machine's cores, and OpenBLAS's threads wait for each other where cores are short: ten times slower.
# Read when numpy is first imported, hence here.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_SHARED = Path(os.environ.get("EARSHOT_SHARED") or Path(__file__).parents[2] / "shared")
_NEEDS_SHARED = re.compile(r"tests\.corpus|tests\.fuzz\.mutations|EARSHOT_SHARED|choi_model_dir")


def _left_out(file: Path) -> bool:
    return file.match("test_*.py") and bool(_NEEDS_SHARED.search(file.read_text(encoding="utf-8")))


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out the files whose tests need the folder of reference data, where a clone has none (CONTRIBUTING.md)."""
    return True if not _SHARED.is_dir() and _left_out(collection_path) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was left out."""
    if not _SHARED.is_dir():
        root = Path(__file__).parents[1]
        names = sorted(str(file.relative_to(root)) for file in root.glob("tests/**/*.py") if _left_out(file))
        terminalreporter.write_line(f"left out, for want of {_SHARED} (see CONTRIBUTING.md): {', '.join(names)}")
