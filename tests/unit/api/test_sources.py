"""What the api and its page say of sources comes from earshot/sources.py."""

import json
import re
from pathlib import Path

import pytest

from api.http.openapi import document_text
from earshot.admission import how_to_switch_on
from earshot.sources import SOURCES, TRACK_SOURCES
from tests.unit.api.world import World

_PAGE = Path(__file__).parents[3] / "api" / "page"


def test_a_filter_by_source_may_name_every_source_that_tracks_come_from() -> None:
    parameters = [
        parameter
        for path in json.loads(document_text())["paths"].values()
        for operation in path.values()
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "source"
    ]
    assert len(parameters) == 7
    assert [parameter["schema"]["enum"] for parameter in parameters] == [list(TRACK_SOURCES)] * 7


def test_the_page_learns_from_the_server_what_sources_are_called_and_what_it_may_play(world: World) -> None:
    module = world.get("/page/sources.js")
    assert module.headers["content-type"].startswith("text/javascript")
    told = re.search(r"export const SOURCES = (\{.*?\n\});", module.text, re.DOTALL)
    assert told
    assert {name: source["label"] for name, source in json.loads(told[1]).items()} == {
        name: SOURCES[name].label for name in TRACK_SOURCES
    }
    policy = world.get("/").headers["content-security-policy"]
    (media,) = re.findall(r"media-src ([^;]*);", policy)
    assert media.split() == [
        "'self'",
        "blob:",  # a clip that is recorded is heard again before it is sent
        *(f"https://{host}" for source in SOURCES.values() for host in source.preview_hosts),
    ]


@pytest.mark.parametrize("name", sorted(path.name for path in _PAGE.glob("*.js")))
def test_no_part_of_the_page_keeps_a_list_of_its_own(name: str) -> None:
    text = (_PAGE / name).read_text(encoding="utf-8")
    assert [source.label for source in SOURCES.values() if source.site and source.label in text] == []


def test_every_source_says_what_it_gives_and_how_it_is_switched_on(world: World) -> None:
    sources = {source["name"]: source for source in world.get("/sources").json()["sources"]}
    assert list(sources) == list(SOURCES)
    assert all(source["gives"] for source in sources.values())
    assert all((source["switch_on"] is None) == source["on"] for source in sources.values())
    assert sources["file"]["on"]
    assert (
        "EARSHOT_PROVIDERS=file,manifest,spotify,deezer,itunes make deploy STAGE=test" in sources["itunes"]["switch_on"]
    )


def test_how_a_source_is_switched_on_depends_on_where_one_is() -> None:
    here = how_to_switch_on("spotify", "local", ("file", "manifest"))
    assert "put EARSHOT_PROVIDERS=file,manifest,spotify into config/crawler.env and start again: make up." in here
    assert "make spotify-login" in here, "and what else it wants"
    assert "make deploy STAGE=prod" in how_to_switch_on("deezer", "prod", ())
