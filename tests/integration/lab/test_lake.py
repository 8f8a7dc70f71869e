"""Models of listening are judged on what a stage's listeners played: as learning reads it, and as it judges."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import boto3
import numpy as np
import pytest

from earshot.clock import iso, now
from earshot.colistening.manifest import Training
from earshot.colistening.store import ColisteningStore
from earshot.ids import TrackId
from earshot.plays import ListenerId, Play
from earshot.stores.listeners_table import Opinion
from earshot.stores.plays_lake import PlaysLake, part_name
from lab.__main__ import main
from lab.findings import judgement_files, judgement_in
from lab.judgement import Judgement
from lab.lake import plays_of
from listening.learn import Learn
from listening.parquet import Plays
from listening.training import train_on
from local.resources import create_all
from ops.deployment import Deployment
from tests.aws import account
from tests.unit.api.world import direction, publish, track

_KINDS, _PER_KIND = 5, 20
_DAY = date(2026, 11, 20)
_AT = 1_795_132_800
_GONE = ListenerId("f" * 16)


@dataclass
class Lab:
    """A stage in the cloud, whose plays may be judged."""

    deployment: Deployment
    folder: Path

    def keep(self, plays: list[Play]) -> None:
        """Put plays into the lake."""
        packer = Plays(self.folder)
        packed = packer.pack(plays)
        packer.close()
        self._lake.put(_DAY, part_name(packed.listeners, packed.body), packed.body)

    def learn(self) -> Training:
        """What `learn_listening` does; how what it published came about."""
        s3, bucket = self.deployment.s3, self.deployment.parameters["index-bucket"]
        plays = Plays(self.folder)
        fit = partial(train_on, s3=s3, index_bucket=bucket, folder=self.folder, choose_days=7)
        Learn(self._lake, self.deployment.listeners, plays, self.folder, fit, lambda: nullcontext(True)).run()
        plays.close()
        store = ColisteningStore(s3, bucket)
        head = store.head()
        assert head is not None
        return store.manifest(head.pointer).training

    def judged(self) -> dict[str, Judgement]:
        """What lies in the folder of judgements."""
        return {each.subject: each for each in map(judgement_in, judgement_files(self.folder / "out"))}

    def evaluate(self, *words: str) -> int:
        return main(["evaluate", "--stage", "test", "--out", str(self.folder / "out"), *words])

    @property
    def _lake(self) -> PlaysLake:
        return PlaysLake(self.deployment.s3, self.deployment.parameters["plays-bucket"])


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    with account():
        monkeypatch.setenv("EARSHOT_LOCAL_DIR", str(tmp_path / "local"))
        create_all(boto3.Session(), "test")
        yield Lab(Deployment(boto3.Session(), "test"), tmp_path)


def crowd(listeners: int) -> list[Play]:
    """Everybody plays within one of five kinds of music, of twenty tracks each; the last of them is skipped."""
    dice = np.random.default_rng(5)
    return [
        Play(
            ListenerId(f"{listener:016x}"),
            _AT + 300 * place,
            f"Song {listener % _KINDS} {song}",
            ("Ana Moreau",),
            skipped=place == 9,
            track_id=TrackId(f"deezer:{1 + _PER_KIND * (listener % _KINDS) + song}"),
            accepted_at=_AT + 300 * place,
        )
        for listener in range(listeners)
        for place, song in enumerate(dice.permutation(_PER_KIND)[:10].tolist())
    ]


def test_the_laboratory_reads_what_learning_reads_and_finds_what_it_found(lab: Lab) -> None:
    """Parts that hold plays twice, skips, opinions, a track of no index, cold tracks, and somebody who has left."""
    plays = crowd(80)
    lab.keep(plays)
    lab.keep(plays[:50])
    lab.keep([Play(_GONE, _AT, "Song", ("A",), track_id=TrackId("deezer:1"), accepted_at=_AT)])
    listeners = lab.deployment.listeners
    listeners.say(plays[30].listener, TrackId(str(plays[30].track_id)), Opinion.BANNED)
    listeners.say(plays[40].listener, TrackId("deezer:105"), Opinion.LOVED)
    listeners.forget(_GONE, iso(now()))
    known = [track(number, artists=(f"Artist {number % 7}",)) for number in range(2, 110)]
    vectors = [direction(**{f"a{number // _PER_KIND}": 1.0, f"a{10 + number % 7}": 0.5}) for number in range(2, 110)]
    publish(lab.deployment.s3, known, vectors, bucket=lab.deployment.parameters["index-bucket"])
    learned = lab.learn()

    assert lab.evaluate("--listening", "lake") == 0
    judged = lab.judged()
    told = judged["serving"].parameters
    assert learned.data.plays == len(plays) == told["plays"]
    assert (told["digest"], told["opinions"], told["tracks"]) == (learned.data.digest, 2, 109)
    for subject, figures in (("popularity", learned.baselines["popularity"]), ("serving", learned.figures)):
        found = judged[subject]
        means = found.mean("ndcg@10"), found.mean("recall@20"), found.figures["coverage@10"]
        assert means == pytest.approx((figures["ndcg10"], figures["recall20"], figures["coverage10"]), abs=2e-5)
    assert judged["serving"].mean("ndcg@10") > 2 * judged["popularity"].mean("ndcg@10")

    corpus = judged["serving"].corpus
    assert plays_of(lab.deployment, lab.folder).sha256 == corpus, "the same plays are the same corpus"
    listeners.say(plays[40].listener, TrackId(str(plays[40].track_id)), Opinion.BANNED)
    assert plays_of(lab.deployment, lab.folder).sha256 != corpus


def test_what_is_told_of_a_lake_names_neither_a_listener_nor_what_anybody_played(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    plays = crowd(60)
    lab.keep(plays)
    assert lab.evaluate("--listening", "lake") == 0
    told = capsys.readouterr().out + "".join(file.read_text() for file in (lab.folder / "out").iterdir())
    assert "lake of stage test: 60 listeners of 100 tracks; 12 were judged" in told
    assert not [play for play in plays if play.listener in told or str(play.track_id) in told or play.title in told]
    assert not [file for file in (lab.folder / "local").rglob("*") if file.is_file()]


def test_a_lake_of_too_few_is_said_in_words_and_nothing_is_written(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lab.evaluate("--listening", "lake") == 1
    assert "the lake of stage test holds no play of a track" in capsys.readouterr().err
    lab.keep(crowd(49))
    assert lab.evaluate("--listening", "lake") == 1
    assert "49 listeners are too few" in capsys.readouterr().err
    assert lab.evaluate("--listening") == 1
    assert "--stage test says whose lake" in capsys.readouterr().err
    assert not (lab.folder / "out").exists()
