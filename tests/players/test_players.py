"""Players that know nothing of Earshot get its answers, and play them."""

import json
import subprocess
import sys
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.e2e.conftest import LocalStack
from tests.players.conftest import PASSWORD, USER, Player, Serving


def _get(server: Serving, endpoint: str, headers: dict[str, str] | None = None, **parameters: str) -> bytes:
    query = urlencode({"u": USER, "p": PASSWORD, "c": "test", "v": "1.12.0", "f": "json", **parameters})
    with urlopen(Request(f"{server.url}/rest/{endpoint}?{query}", headers=headers or {}), timeout=20) as answer:  # noqa: S310
        content: bytes = answer.read()
    return content


def test_a_player_asks_for_similar_songs_and_streams_the_first(player: Player, stack: LocalStack) -> None:
    saw = json.loads(player.run("opensonic.py"))
    assert "sonicSimilarity" in saw["extensions"]
    ids = {track.info.title: track.track_id for track in stack.deployment.tracks.scan()}
    body = stack.api.get("/similar", track_id=ids[saw["seed"]], k=20).checked()
    assert saw["similar"] == [row["title"] for row in body["results"]][:10]
    assert saw["seed"] not in saw["similar"]
    assert saw["streamed"] == saw["size"] > 10_000
    assert [title for title, _ in saw["matches"]] == saw["similar"][:5]
    assert all(0 <= similarity <= 1 for _, similarity in saw["matches"])
    assert (saw["path"][0], saw["path"][-1], len(saw["path"])) == (saw["seed"], saw["similar"][-1], 6)
    assert len(saw["of the artist"]) == 5


def test_an_answer_is_kept_by_the_server_and_read_by_the_player(player: Player, stack: LocalStack) -> None:
    ids = {track.info.title: track.track_id for track in stack.deployment.tracks.scan()}
    earshot = [sys.executable, "-m", "cli"]
    env = stack.env | {"EARSHOT_API_URL": f"http://127.0.0.1:{stack.port}"}
    asked = subprocess.run([*earshot, "similar", ids["Song 7"], "--json"], env=env, capture_output=True, check=True)
    words = [*earshot, "playlist", "Within earshot of Song 7", "-"]
    kept = subprocess.run(words, env=env, input=asked.stdout, capture_output=True, check=False)
    assert b"11 tracks" in kept.stdout, kept.stderr
    answer = json.loads(asked.stdout)
    titles = [row["title"] for row in (*answer["query"], *answer["results"])]
    assert json.loads(player.run("headless_mopidy.py"))["playlists"]["Within earshot of Song 7"] == titles


def test_mopidy_asks_for_similar_songs_and_plays_the_first(player: Player, stack: LocalStack) -> None:
    saw = json.loads(player.run("headless_mopidy.py"))
    ids = {track.info.title: track.track_id for track in stack.deployment.tracks.scan()}
    body = stack.api.get("/similar", track_id=ids[saw["seed"]], k=15).checked()
    assert saw["similar"] == [row["title"] for row in body["results"]][:5]
    assert saw["first"] == saw["similar"][0]
    assert saw["streamed"] == saw["size"] > 10_000


def test_everything_else_is_the_servers_own_answer(proxy: Serving, supysonic: Serving) -> None:
    for endpoint in ("getMusicFolders", "getIndexes", "getArtists", "getUser", "getGenres"):
        assert _get(proxy, endpoint, username=USER) == _get(supysonic, endpoint, username=USER)


def test_a_part_of_a_song_comes_as_the_server_cuts_it(proxy: Serving, supysonic: Serving) -> None:
    found = json.loads(_get(supysonic, "search3", query="Song 2"))["subsonic-response"]["searchResult3"]["song"][0]
    part = {"Range": "bytes=1000-1999"}
    assert _get(proxy, "stream", part, id=found["id"]) == _get(supysonic, "stream", part, id=found["id"])
    assert len(_get(proxy, "stream", part, id=found["id"])) == 1000


def test_whom_the_server_does_not_know_gets_its_refusal(proxy: Serving) -> None:
    answer = json.loads(_get(proxy, "getSimilarSongs2", id="x", p="wrong"))["subsonic-response"]
    assert (answer["status"], answer["error"]["code"]) == ("failed", 40)
