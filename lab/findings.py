"""The folder of what the laboratory found on this machine, from which MLflow is told.

`<subject>-<corpus>.json` is a judgement (as `lab evaluate` writes it), files of the same name in `verdicts/` what the
gate says of it, as JSON and drawn, and `champion.json` which recipe `lab promote` or `rollback` put into service last.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from earshot.errors import InvalidJudgement
from lab.forest import forest_plot
from lab.gate import Verdict
from lab.judgement import Judgement

_VERDICTS: Final = "verdicts"
_CHAMPION: Final = "champion.json"


def write_judgement(folder: Path, judgement: Judgement) -> None:
    """Keep it, in place of an older one of the same subject on the same corpus."""
    _write(folder / f"{_name(judgement.subject, judgement.corpus)}.json", judgement.to_json() + "\n")


def write_verdict(folder: Path, verdict: Verdict) -> None:
    """Keep it and its picture, in place of an older one on the same candidate and corpus."""
    name = _name(verdict.candidate, verdict.corpus)
    _write(folder / _VERDICTS / f"{name}.json", verdict.to_json())
    _write(folder / _VERDICTS / f"{name}.svg", forest_plot(verdict))


def write_champion(folder: Path, recipe: str, version: str) -> None:
    """Note what serves, once it does."""
    _write(folder / _CHAMPION, json.dumps({"recipe": recipe, "version": version}) + "\n")


def judgement_files(folder: Path) -> Iterator[Path]:
    """Of every judgement, by name."""
    return (file for file in sorted(folder.glob("*.json")) if file.name != _CHAMPION)


def judgement_in(file: Path) -> Judgement:
    """What a file holds.

    Raises:
        InvalidJudgement: it is none.
    """
    return Judgement.from_json(file.read_text(encoding="utf-8"))


def verdict_of(folder: Path, judgement: Judgement) -> Verdict | None:
    """What the gate says of it, if it was asked."""
    file = _of_verdict(folder, judgement, "json")
    return Verdict.from_json(file.read_text(encoding="utf-8")) if file.exists() else None


def plot_of(folder: Path, judgement: Judgement) -> Path | None:
    """The picture of a verdict on it, if there is one."""
    file = _of_verdict(folder, judgement, "svg")
    return file if file.exists() else None


def champion_in(folder: Path) -> str:
    """The recipe that was put into service last from here; empty: none was.

    Raises:
        InvalidJudgement: the note cannot be read.
    """
    file = folder / _CHAMPION
    if not file.exists():
        return ""
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["recipe"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidJudgement(
            f"{file} names no champion: {error}", hint="Remove it; promote writes it anew."
        ) from error


def _of_verdict(folder: Path, judgement: Judgement, kind: str) -> Path:
    return folder / _VERDICTS / f"{_name(judgement.subject, judgement.corpus)}.{kind}"


def _name(subject: str, corpus: str) -> str:
    return f"{subject}-{corpus[:12]}".replace(" ", "-").replace(",", "")


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.tmp")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(file)
