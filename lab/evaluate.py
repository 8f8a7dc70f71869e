"""Judges a recipe on a corpus: everything that can be asked of it, query by query.

A recipe is fitted to each catalogue that it is judged on, as the index does. Names of scores say under which condition
by which metric (`lab.metrics`): ``clean/recall@1``, ``half mp3 64/artist@10``, ``fitted to 10/recall@1``,
``one clip of 30/genre@10``, ``query telephone/recall@1``.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from api.answers.recorded import asked, noise_directions
from earshot.errors import InvalidInput
from earshot.networks import Network
from earshot.recipes import Recipe
from lab.catalogues import FITTED_TO, ONE_CLIP_OF, drawn, firsts, half
from lab.corpus import Clip, Corpus
from lab.cost import bytes_of, cpu
from lab.distortions import DISTORTIONS
from lab.encoding import ENCODINGS, LOSSLESS
from lab.fitting import fitted
from lab.hearing import Raw, hear, louder
from lab.judgement import Judgement
from lab.metrics import ALBUM, ARTIST, GENRE, RECALL_AT_1, TAGS, Flags, Labels, Matrix, Rows, hubs, scores

LOSSY: Final = tuple(name for name in ENCODINGS if name != LOSSLESS)
CLEAN: Final = "clean"
"""The catalogue as it is."""
_FEWEST = 4
Vectors = Callable[[Rows], Callable[[Rows], Matrix]]
"""Fits itself to the catalogue of some rows; what that gives makes unit vectors of rows."""
Found = dict[str, dict[str, float]]


def half_as(encoding: str) -> str:
    """The condition that half of the catalogue is encoded so."""
    return f"half {encoding}"


def fitted_to(size: int) -> str:
    """The condition that the transform is fitted to so few."""
    return f"fitted to {size}"


def one_clip_of(size: int | None) -> str:
    """The condition that the catalogue has one clip of so many tracks; None: of all."""
    return f"one clip of {size or 'all'}"


def query(distortion: str) -> str:
    """The condition that the query alone is distorted, and asked with as people ask with clips."""
    return f"query {distortion}"


def as_it_came(distortion: str) -> str:
    """The same, without what the API does for clips that are quiet or noisy (`api.answers.recorded`)."""
    return f"as it came {distortion}"


def judge(recipe: Recipe, corpus: Corpus, *, work_dir: Path) -> Judgement:
    """The judgement of `recipe` on `corpus`.

    Args:
        recipe: of a network whose files are built.
        corpus: the music.
        work_dir: where what was heard is kept: a second judgement hears nothing twice.

    Raises:
        InvalidSettings: the network's files are missing.
        InvalidInput: hardly anything in the corpus can be heard.
        DecoderCrashed: a file killed the process that decodes it, or hangs there.
    """
    heard = hear_corpus(corpus, [recipe.network], work_dir)
    clips, clean, labels = heard.clips, heard.raw[LOSSLESS], Labels.of(heard.clips)
    found = (
        prefixed(CLEAN, _of_catalogue(recipe, clean, labels))
        | _with_half_encoded(recipe, heard)
        | _of_queries(recipe, labels, heard.raw)
        | when_small(clips, _by_fit(recipe, clean))
    )
    for size in FITTED_TO:
        found |= _fitted_to_few(recipe, clean, labels, size)
    figures = hubs(fitted(recipe, clean)(clean[:, 0])) | cpu(recipe, clips) | {"bytes": bytes_of(recipe)}
    told: Mapping[str, str | int | float] = {
        "network": recipe.network.name, "transform": recipe.transform, "dimensions": recipe.dim,
        "prior": recipe.prior or "", "channel": recipe.channel or "", "spread": recipe.spread,
        **about(clips), "unheard": len(corpus.clips) - len(clips),
    }  # fmt: skip
    return Judgement(recipe.name, corpus.sha256, by_track(found, clips), figures, told)


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What a network hears in the clips that it can hear.

    `raw`: by distortion in all of them, by encoding in those that are `encoded` (n,), and in the others as they are:
    (n, 2, D) each.
    """

    clips: tuple[Clip, ...]
    encoded: Flags
    raw: Mapping[str, Raw]


def hear_corpus(corpus: Corpus, networks: Sequence[Network], work_dir: Path) -> Heard:
    """What the last of `networks` hears in the corpus; what the others do is kept in `work_dir`, too.

    Raises:
        InvalidInput: hardly anything can be heard.
        InvalidSettings, DecoderCrashed: as `lab.hearing.hear`.
    """
    encoded = np.isin(np.arange(len(corpus.clips)), half(corpus.clips))
    treatments = [(*ENCODINGS, *DISTORTIONS) if each else (LOSSLESS, *DISTORTIONS) for each in encoded]
    heard = hear([*zip(corpus.clips, treatments, strict=True)], networks, work_dir)
    audible = np.flatnonzero([found is not None for found in heard])
    if len(audible) < _FEWEST:
        raise InvalidInput(
            f"only {len(audible)} of {len(corpus.clips)} clips can be heard", hint="A corpus needs some hundreds."
        )
    kept = [found for found in heard if found is not None]
    names = (*ENCODINGS, *DISTORTIONS, *map(louder, DISTORTIONS))
    raw = {name: np.stack([each.get(name, each[LOSSLESS]) for each in kept]) for name in names}
    return Heard(tuple(corpus.clips[row] for row in audible), encoded[audible], raw)


