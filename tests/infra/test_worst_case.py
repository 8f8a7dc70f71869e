"""The money test: what strangers, and callers with a key, can make a stage cost in an hour."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
import yaml

from api.http.app import OWN_ROUTES, resolver
from scripts import cost, worst_case
from scripts.worst_case import DEFAULT, Asked, Units
from tests.infra import terraform
from tests.infra.worst_case import STAGES, drawn_table, keyed, large_stage, public, rates, shown
from tests.unit.api.world import World

_NUMBER = re.compile(r"\d+(\.\d+)?")

# Also answered, for less than what is measured: small, or the same under another name, or nothing in the cloud.
_CHEAP = {
    "GET /covers/<id>",
    "GET /rest/ping",
    "GET /rest/getOpenSubsonicExtensions",
    "GET /rest/findSonicPath",
    "POST /playlists",
    "PUT /listens/now",
    "GET /opinions",
    "GET /1/validate-token",
    "GET /1/user/<id>/playing-now",
    "GET /1/user/<id>/listen-count",
    "GET /1/latest-import",
    "POST /1/latest-import",
    "GET /shard",  # these three: nothing, where the index is no shard
    "GET /shard/tracks/<id>",
    "POST /shard/nearest",
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with large_stage(tmp_path_factory.mktemp("large")) as world:
        yield world


@pytest.fixture(scope="module")
def of_strangers(stage: World) -> list[Asked]:
    return public(stage)


@pytest.fixture(scope="module")
def with_keys(stage: World) -> list[Asked]:
    return keyed(stage)


@pytest.mark.parametrize("name", STAGES)
def test_strangers_cannot_cost_more_than_this(of_strangers: list[Asked], name: str) -> None:
    usd = worst_case.usd_an_hour(of_strangers, rates()[name]) + worst_case.standing_usd_an_hour()
    assert usd <= worst_case.MOST[name]


def test_the_gateways_price_is_that_of_every_half_megabyte_begun() -> None:
    steps = [worst_case.metered_usd(size) / cost.HTTP_API_REQUEST for size in (0, 1, 524_288, 524_289, 10 * 1024**2)]
    assert steps == pytest.approx([1, 1, 1, 2, 20])
    asked = Asked("a", {}, Units(), answer_bytes=300_000)
    dearer = replace(asked, body_bytes=300_000)
    assert dearer.usd - asked.usd == pytest.approx(cost.HTTP_API_REQUEST)


def test_a_route_whose_answers_cost_little_still_costs_what_too_large_bodies_do() -> None:
    rates = worst_case.Rates({DEFAULT: 1.0})
    cheap = Asked("a", {}, Units(), answer_bytes=0)
    hour = worst_case.usd_an_hour([cheap], rates)
    assert hour == pytest.approx(3600 * worst_case.too_large_usd())
    assert hour > cheap.usd_an_hour(1.0)


@pytest.mark.parametrize("name", STAGES)
def test_nor_can_callers_with_a_key_add_more_than_this(with_keys: list[Asked], name: str) -> None:
    usd = worst_case.usd_an_hour(with_keys, rates()[name]) + worst_case.crawling_usd_an_hour(terraform.ROOT)
    assert usd <= worst_case.MOST_WITH_KEYS


def test_no_request_makes_more_calls_than_one_can_count(of_strangers: list[Asked], with_keys: list[Asked]) -> None:
    """A list that is looked at asks for 25 rows; entries come by the hundred, a thousand at most; what is known
    of a listener goes by 25 items; what is new to somebody needs the history, too; each playlist has its crawl."""
    most = {"POST /crawls/preview": 80, "GET /crawls/{id}/entries": 25, "DELETE /listens": 8}
    most["GET /recommend, only what is new"] = 6
    most |= {"GET /playlists": 25, "PATCH /playlists/{id}": 7, "POST /crawls/{id}/cancel": 6}
    for asked in (*of_strangers, *with_keys):
        assert sum(asked.calls.values()) <= most.get(asked.name, 5), asked
        assert not {"ListObjectsV2", "Scan"} & asked.calls.keys(), asked


def test_the_page_shows_what_was_measured(of_strangers: list[Asked], with_keys: list[Asked]) -> None:
    """Within a twentieth: ids and times in the answers are compressed a little better on some days than on others."""
    then, now = (_cells(table) for table in (shown(), drawn_table(of_strangers, with_keys)))
    assert [words for words, _ in then] == [words for words, _ in now], "run: python -m tests.infra.worst_case"
    for (words, said), (_, measured) in zip(then, now, strict=True):
        assert said == pytest.approx(measured, rel=0.05, abs=0.02), f"{words}: run python -m tests.infra.worst_case"


def _cells(table: str) -> list[tuple[list[str], list[float]]]:
    """Of each row the words and the numbers."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return [
        (
            [cell for cell in row if not _NUMBER.fullmatch(cell)],
            [float(cell) for cell in row if _NUMBER.fullmatch(cell)],
        )
        for row in rows
    ]


