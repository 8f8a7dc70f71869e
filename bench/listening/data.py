"""Real plays, where they are: never part of the project (their terms), so elsewhere nothing is measured on them."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from listening.models.cold import Features
from listening.models.interactions import Evidence, Interactions

FOLDER = Path(os.environ.get("EARSHOT_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "listens"


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Plays of real people, and what else is known of what they heard."""

    name: str
    interactions: Interactions
    features: Features | None = None


def playlists() -> Data | None:
    """Ordered playlists of tracks with artist and album; None where they are not here."""
    path = FOLDER / "playlists_recsys2019.npz"
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as found:
        features = Features(found["artist_of_entry"].astype(np.intp), found["album_of_entry"].astype(np.intp))
        ones = np.ones(len(found["track"]), np.int64)
        data = _interactions(found["playlist"], found["track"], ones, found["position"])
    return Data("playlists", data, features)


def lastfm() -> Data | None:
    """Listeners with play counts of artists, without times: the order is drawn. None where they are not here."""
    path = FOLDER / "lastfm_hetrec2011.npz"
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as found:
        order = np.random.default_rng(0).permutation(len(found["user"]))
        return Data("lastfm", _interactions(found["user"], found["item"], found["plays"], order))


def _interactions(who: np.ndarray, what: np.ndarray, plays: np.ndarray, at: np.ndarray) -> Interactions:
    listeners, items = who.astype(np.intp), what.astype(np.intp)
    zeros = np.zeros(len(items), np.int64)
    evidence = Evidence(listeners, items, plays.astype(np.int64), zeros, at.astype(np.int64), zeros)
    return Interactions.of_evidence(evidence, n_listeners=int(listeners.max()) + 1, n_items=int(items.max()) + 1)
