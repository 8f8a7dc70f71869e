"""GET /tags: what is said, and how common it is."""

from api.answers.commonness import UNUSUAL
from earshot.tags import measured
from tests.unit.api.world import World, direction, track


def test_tags_come_with_counts_base_rates_and_thresholds_the_commonest_first(world: World) -> None:
    tags: tuple[dict[str, float], ...] = (
        {"rock": 0.9, "Hip-Hop": 0.6},
        {"rock": 0.5, "jazz": 0.1},
        {"polka": 0.02},
        {},
    )
    world.publish([track(n, tags=named) for n, named in enumerate(tags)], [direction(a0=1, a1=n) for n in range(4)])
    answer = world.get("/tags").json()
    assert (answer["tracks"], answer["index_version"]) == (4, world.versions[0])
    assert [(tag["name"], tag["tracks"], tag["share"]) for tag in answer["tags"]] == [
        ("rock", 2, 0.5),
        ("Hip-Hop", 1, 0.25),
        ("polka", 1, 0.25),
    ]
    rock, *_ = answer["tags"]
    assert (rock["base_rate"], rock["threshold"]) == (measured("rock").base_rate, measured("rock").threshold)
    for tag in answer["tags"]:
        assert world.get("/search", tags=tag["name"]).json()["total"] == tag["tracks"]
    unsaid = world.get("/search", tags="jazz")
    assert (unsaid.status_code, unsaid.json()["error"]["code"]) == (422, "unknown_tag")
    assert "jazz" not in unsaid.json()["error"]["hint"]


def test_results_say_how_near_they_are_and_why(world: World) -> None:
    jazz = {"rock": 0.9, "jazz": 0.9}
    tracks = [track(n, tags=jazz if n in {1, 3} else {"rock": 0.9}) for n in range(1, 12)]
    world.publish(tracks, [direction(a0=1, a1=n / 4) for n in range(1, 12)])
    second, third, *_ = world.get("/similar", track_id="deezer:1").json()["results"]
    assert (second["closer_than"], second["reasons"]) == (0.9, [])
    assert (third["closer_than"], third["track_id"]) == (0.8, "deezer:3")
    assert third["reasons"] == [{"kind": "tag", "what": "jazz", "share": 2 / 11}]
    assert [tag["share"] <= UNUSUAL for tag in third["tags"]] == [False, True]
    (found, *_) = world.get("/search", text="Title 3").json()["results"]
    assert (found["similarity"], found["closer_than"], found["reasons"]) == (None, None, [])
    *_, last = world.get("/path", **{"from": "deezer:1", "to": "deezer:3", "steps": 1}).json()["results"]
    assert last["reasons"] == [] or last["reasons"][0]["what"] == "jazz"
    assert 0.5 < last["closer_than"] <= 1


def test_the_tags_of_a_version_are_not_sent_twice(world: World) -> None:
    world.publish([track(1, tags={"rock": 0.9})], [direction(a0=1)])
    answer = world.get("/tags")
    again = world.request("GET", "/tags", headers={"If-None-Match": answer.headers["etag"]})
    assert (answer.status_code, again.status_code) == (200, 304)
