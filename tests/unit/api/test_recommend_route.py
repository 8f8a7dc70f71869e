"""/recommend and /radio, and the weight `listening` elsewhere: what HTTP adds to tests/unit/answers."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.bootstrap import services
from earshot.clock import epoch, now_iso
from earshot.colistening.publish import keep
from earshot.colistening.store import ColisteningStore
from earshot.colistening.trial import Arm, Trial
from earshot.plays import ListenerId, Play, listener_of
from earshot.stores.listeners_table import Opinion
from tests.colistening import published, rows_of
from tests.unit.api.world import World, direction, track

KEY, OTHER = "a long word", "another long word"
ROWS = rows_of({"deezer:1": {"deezer:9": (1.0, 12), "deezer:3": (0.5, 2)}}, {"deezer:9": 20, "deezer:1": 5})


@pytest.fixture
def arc(world: World) -> World:
    """Ten tracks on an arc, each a tenth of a radian further than the one before."""
    world.publish(
        [track(number) for number in range(1, 11)],
        [direction(a0=math.cos(number / 10), a1=math.sin(number / 10)) for number in range(10)],
    )
    return world


@pytest.fixture
def learned(arc: World, tmp_path: Path) -> World:
    """The same, and a table of what is played together."""
    published(arc.s3, ROWS, tmp_path)
    return arc


def _listener(key: str = KEY) -> ListenerId:
    from api.http.keys import digest_of

    return listener_of(digest_of(key))


def _played(number: int, ago_s: int = 100, **said: Any) -> None:
    play = Play(_listener(), int(epoch()) - ago_s, track_id=f"deezer:{number}", title=f"Title {number}", **said)  # type: ignore[arg-type]
    services().listeners.note_plays([play])


def _ask(world: World, path: str, key: str | None = KEY, **params: Any) -> httpx.Response:
    return world.request("GET", path, params=params, headers={"X-Api-Key": key} if key else {})


def _ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [found["track_id"] for found in answer.json()["results"]]


def test_recommendations_are_for_the_holder_of_the_key_alone(learned: World) -> None:
    _played(1)
    mine, theirs = _ask(learned, "/recommend", k=3), _ask(learned, "/recommend", OTHER, k=3)
    assert _ids(mine)[:2] == ["deezer:9", "deezer:3"]
    assert (mine.json()["basis"], mine.json()["plays"]) == ("plays", 1)
    assert [seed["track_id"] for seed in mine.json()["query"]] == ["deezer:1"]
    assert (theirs.json()["basis"], theirs.json()["plays"], theirs.json()["query"]) == ("spread", 0, [])
    for answer in (mine, theirs):
        assert answer.headers["cache-control"] == "private, no-store"
        assert "X-Api-Key" in answer.headers["vary"]
    assert _ask(learned, "/recommend", None).status_code == 401
    assert _ask(learned, "/recommend", OTHER, listener=_listener()).json()["plays"] == 0


def test_who_is_in_a_trial_is_answered_by_its_table_and_nobody_else_is(learned: World, tmp_path: Path) -> None:
    store = ColisteningStore(learned.s3, "index")
    champion = store.head()
    assert champion is not None
    other = rows_of({"deezer:1": {"deezer:4": (1.0, 12)}})
    _, pointer = keep(store, other, store.manifest(champion.pointer).training, previous="", work_dir=tmp_path)
    trial = Trial("a-trial", 0.5, pointer.version, now_iso(), pointer)
    store.put_trial(trial, seen=None)
    arms = {word: trial.arm_of(_listener(word)) for word in map("word number {}".format, range(5))}
    answers = {word: _ask(learned, "/recommend", word, seeds="deezer:1", listening=1) for word in arms}
    versions = {word: answer.json()["spaces"]["listening"]["version"] for word, answer in answers.items()}
    expected = {Arm.CHAMPION: champion.pointer.version, Arm.CHALLENGER: pointer.version}
    assert versions == {word: expected[arm] for word, arm in arms.items()}
    assert set(versions.values()) == set(expected.values())
    tried = next(word for word, arm in arms.items() if arm is Arm.CHALLENGER)
    assert _ids(answers[tried])[0] == "deezer:4"
    assert _ask(learned, "/radio", tried, track_id="deezer:1", listening=1).json()["spaces"]["listening"] == {
        "version": pointer.version, "recipe": None,
    }  # fmt: skip


def test_results_say_with_what_and_by_how_many_they_are_played(learned: World) -> None:
    _played(1)
    first, second = _ask(learned, "/recommend", k=2).json()["results"]
    assert first["played_with"] == {
        "track_id": "deezer:1", "title": "Title 1", "artists": ["Artist 1"], "listeners": 12,
    }  # fmt: skip
    assert second["played_with"] is None
    version = services().colistening.current().version  # type: ignore[union-attr]
    assert _ask(learned, "/recommend").json()["spaces"]["listening"] == {"version": version, "recipe": None}


def test_what_was_shown_and_not_played_sinks(learned: World) -> None:
    _played(1)
    first = _ids(_ask(learned, "/recommend", k=3, listening=0))
    second = _ids(_ask(learned, "/recommend", k=3, listening=0))
    assert first == ["deezer:2", "deezer:3", "deezer:4"]
    assert second != first
    kept = [json.dumps(row) for row in services().listeners.everything(_listener())]
    assert sum(first[0] in row for row in kept) == 1
    services().listeners.forget(_listener())
    assert services().shown.of(_listener()) == {}


def test_a_list_of_recommendations_is_nobody_elses_either(arc: World) -> None:
    _played(1)
    answer = _ask(arc, "/recommend", format="m3u8")
    assert answer.text.startswith("#EXTM3U")
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ({"k": "2", "not_played_for_days": "0", "freshness": "0"}, ["deezer:1", "deezer:2"]),
        ({"k": "1", "seeds": "https://www.deezer.com/track/10", "exclude": "deezer:2"}, ["deezer:9"]),
        ({"k": "1", "new_to_me": "true"}, ["deezer:3"]),
    ],
)
def test_wishes_reach_the_answer(arc: World, wishes: Mapping[str, str], expected: list[str]) -> None:
    _played(1)
    services().listeners.say(_listener(), "deezer:2", Opinion.LOVED)  # type: ignore[arg-type]
    if "new_to_me" not in wishes:
        services().listeners.say(_listener(), "deezer:2", None)  # type: ignore[arg-type]
    assert _ids(_ask(arc, "/recommend", **wishes)) == expected


def test_seeds_that_are_not_there_are_named(arc: World) -> None:
    assert _ask(arc, "/recommend", seeds="deezer:77").json()["error"]["code"] == "track_not_found"
    assert _ask(arc, "/radio", track_id="deezer:77").json()["error"]["code"] == "track_not_found"


def test_a_radio_goes_on_from_the_track_named_else_from_what_plays_else_from_the_last_play(arc: World) -> None:
    assert len(_ids(_ask(arc, "/radio"))) == 5
    _played(1, 500)
    assert _ids(_ask(arc, "/radio", k=1)) == ["deezer:2"]
    services().listeners.note_playing(Play(_listener(), int(epoch()), track_id="deezer:10"), 100)  # type: ignore[arg-type]
    assert _ids(_ask(arc, "/radio", k=1)) == ["deezer:9"]
    assert _ids(_ask(arc, "/radio", k=1, track_id="deezer:5")) == ["deezer:4"]
    assert _ids(_ask(arc, "/radio", k=1, track_id="deezer:5", exclude="deezer:4")) == ["deezer:3"]
    assert services().shown.of(_listener()) == {}


@pytest.mark.parametrize(
    "question",
    [
        "/similar?track_id=deezer:1",
        "/extend?track_ids=deezer:1,deezer:2",
        "/path?from=deezer:1&to=deezer:9",
        "/search?",
    ],
)
def test_without_weight_answers_are_what_they_were_before_anything_was_learned(
    arc: World, tmp_path: Path, question: str
) -> None:
    before = arc.request("GET", f"{question}&listening=0").content
    published(arc.s3, ROWS, tmp_path)
    services().colistening.look_again()
    assert arc.request("GET", f"{question}&listening=0").content == before
    assert arc.request("GET", question).content == before
    assert arc.request("GET", f"{question}&listening=0.9").content != before


def test_with_weight_answers_name_the_table_and_their_tags_change_with_it(learned: World) -> None:
    version = services().colistening.current().version  # type: ignore[union-attr]
    plain = learned.get("/similar", track_id="deezer:1", k=1)
    heard = learned.get("/similar", track_id="deezer:1", k=1, listening=1)
    sent = learned.post("/similar", {"seeds": [{"track_id": "deezer:1"}], "k": 1, "listening": 1})
    assert (_ids(plain), _ids(heard), _ids(sent)) == (["deezer:2"], ["deezer:9"], ["deezer:9"])
    assert version in heard.headers["etag"]
    assert version not in plain.headers["etag"]
    assert heard.json()["spaces"]["listening"]["version"] == version
    assert "listening" not in plain.json()["spaces"]
    assert _ids(learned.get("/search", listening=1, limit=2)) == ["deezer:9", "deezer:1"]
    assert learned.get("/health").json()["spaces"]["listening"]["version"] == version
