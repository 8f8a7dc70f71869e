"""A small corpus is judged from its files to its tables, by a small network whose weights nobody trained."""

import csv
from pathlib import Path

import numpy as np
import pytest

from earshot.errors import InvalidInput
from earshot.recipes import recipe_named
from lab import corpus, evaluating
from lab.__main__ import main
from lab.encoding import ENCODINGS, LOSSLESS, RATE
from lab.evaluate import judge
from lab.judgement import Judgement
from tests.model import choi_model_dir

RECIPE = "choi-2017@1-160d"
SECONDS, TRACKS = 8, 3
"""As short as the network hears when they are hurried; two clips of each track."""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three tracks by two artists, of two clips each: chords that begin at another beat, and one that is silent."""
    folder = tmp_path_factory.mktemp("corpus")
    rows = []
    for track in range(TRACKS):
        for part in "ab":
            name = f"{track}{part}.flac"
            (folder / name).write_bytes(ENCODINGS[LOSSLESS](_chords(track, part)))
            known = {"artist": f"artist {track // 2}", "genre": "ab"[track % 2]}
            rows.append({"path": name, "track_id": f"track {track}", **known})
    (folder / "silent.flac").write_bytes(ENCODINGS[LOSSLESS](np.zeros((SECONDS * RATE, 2), np.float32)))
    rows.append({"path": "silent.flac", "track_id": "silence", "artist": "artist 0", "genre": "a"})
    with (folder / "clips.csv").open("w", newline="") as file:
        written = csv.DictWriter(file, rows[0].keys())
        written.writeheader()
        written.writerows(rows)
    return folder / "clips.csv"


@pytest.fixture(scope="module")
def judged(table: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Judgement, Path]:
    work_dir = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARSHOT_MODEL_DIR", str(choi_model_dir()))
        return judge(recipe_named(RECIPE), corpus.read(table), work_dir=work_dir), work_dir


def test_every_condition_is_judged_and_what_is_silent_is_left_out(judged: tuple[Judgement, Path]) -> None:
    found, _ = judged
    conditions = {name.partition("/")[0] for name in found.scores}
    assert {"clean", "half mp3 64", "half opus 48", "query telephone", "fitted to 10", "one clip of all"} <= conditions
    assert found.scores["clean/recall@1"].keys() == {f"track {number}" for number in range(TRACKS)}
    assert (found.parameters["clips"], found.parameters["unheard"]) == (2 * TRACKS, 1)
    assert all(0 <= score <= 1 for of_queries in found.scores.values() for score in of_queries.values())
    assert found.figures["cpu_ms"] > 0


def test_what_was_heard_is_not_heard_again_wherever_its_file_lies(
    judged: tuple[Judgement, Path], table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, work_dir = judged
    kept = {path: path.stat().st_mtime_ns for path in (work_dir / "heard").rglob("*.npy")}
    for path in table.parent.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setenv("EARSHOT_MODEL_DIR", str(choi_model_dir()))
    again = judge(recipe_named(RECIPE), corpus.read(tmp_path / "clips.csv"), work_dir=work_dir)
    assert (again.corpus, again.scores) == (found.corpus, found.scores)
    assert {path: path.stat().st_mtime_ns for path in (work_dir / "heard").rglob("*.npy")} == kept


def test_the_command_prints_tables_beside_the_champion_and_writes_judgements(
    judged: tuple[Judgement, Path],
    table: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("EARSHOT_MODEL_DIR", str(choi_model_dir()))
    monkeypatch.setattr(evaluating, "WORK_DIR", judged[1])
    words = ["evaluate", RECIPE, "metadata", "--corpus", str(table), "--against", RECIPE, "--out", str(tmp_path)]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert f"| metadata against {RECIPE} | queries | difference [95 %] |" in printed
    assert "| telephone |" in printed
    written = {Judgement.from_json(path.read_text()).subject for path in tmp_path.iterdir()}
    assert written == {RECIPE, "metadata"}


def test_what_cannot_be_judged_is_said(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "nonsense", "--corpus", str(table), "--out", str(tmp_path)]) == 1
    assert "nonsense" in capsys.readouterr().err


def test_a_corpus_of_silence_is_refused(
    judged: tuple[Judgement, Path], table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARSHOT_MODEL_DIR", str(choi_model_dir()))
    silent = [clip for clip in corpus.read(table).clips if clip.track == "silence"]
    with pytest.raises(InvalidInput, match="only 0 of 1 clips can be heard"):
        judge(recipe_named(RECIPE), corpus.of_clips(silent), work_dir=judged[1])


def _chords(track: int, part: str) -> np.ndarray:
    dice = np.random.default_rng([track, ord(part)])
    time = np.arange(SECONDS * RATE) / RATE
    beats = np.exp(-4 * ((time * (1 + track / 3) + dice.random()) % 1))
    tones = sum(np.sin(2 * np.pi * 110 * 2 ** ((track + step) / 12) * time) for step in (0, 4, 7, 12 + track))
    mono = 0.2 * beats * tones + 0.01 * dice.standard_normal(len(time))
    return np.repeat(mono[:, None], 2, axis=1).astype(np.float32)
