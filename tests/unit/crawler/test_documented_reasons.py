import re
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_GIVEN = re.compile(
    r"reason=\"([a-z_]+)\"|outcomes\[name\] = \"([a-z_]+)\"|or \"([a-z]+_entry)\""
    r"|\"(version)\" if|_give_up\(track, \"([a-z_]+)\""
)


def test_every_reason_the_crawler_gives_is_explained() -> None:
    """A summary that nobody can read is no summary."""
    code = [
        *(_ROOT / "crawler").rglob("*.py"),
        _ROOT / "earshot" / "crawls_table.py",
        _ROOT / "earshot/tracks_table.py",
    ]
    given = {next(filter(None, match)) for path in code for match in _GIVEN.findall(path.read_text(encoding="utf-8"))}
    table = (_ROOT / "docs" / "sources.md").read_text(encoding="utf-8").partition("## Reasons")[2].partition("\n## ")[0]
    explained = {
        reason for row in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE) for reason in re.findall(r"\w+", row)
    }
    assert len(given) > 15
    assert given == explained
