"""Models of listening are judged listener by listener."""

from pathlib import Path

import numpy as np
import pytest

from earshot.errors import InvalidInput
from lab.bootstrap import differences
from lab.listening import judge_listening, read_plays


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


def test_who_shares_a_taste_is_found_by_neighbours_and_not_by_popularity(tmp_path: Path) -> None:
    plays = read_plays(written(tmp_path / "plays.csv", 200))
    judged = {each.subject: each for each in judge_listening(plays)}
    assert {"popularity", "item-kNN", "ALS", "EASE"} <= judged.keys()
    assert len(judged["item-kNN"].scores["ndcg@10"]) == 40
    assert differences(judged["popularity"], judged["item-kNN"])["ndcg@10"].better


def test_a_listener_too_few_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="20 listeners are too few"):
        judge_listening(read_plays(written(tmp_path / "plays.csv", 20)))


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
