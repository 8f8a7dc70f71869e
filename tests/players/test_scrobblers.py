"""Players that know ListenBrainz, or only their media server, tell Earshot what they play; it knows the songs."""

import json
from pathlib import Path
from typing import Any

from earshot.api_client import ApiClient
from tests.e2e.conftest import LocalStack, until
from tests.players.conftest import Serving, run_in_players_environment
from tests.players.test_players import _get
from tests.players.tls import tls_before

_SONGS = ("Song 3", "Song 11", "Song 24")
_WITHIN_S = 60


def _words() -> list[str]:
    """Each with its artist, as tests/players/conftest.py tags them."""
    return [f"{title}=Artist {int(title.split()[1]) // 8}" for title in _SONGS]


def _plays(stack: LocalStack, key: str | None, count: int) -> list[dict[str, Any]]:
    """The listener's latest plays, as soon as there are so many and the catalogue's tracks are known in all."""
    api = ApiClient(f"http://127.0.0.1:{stack.port}", key=key)

    def known() -> list[dict[str, Any]] | None:
        listed: list[dict[str, Any]] = api.get("/listens", limit=100).checked()["listens"]
        found = [play for play in listed if play["track_id"]]
        return found if len(found) >= count else None

    found: list[dict[str, Any]] = until(known, _WITHIN_S, "plays with their tracks")
    return found


def _ids(stack: LocalStack) -> dict[str, str]:
    return {track.info.title: track.track_id for track in stack.deployment.tracks.scan()}


def test_liblistenbrainz_plays_three_songs_and_earshot_knows_them(stack: LocalStack) -> None:
    url = f"http://127.0.0.1:{stack.port}"
    said = json.loads(run_in_players_environment("scrobble_listenbrainz.py", url, "anna", *_words()))
    assert said["playing"] == _SONGS[0]
    assert (said["sent"], said["imported"]) == (["ok"] * 3, "ok")
    assert said["refused"][0] == 400
    assert said["seen"] == list(_SONGS)
    ids = _ids(stack)
    assert [play["track_id"] for play in _plays(stack, "anna", 3)] == [ids[title] for title in _SONGS]


def test_mopidy_plays_three_songs_over_tls(stack: LocalStack, tmp_path: Path) -> None:
    with tls_before(stack.port, tmp_path) as (port, certificate):
        address = f"127.0.0.1:{port}"
        trust = {"REQUESTS_CA_BUNDLE": str(certificate)}
        run_in_players_environment("scrobble_mopidy.py", address, "ben", *_words(), env=trust)
    ids = _ids(stack)
    assert {play["track_id"] for play in _plays(stack, "ben", 3)} == {ids[title] for title in _SONGS}


def test_what_is_played_through_the_proxy_the_server_and_earshot_hear(
    proxy: Serving, supysonic: Serving, stack: LocalStack
) -> None:
    found = json.loads(_get(supysonic, "search3", query=_SONGS[1]))["subsonic-response"]["searchResult3"]["song"]
    number = next(song["id"] for song in found if song["title"] == _SONGS[1])
    assert json.loads(_get(proxy, "scrobble", id=number))["subsonic-response"]["status"] == "ok"
    assert _plays(stack, None, 1)[0]["track_id"] == _ids(stack)[_SONGS[1]]
