"""What a listener is recommended, and what follows on what plays: plays folded in when they ask, nothing trained."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from api.answers.found import Found
from api.answers.leaning import Leaning, leaning_of, points_of, skipped
from api.answers.options import Options
from api.answers.query import Query, Seed, tags_of
from api.answers.ranking import rank
from api.answers.spaces import SOUND_ALONE, Weights
from api.answers.spread import spread
from earshot.ids import TrackId
from earshot.index.neighbours import Neighbours
from earshot.stores.listeners_table import Listener, Opinion
from earshot.stores.shown_tracks import Shown

_DAY_S = 86_400
_HALF_LIFE, _HALF_LIFE_OF_RADIO = 15.0, 1.0
"""Of a play's weight, in plays: a recommendation is for the taste of days; in a radio one outweighs all before it."""
_SHOWN_COST, _MOST_SHOWN_COST, _SHOWN_HALF_LIFE_DAYS = 0.06, 0.3, 7.0
_PLAYED_COST, _PLAYED_HALF_LIFE_DAYS = 0.3, 30.0
"""Taken from scores of at most 1, whose tenth differs from the first by about a tenth."""
_SEEDS_SHOWN = 10


class Basis(StrEnum):
    """What recommendations rest on."""

    PLAYS = "plays"
    """What the listener played, loves, or names."""
    SPREAD = "spread"
    """Nothing is known: tracks from all over the catalogue, unlike each other."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is wanted.

    Attributes:
        options: as of any ranking.
        weights: how much each space counts.
        now: Unix seconds.
        seeds: tracks that count as if they were played now.
        freshness: 0 to 1: how much less those count that were played before, the later the more.
        not_played_for_days: nothing that was played within so many days.
        new_to_me: nothing that was ever played or loved, as far as that is known.
    """

    options: Options
    now: float
    weights: Weights = SOUND_ALONE
    seeds: Sequence[TrackId] = ()
    freshness: float = 0.5
    not_played_for_days: int = 7
    new_to_me: bool = False


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Tracks for a listener. `seeds`: what counted most and what reasons name, `plays`: how many plays counted."""

    basis: Basis
    plays: int
    seeds: Sequence[Seed]
    results: Sequence[Found]


def recommend(
    searcher: Neighbours, listener: Listener, shown: Mapping[TrackId, Shown], wishes: Wishes
) -> Recommendation:
    """Tracks that the listener may like; what was `shown` before and not played since sinks.

    Raises:
        UnknownTag, UnknownGenre: no track has what the filters ask for.
    """
    leaning = leaning_of(listener, _HALF_LIFE, wishes.seeds)
    dampened = _dampened(listener, shown, wishes)
    return _found(searcher, leaning, listener, dampened, wishes, most_tastes=None)


def radio(searcher: Neighbours, listener: Listener, wishes: Wishes) -> Recommendation:
    """What may follow on the seeds and the last plays, away from what was just skipped; nothing that was just played.

    Raises:
        UnknownTag, UnknownGenre: no track has what the filters ask for.
    """
    short = replace(listener, taste=None, opinions=_only_banned(listener.opinions))
    leaning = leaning_of(short, _HALF_LIFE_OF_RADIO, wishes.seeds)
    return _found(searcher, leaning, listener, {}, wishes, most_tastes=1)


def _only_banned(opinions: Mapping[TrackId, Opinion]) -> dict[TrackId, Opinion]:
    return {track_id: opinion for track_id, opinion in opinions.items() if opinion is Opinion.BANNED}


def _found(
    searcher: Neighbours,
    leaning: Leaning,
    listener: Listener,
    dampened: Mapping[str, float],
    wishes: Wishes,
    *,
    most_tastes: int | None,
) -> Recommendation:
    unwanted = _unwanted(listener, wishes)
    heard = _heard(listener, wishes)
    options = replace(wishes.options, exclude=frozenset(wishes.options.exclude) | unwanted, heard=heard)
    seeds = leaning.seeds(searcher)
    liked = tuple(seed for seed in seeds if seed.weight > 0)
    if not liked:
        out, seed = (options.exclude, heard), f"{wishes.now // _DAY_S}"
        picked = spread(searcher, options.filters, options.k, exclude=out, seed=seed)
        return Recommendation(Basis.SPREAD, leaning.plays, (), [Found(track, None, None, ()) for track in picked])
    query = Query(
        points_of(seeds)[:most_tastes],
        tuple(seed for seed in seeds if seed.track.track_id in unwanted),
        tags_of(liked),
        wishes.weights.parts(list(leaning.weights.items())),
        wishes.weights.sound,
        liked,
        dampened,
    )
    found = rank(searcher, query, options).results
    named = {one.sounds_like.track_id for one in found if one.sounds_like}
    named |= {seed.track.track_id for seed in sorted(seeds, key=lambda seed: -abs(seed.weight))[:_SEEDS_SHOWN]}
    return Recommendation(Basis.PLAYS, leaning.plays, [seed for seed in seeds if seed.track.track_id in named], found)


def _unwanted(listener: Listener, wishes: Wishes) -> frozenset[TrackId]:
    """What must not come: banned, skipped, named, played too lately, or known where only what is new is wanted."""
    since = wishes.now - wishes.not_played_for_days * _DAY_S
    played = {play.track_id for play in listener.recent if play.track_id and play.listened_at >= since}
    said = {track_id for track_id, opinion in listener.opinions.items() if opinion is Opinion.BANNED}
    known: set[TrackId] = set()
    if wishes.new_to_me:
        known = {play.track_id for play in listener.recent if play.track_id} | set(listener.opinions)
        known |= {track_id for track_id, _ in listener.taste.tracks} if listener.taste else set()
    return frozenset(played | said | known | skipped(listener.recent) | set(wishes.seeds))


def _heard(listener: Listener, wishes: Wishes) -> Container[object]:
    """What must not come by the listener's history, where there is one."""
    if listener.history is None or not (wishes.new_to_me or wishes.not_played_for_days):
        return ()
    since = 0.0 if wishes.new_to_me else wishes.now - wishes.not_played_for_days * _DAY_S
    return listener.history.heard_since(since)


def _dampened(listener: Listener, shown: Mapping[TrackId, Shown], wishes: Wishes) -> dict[str, float]:
    """How much less tracks score: for each time they were shown in vain, and for having been played lately."""
    costs: dict[str, float] = {}
    played: dict[str, int] = {}
    for play in listener.recent:
        if play.track_id:
            played.setdefault(play.track_id, play.listened_at)
    for track_id, at in played.items():
        days = max(0.0, wishes.now - at) / _DAY_S
        costs[track_id] = wishes.freshness * _PLAYED_COST * 0.5 ** (days / _PLAYED_HALF_LIFE_DAYS)
    for track_id, one in shown.items():
        if played.get(track_id, 0) < one.last_at:
            days = max(0.0, wishes.now - one.last_at) / _DAY_S
            cost = min(_MOST_SHOWN_COST, _SHOWN_COST * one.times) * 0.5 ** (days / _SHOWN_HALF_LIFE_DAYS)
            costs[track_id] = costs.get(track_id, 0.0) + cost
    return costs
