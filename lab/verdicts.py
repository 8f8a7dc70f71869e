"""Verdicts and the pin, kept in the index bucket beside the pointer that a verdict moves.

`verdicts/<time>/<candidate>.json` are written once and never changed; together they are the history of a stage's
champions, and what `lab rollback` goes back by. `verdicts/pinned.json` names the corpus on which verdicts are given.
What serves is said by the index's pointer alone.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import quote

from earshot.clock import Timestamp, now_iso
from earshot.errors import InvalidJudgement
from earshot.index.objects import ObjectStore
from lab.gate import Verdict

_PREFIX: Final = "verdicts/"
PIN_KEY: Final = f"{_PREFIX}pinned.json"


@dataclass(frozen=True, slots=True)
class Pin:
    """The corpus on which candidates of a stage are judged: its SHA-256, its clips, and since when."""

    corpus: str
    clips: int
    at: Timestamp


def pinned(store: ObjectStore) -> Pin:
    """What is pinned.

    Raises:
        InvalidJudgement: nothing is, or what is there is no pin.
    """
    seen = store.see(PIN_KEY)
    if seen is None:
        raise InvalidJudgement(
            "no corpus is pinned on which recipes are judged here", hint="Pin it: python -m lab pin --corpus CSV."
        )
    try:
        return Pin(**json.loads(seen.body))
    except (ValueError, TypeError) as error:
        raise InvalidJudgement(f"{PIN_KEY} is no pin: {error}", hint="Pin anew: python -m lab pin.") from error


def pin(store: ObjectStore, corpus: str, clips: int) -> Pin:
    """Judge on this corpus from now on.

    Raises:
        IndexRace: somebody else pins one at the same time.
    """
    seen, new = store.see(PIN_KEY), Pin(corpus, clips, now_iso())
    store.replace(PIN_KEY, json.dumps(asdict(new)).encode(), seen=seen.etag if seen else None)
    return new


def check_pinned(store: ObjectStore, corpus: str) -> None:
    """Only the pinned corpus counts: whoever may choose the music after having seen the figures proves nothing.

    Raises:
        InvalidJudgement: none is pinned, or another one, or this one has changed since.
    """
    known = pinned(store)
    if known.corpus != corpus:
        raise InvalidJudgement(
            f"this corpus is {corpus[:12]}, and {known.corpus[:12]} was pinned on {known.at[:10]}: its rows or files "
            "have changed, or it is another one",
            hint="Bring back what was pinned, or judge on this one from now on: python -m lab pin --corpus CSV.",
        )


def keep(store: ObjectStore, verdict: Verdict) -> str:
    """Write a verdict down, whatever it is; returns its key.

    Raises:
        IndexRace: somebody else gave one on the same recipe in the same microsecond.
    """
    key = f"{_PREFIX}{now_iso()}/{quote(verdict.candidate, safe='')}.json"
    store.replace(key, verdict.to_json().encode(), seen=None)
    return key


def kept(store: ObjectStore) -> Iterator[Verdict]:
    """All verdicts, the newest first.

    Raises:
        InvalidJudgement: what is there is none.
    """
    keys = sorted((entry.key for entry in store.list(_PREFIX) if entry.key != PIN_KEY), reverse=True)
    for key in keys:
        if seen := store.see(key):
            yield Verdict.from_json(seen.body)
