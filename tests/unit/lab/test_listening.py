"""Models of listening are judged listener by listener."""

from pathlib import Path

import numpy as np
import pytest

from earshot.errors import InvalidInput
from lab.bootstrap import differences
from lab.findings import write_judgement
from lab.judgement import Judgement
from lab.listening import judge_listening, read_plays
from lab.verbs import gate


def written(path: Path, listeners: int) -> Path:
    """Everybody plays within one of five kinds of music, of twenty tracks each."""
    dice = np.random.default_rng(5)
    lines = ["listener,track,at,skipped,artist"]
    for listener in range(listeners):
        for at, track in enumerate(dice.permutation(20)[:10]):
            kind = listener % 5
            lines.append(f"someone {listener},{kind} {track},{at},0,artist {kind}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Judgement]:
    plays = read_plays(written(tmp_path_factory.mktemp("plays") / "plays.csv", 200))
    return {each.subject: each for each in judge_listening(plays)}


def test_who_shares_a_taste_is_found_by_neighbours_and_not_by_popularity(judged: dict[str, Judgement]) -> None:
    assert {"popularity", "item-kNN", "ALS", "EASE"} <= judged.keys()
    assert len(judged["item-kNN"].scores["ndcg@10"]) == 40
    assert differences(judged["popularity"], judged["item-kNN"])["ndcg@10"].better


def test_listeners_too_few_and_such_as_leave_nothing_to_find_are_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="20 listeners are too few"):
        judge_listening(read_plays(written(tmp_path / "plays.csv", 20)))
    lines = [f"someone {listener},a song,{listener}" for listener in range(100)]
    (tmp_path / "one.csv").write_text("\n".join(["listener,track,at", *lines]), encoding="utf-8")
    with pytest.raises(InvalidInput, match="of the fifth that is held out 0 have played two tracks"):
        judge_listening(read_plays(tmp_path / "one.csv"))


def test_what_is_known_of_the_tracks_is_part_of_the_corpus(tmp_path: Path) -> None:
    table = written(tmp_path / "plays.csv", 10)
    before = read_plays(table).sha256
    assert read_plays(table).sha256 == before
    table.write_text(table.read_text(encoding="utf-8").replace("artist 4", "artist 3"), encoding="utf-8")
    assert read_plays(table).sha256 != before


def test_the_gate_compares_models_in_a_folder_with_any_of_them(tmp_path: Path, judged: dict[str, Judgement]) -> None:
    said: list[str] = []
    for each in judged.values():
        write_judgement(tmp_path / "found", each)
    assert gate(tmp_path / "found", "popularity", said.append) == 0
    assert any(line.startswith("item-kNN may take the place of popularity:") for line in said)
    assert gate(tmp_path / "found", "somebody else", said.append) == 1
    assert "no judgement of somebody else, but of: ALS; EASE; item-kNN; " in said[-2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("listener,track\na,b\n", "line 1: no column at"),
        ("listener,track,at\na,b,noon\n", "line 2: at is 'noon'"),
        (f"listener,track,at\na,b,{10**19}\n", "line 2: at is"),
        ("at,listener,track\n5,a,b\n5,a\n", "line 3: no track"),
    ],
)
def test_what_is_wrong_in_a_table_of_plays_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "plays.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=says):
        read_plays(tmp_path / "plays.csv")
