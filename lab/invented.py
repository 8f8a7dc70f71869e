"""People who do not exist (`simulator`), and what they play: their taste is known, and nobody's is given away."""

from typing import Final

import numpy as np
import numpy.typing as npt

from listening.models.cold import Features
from listening.models.interactions import Interactions, evidence_of_plays
from simulator.catalogue import Catalogue, Matrix, catalogue_of
from simulator.people import invented
from simulator.sessions import sessions

_TRACKS, _ARTISTS, _REGIONS, _SCENES, _NEW_SHARE = 3_000, 250, 12, 8, 0.1
_PEOPLE, _DAYS, _SEED = 600, 20, 1
_DIM = 128
_SPREAD, _OF_ARTIST = 0.55, 0.35
"""Standard deviations, of unit centres, of tracks around their artist and of artists around their region."""
ENDS_AT: Final = 1_780_000_000
"""When the last of them is played, Unix seconds."""


def synthetic(rng: np.random.Generator) -> tuple[Catalogue, Matrix]:
    """A catalogue and the unit vectors of its tracks (n, 128): around artists, which lie around centres of regions."""
    centres = _unit(rng.standard_normal((_REGIONS, _DIM)))
    artists = _unit(centres[rng.integers(_REGIONS, size=_ARTISTS)] + _noise(rng, _ARTISTS, _OF_ARTIST))
    of = rng.integers(_ARTISTS, size=_TRACKS)
    vectors = _unit(artists[of] + _noise(rng, _TRACKS, _SPREAD)).astype(np.float32)
    ids = [f"deezer:{number}" for number in range(1, _TRACKS + 1)]
    names = [f"Artist {number}" for number in of]
    catalogue = catalogue_of(ids, ids, names, vectors, regions=_REGIONS, scenes=_SCENES, new_share=_NEW_SHARE, rng=rng)
    return catalogue, vectors


def interactions(people: int = _PEOPLE) -> tuple[Interactions, Features]:
    """What so many invented people play in twenty days, and what is known of the tracks."""
    rng, choices = np.random.default_rng(_SEED).spawn(2)
    catalogue, vectors = synthetic(rng)
    plays = [
        play
        for session in sessions(invented(people, catalogue, _SEED), catalogue, _DAYS, ENDS_AT, choices)
        for play in session
    ]
    evidence = evidence_of_plays(
        np.array([play.person for play in plays], np.intp),
        np.array([play.track for play in plays], np.intp),
        np.array([play.listened_at for play in plays], np.int64),
        np.array([play.skipped for play in plays], bool),
    )
    made = Interactions.of_evidence(evidence, n_listeners=people, n_items=catalogue.size)
    return made, Features(catalogue.artist_of, np.full(catalogue.size, -1), vectors)


def _unit(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    unit: npt.NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def _noise(rng: np.random.Generator, rows: int, size: float) -> npt.NDArray[np.float64]:
    noise: npt.NDArray[np.float64] = size * rng.standard_normal((rows, _DIM)) / np.sqrt(_DIM)
    return noise
