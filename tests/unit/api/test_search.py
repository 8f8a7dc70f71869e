"""GET /search: words and tags."""

from typing import Any

import pytest

from tests.unit.api.world import World, direction, track


@pytest.fixture
def shop(world: World) -> World:
    """Six tracks with telling names."""
    tracks = [
        track(1, title="Café del Mar", artists=("Energy 52",), tags={"electronic": 0.9, "chillout": 0.4}),
        track(2, title="Mar Adentro", artists=("Héroes",), album="Café", tags={"rock": 0.8}),
        track(3, title="Marmalade", artists=("The Café Owls",), tags={"chillout": 0.8, "electronic": 0.3}),
        track(4, title="Mar", artists=("Ólafur",), tags={"Hip-Hop": 0.5}),
        track(5, title="Oceano mar", artists=("Straße",), tags={"electronic": 0.2}),
        track(6, track_id="file:0123456789abcdef", source="file", title="Зима", artists=("周杰倫",)),
    ]
    world.publish(tracks, [direction(**{f"a{n}": 1}) for n in range(6)])
    return world


def _found(shop: World, **params: Any) -> list[str]:
    return [found["track_id"].removeprefix("deezer:") for found in shop.get("/search", **params).json()["results"]]


def test_titles_that_match_as_a_whole_come_first_then_beginnings_then_the_rest(shop: World) -> None:
    assert _found(shop, text="mar") == ["4", "2", "3", "1", "5"]


def test_case_and_accents_do_not_matter(shop: World) -> None:
    assert _found(shop, text="CAFE DEL") == ["1"]
    assert _found(shop, text="olafur") == ["4"]
    assert _found(shop, text="strasse") == ["5"]
    assert _found(shop, text="зим") == _found(shop, text="周杰") == ["file:0123456789abcdef"]


@pytest.mark.parametrize(
    ("title", "typed"),
    [
        ("Røyksopp", "royk"),
        ("Łódź", "LODZ"),
        ("Đorđe Ævar", "dorde aev"),
        ("Þórr", "thor"),
        ("DIYARBAKIR ılık", "ilik"),
        ("Ψυχή μου", "ψυχη"),
        ("Ёлка", "елк"),
        ("한국 노래", "한국"),
        ("がんばれ", "かん"),
        ("हिन्दी गाना", "हिन्दी ग"),
        ("เพลงรัก", "เพลง"),
        ("أغنية", "اغن"),
        ("𝗦𝗧𝗬𝗟𝗘 ﬁn", "style fin"),
        ("!!!", "!!"),
        ("÷", "÷"),
    ],
)
def test_every_script_is_found_by_its_beginnings_without_accents(world: World, title: str, typed: str) -> None:
    named = [track(1, title=title), track(2, title="हमन दगनद"), track(3, artists=(title, "Else"))]
    world.publish(named, [direction(**{f"a{n}": 1}) for n in range(3)])
    assert _found(world, text=typed) == ["1", "3"]


def test_signs_that_no_track_bears_find_nothing(shop: World) -> None:
    assert _found(shop, text="!!!") == _found(shop, text="\u0301") == []


def test_every_word_must_begin_a_word_of_title_artists_or_album(shop: World) -> None:
    assert _found(shop, text="owls marm") == ["3"]
    assert _found(shop, text="afe") == []
    assert _found(shop, text="mar xyz") == []


def test_tags_filter_and_the_strongest_come_first(shop: World) -> None:
    assert _found(shop, tags="electronic") == ["1", "3", "5"]
    assert _found(shop, tags="electronic,chillout") == ["1", "3"]
    assert _found(shop, tags="hip-hop") == ["4"]
    assert _found(shop, tags="ELECTRONIC", text="mar") == ["3", "1", "5"]


def test_an_unknown_tag_is_an_error_that_lists_the_tags(shop: World) -> None:
    answer = shop.get("/search", tags="polka")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unknown_tag")
    assert "chillout, electronic, hip hop, rock" in answer.json()["error"]["hint"]


def test_without_words_the_catalogue_comes_by_title_and_in_pages(shop: World) -> None:
    everything = _found(shop)
    assert everything[:3] == ["1", "4", "2"]
    assert _found(shop, limit=2) + _found(shop, limit=2, offset=2) + _found(shop, limit=2, offset=4) == everything
    assert shop.get("/search", limit=1).json()["total"] == 6


def test_source_filters(shop: World) -> None:
    assert _found(shop, source="file") == ["file:0123456789abcdef"]


def test_results_have_the_one_shape_with_the_matched_tags(shop: World) -> None:
    (found, *_) = shop.get("/search", tags="electronic").json()["results"]
    assert found["similarity"] is None
    assert found["shared_tags"] == [{"name": "electronic", "strength": 0.9}]
    assert set(found) == set(shop.get("/similar", track_id="deezer:1").json()["results"][0])


@pytest.mark.parametrize("text", ["\t", "\n", "...", "' OR 1=1", "\u0301", "a" * 200, " ".join("abcdefghijkl")])
def test_odd_texts_are_answered(shop: World, text: str) -> None:
    assert shop.get("/search", text=text).status_code == 200


def test_a_new_version_is_searched_anew(shop: World) -> None:
    import time

    shop.publish([track(9, title="Novelty")], [direction(a0=1)])
    time.sleep(0.11)
    assert _found(shop) == ["9"]
