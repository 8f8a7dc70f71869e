"""Judges models of listening in the frame of recipes: a score for each listener, so that models are compared in pairs.

Listeners whom no model has seen are given four fifths of what they played; the rest is to be found
(`listening.models.judge`).
"""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from earshot.errors import InvalidInput
from lab import invented
from lab.judgement import Judgement
from listening.models.cold import Features
from listening.models.interactions import Interactions, evidence_of_plays
from listening.models.judge import Ranker, judge, of_popularity, of_table, split
from listening.models.recipe import Fits, Recipe

POPULARITY: Final = "popularity"
ITEM_KNN: Final = "item-kNN"
MODELS: Mapping[str, Recipe] = {
    ITEM_KNN: Recipe(knn=1),
    "ALS": Recipe(als=1),
    "EASE": Recipe(ease=1),
    "item-kNN+ALS+EASE": Recipe(knn=1, als=1, ease=1),
    "item-kNN+ALS+EASE, cold tracks foretold": Recipe(knn=1, als=1, ease=1, foretold=0.6),
}
"""What is judged beside popularity."""
SERVING: Final = "serving"
"""The model whose table serves, fitted anew to those who are not held out: its own table has seen them."""
NDCG, RECALL, RECIPROCAL = "ndcg@10", "recall@20", "reciprocal_rank"
_SEED = 0
_FEWEST = 10
_DIGITS = 18


@dataclass(frozen=True, slots=True, eq=False)
class PlaysCorpus:
    """Who played what, and what is known of the tracks.

    Attributes:
        sha256: of all that is in it.
        interactions: of all listeners.
        features: None: nothing is known.
        source: whose plays these are (`source`, in words), and which: parameters of a judgement.
        serving: the model that serves these people; None: none does, or nobody knows.
    """

    sha256: str
    interactions: Interactions
    features: Features | None
    source: Mapping[str, str | int]
    serving: Recipe | None = None

    @classmethod
    def of(
        cls,
        interactions: Interactions,
        features: Features | None,
        source: Mapping[str, str | int],
        serving: Recipe | None = None,
    ) -> Self:
        """Such a corpus, named by the bytes of its arrays: the same listeners in another order are another one."""
        digest = hashlib.sha256(str(interactions.n_items).encode())
        said = features if features and features.say_anything() else None
        known = (said.artists, said.albums, said.sound) if said else ()
        for array in (interactions.starts, interactions.items, interactions.confidence, *known):
            digest.update(b"" if array is None else np.ascontiguousarray(array).data)
        return cls(digest.hexdigest(), interactions, said, source, serving)


def read_plays(table: Path) -> PlaysCorpus:
    """The plays that a CSV lists, a row each: columns `listener`, `track`, `at` (Unix seconds), and where they are
    known `skipped` (1: it was left early), `artist`, `album`.

    Raises:
        InvalidInput: it is none; names the line.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            lacking = {"listener", "track", "at"} - set(rows.fieldnames or ())
            if lacking:
                raise InvalidInput(f"{table}, line 1: no column {' and '.join(sorted(lacking))}", hint="docs/lab.md")
            listed = [(_named(row, table, rows.line_num), _second(row["at"], table, rows.line_num)) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{table} cannot be read as a table: {error}", hint="It is a CSV in UTF-8.") from error
    listeners = _codes([row["listener"] for row, _ in listed])
    tracks = _codes([row["track"] for row, _ in listed])
    evidence = evidence_of_plays(
        np.array([listeners[row["listener"]] for row, _ in listed], np.intp),
        np.array([tracks[row["track"]] for row, _ in listed], np.intp),
        np.array([at for _, at in listed], np.int64),
        np.array([row.get("skipped") == "1" for row, _ in listed], bool),
    )
    interactions = Interactions.of_evidence(evidence, n_listeners=len(listeners), n_items=len(tracks))
    columns = {name: {row["track"]: row[name] for row, _ in listed if row.get(name)} for name in ("artist", "album")}
    features = Features(_labels(columns["artist"], tracks), _labels(columns["album"], tracks))
    return PlaysCorpus.of(interactions, features, {"source": table.name})


def invented_plays() -> PlaysCorpus:
    """The plays of 600 people who do not exist, of 3,000 tracks."""
    return PlaysCorpus.of(*invented.interactions(), {"source": "invented people"})


def judge_listening(plays: PlaysCorpus) -> list[Judgement]:
    """The judgements of popularity, of all models that can be fitted to these plays, and of what serves.

    Raises:
        InvalidInput: too few have played anything.
    """
    parts = split(plays.interactions, _SEED)
    judged = int((parts.test.sizes > 1).sum())
    if judged < _FEWEST:
        raise InvalidInput(
            f"{plays.interactions.n_listeners} listeners are too few to judge models of listening on: "
            f"of the fifth that is held out {judged} have played two tracks, and it takes {_FEWEST}",
            hint="Judge once more have played, or on other plays (docs/lab.md).",
        )
    fits = Fits(parts.train, plays.features, _SEED)
    models = {**MODELS, **({SERVING: plays.serving} if plays.serving else {})}
    rankers: dict[str, Ranker] = {POPULARITY: of_popularity(fits.listeners)}
    for name, recipe in models.items():
        if not recipe.foretold or plays.features is not None or name == SERVING:
            rankers[name] = of_table(fits.table(recipe))
    return [_judged(name, ranker, parts.test, plays, models.get(name)) for name, ranker in rankers.items()]


def _judged(name: str, ranker: Ranker, test: Interactions, plays: PlaysCorpus, recipe: Recipe | None) -> Judgement:
    found = judge(ranker, test)
    values = {NDCG: found.ndcg, RECALL: found.recall, RECIPROCAL: found.reciprocal}
    scores = {metric: {f"{n:06d}": float(score) for n, score in enumerate(of)} for metric, of in values.items()}
    told: dict[str, str | int | float] = {
        "listeners": plays.interactions.n_listeners, "tracks": plays.interactions.n_items,
        "pairs": len(plays.interactions.items), "seed": _SEED, **plays.source,
    }  # fmt: skip
    parameters = recipe.to_parameters() if recipe else {}
    return Judgement(name, plays.sha256, scores, {"coverage@10": found.coverage}, told | parameters)


def _codes(names: Sequence[str]) -> dict[str, int]:
    return {name: code for code, name in enumerate(sorted(set(names)))}


def _labels(of_tracks: Mapping[str, str], tracks: Mapping[str, int]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    codes = _codes([*of_tracks.values()])
    found = np.full(len(tracks), -1, np.intp)
    for track, name in of_tracks.items():
        found[tracks[track]] = codes[name]
    return found


def _named(row: dict[str, str], table: Path, line: int) -> dict[str, str]:
    for name in ("listener", "track"):
        if not row[name]:  # None where a line is too short
            raise InvalidInput(f"{table}, line {line}: no {name}", hint="Each play has one.")
    return row


def _second(text: str | None, table: Path, line: int) -> int:
    if text is None or not text.strip().isdecimal() or len(text) > _DIGITS:
        raise InvalidInput(f"{table}, line {line}: at is {text!r}", hint="It is the time in Unix seconds.")
    return int(text)