def test_every_route_has_been_measured(of_strangers: list[Asked], with_keys: list[Asked]) -> None:
    app = resolver()
    routes = {(route.method, route.path) for route in (*app._static_routes, *app._dynamic_routes)}
    measured = {asked.name.partition(",")[0].replace("{", "<").replace("}", ">") for asked in of_strangers + with_keys}
    there = {f"{method} {path.removesuffix('.view')}" for method, path in routes}
    shortened = {_with_one_name(route) for route in there}
    dear = {route for route in shortened - _CHEAP if not _is_for_players(route)}
    assert dear == {_with_one_name(route) for route in measured}


def _is_for_players(route: str) -> bool:
    """Answered with as much as `getSonicSimilarTracks`, or nothing in the cloud: see the test below."""
    path = route.partition(" ")[2]
    return path.startswith(("/rest/", "/api/")) and route != "GET /rest/getSonicSimilarTracks"


@pytest.mark.parametrize("endpoint", ["getArtists", "getAlbumList2", "getRandomSongs", "getGenres", "search3"])
def test_what_reads_much_of_the_catalogue_for_players_is_not_answered_in_the_cloud(stage: World, endpoint: str) -> None:
    for method in ("GET", "POST"):
        answer = stage.request(method, f"/rest/{endpoint}", params={"f": "json"}).json()["subsonic-response"]
        assert answer["error"]["code"] == 70
    assert stage.get("/api/search_tracks", search_query="ordinary").status_code == 404


def _with_one_name(route: str) -> str:
    head, bracket, rest = route.partition("<")
    return f"{head}<id>{rest.partition('>')[2]}" if bracket else route


def test_routes_with_throttles_of_their_own_are_those_of_the_gateway() -> None:
    document = yaml.safe_load((terraform.ROOT / "serverless.yml").read_text(encoding="utf-8"))
    events = {event["httpApi"] for event in document["functions"]["api"]["events"] if "httpApi" in event}
    assert events == {"*", *OWN_ROUTES}
    for stage in STAGES:
        assert rates()[stage].per_s.keys() == {DEFAULT, *OWN_ROUTES}


def test_the_stage_waits_for_every_route_that_it_has_settings_for() -> None:
    text = (terraform.ROOT / "serverless.resources.yml").read_text(encoding="utf-8")
    stage = yaml.safe_load(text)["extensions"]["HttpApiStage"]
    named = {f"HttpApiRoute{''.join(map(_as_osls_names_it, route.split('/')))}" for route in OWN_ROUTES}
    assert set(stage["DependsOn"]) == named


def _as_osls_names_it(part: str) -> str:
    named = re.sub(r"[^0-9A-Za-z]", "", part.lower().replace("-", "Dash"))
    return named[:1].upper() + named[1:]


@pytest.mark.parametrize("route", OWN_ROUTES)
def test_what_has_a_throttle_of_its_own_cannot_be_had_past_it(stage: World, route: str) -> None:
    from api.bootstrap import services
    from api.http.app import respond
    from api.http.events import HttpEvent

    method, path = route.split()
    for spelled in (path, f"{path}/", f"/{path}", f"{path}//", f"/.{path}", path.upper()):
        event: HttpEvent = {
            "version": "2.0", "routeKey": DEFAULT, "rawPath": spelled, "rawQueryString": "", "headers": {},
            "requestContext": {"http": {"method": method, "path": spelled}, "requestId": "1", "stage": DEFAULT},
            "isBase64Encoded": False,
        }  # fmt: skip
        answer = respond(event, None, services())  # type: ignore[arg-type]  # nobody looks at the context
        assert answer["statusCode"] == 404, spelled