def about(clips: Sequence[Clip]) -> dict[str, int]:
    """How much music it is."""
    return {
        "clips": len(clips),
        "tracks": len({clip.track for clip in clips}),
        "artists": len({clip.artist for clip in clips}),
    }


def when_small(clips: Sequence[Clip], vectors: Vectors) -> Found:
    """Catalogues with one clip of each of 30, of 300, and of all tracks. Where a track has another clip, that one is
    the query to which it is to be found; what is near is asked of the catalogue's own."""
    found: Found = {}
    rows = firsts(clips)
    for size in (*(size for size in ONE_CLIP_OF if size < len(rows)), None):
        of_draws = [_one_clip_each(clips, some, vectors(some)) for some in drawn(rows, size or len(rows))]
        found |= prefixed(one_clip_of(size), mean_of(of_draws))
    return found


def by_track(found: Found, clips: Sequence[Clip]) -> Found:
    """The mean score of each track over its clips: they are no independent witnesses of a difference."""
    track_of = {clip.clip_id: clip.track for clip in clips}
    tracks: Found = {}
    for metric, of_clips in found.items():
        several: dict[str, list[float]] = defaultdict(list)
        for name, score in of_clips.items():
            several[track_of[name]].append(score)
        tracks[metric] = {track: sum(values) / len(values) for track, values in several.items()}
    return tracks


def mean_of(several: Iterable[Mapping[str, Mapping[str, float]]]) -> Found:
    """The mean score of each query over those that asked it."""
    every: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for found in several:
        for metric, of_queries in found.items():
            for name, score in of_queries.items():
                every[metric][name].append(score)
    return {
        metric: {name: sum(values) / len(values) for name, values in of_queries.items()}
        for metric, of_queries in every.items()
    }


def _one_clip_each(clips: Sequence[Clip], rows: Rows, vectors: Callable[[Rows], Matrix]) -> Found:
    within, catalogue = Labels.of([clips[row] for row in rows]), vectors(rows)
    near = scores(catalogue, catalogue, within, np.arange(len(rows)))
    found = {metric: near[metric] for metric in (ARTIST, ALBUM, GENRE, TAGS) if metric in near}
    tracks = {clips[row].track: place for place, row in enumerate(rows)}
    inside = set(rows.tolist())
    others = [row for row, clip in enumerate(clips) if clip.track in tracks and row not in inside]
    if others:
        nearest = (vectors(np.array(others)) @ catalogue.T).argmax(axis=1)
        found[RECALL_AT_1] = {
            clips[row].clip_id: float(tracks[clips[row].track] == place)
            for row, place in zip(others, nearest.tolist(), strict=True)
        }
    return found


def _of_catalogue(recipe: Recipe, raw: Raw, labels: Labels) -> Found:
    vectors = fitted(recipe, raw)(raw[:, 0])
    return scores(vectors, vectors, labels, np.arange(len(vectors)))


def _with_half_encoded(recipe: Recipe, heard: Heard) -> Found:
    found: Found = {}
    for name in LOSSY:
        labels = Labels.of(heard.clips, [name if each else LOSSLESS for each in heard.encoded])
        found |= prefixed(half_as(name), _of_catalogue(recipe, heard.raw[name], labels))
    return found


def _of_queries(recipe: Recipe, labels: Labels, heard: Mapping[str, Raw]) -> Found:
    transform = fitted(recipe, heard[LOSSLESS])
    catalogue, rows = transform(heard[LOSSLESS][:, 0]), np.arange(len(labels.tracks))
    noise = noise_directions(recipe.network.name, transform)
    found: Found = {}
    for distortion in DISTORTIONS:
        hearings = np.stack([transform(heard[name][:, 0]) for name in (distortion, louder(distortion))], axis=1)
        questions = np.stack([_question(hearings[row], noise, np.delete(catalogue, row, axis=0)) for row in rows])
        found |= prefixed(query(distortion), scores(questions, catalogue, labels, rows))
        found |= prefixed(as_it_came(distortion), scores(hearings[:, 0], catalogue, labels, rows))
    return found


def _question(hearings: Matrix, noise: Matrix, others: Matrix) -> npt.NDArray[np.float32]:
    """What the API asks for, given a clip that is heard so (2, dim); the clip itself is not among the `others`."""
    return asked(list(hearings), noise, lambda vector: float((others @ vector).max())).vector


def _fitted_to_few(recipe: Recipe, raw: Raw, labels: Labels, size: int) -> Found:
    found = []
    for rows in drawn(np.arange(len(raw)), size):
        vectors = fitted(recipe, raw[rows])(raw[:, 0])
        found.append(scores(vectors, vectors, labels, np.arange(len(raw))))
    return prefixed(fitted_to(size), mean_of(found))


def _by_fit(recipe: Recipe, raw: Raw) -> Vectors:
    def fitting(rows: Rows) -> Callable[[Rows], Matrix]:
        transform = fitted(recipe, raw[rows])

        def vectors(wanted: npt.NDArray[np.intp]) -> Matrix:
            return transform(raw[wanted, 0])

        return vectors

    return fitting


def prefixed(condition: str, found: Found) -> Found:
    """What was found under a condition, with its name."""
    return {f"{condition}/{metric}": of_queries for metric, of_queries in found.items()}
