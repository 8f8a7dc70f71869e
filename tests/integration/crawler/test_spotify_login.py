import json
import socket
import stat
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import boto3
import pytest

from config.spotify_login import SpotifyLoginSettings
from crawler.__main__ import main
from crawler.spotify.login import log_in
from crawler.spotify.login_store import FileLoginStore, LoginStore, SsmLoginStore, login_store
from earshot.errors import EarshotError, InvalidSettings, ProviderRefused
from tests.aws import account, free_ports
from tests.stubs.spotify import TOKEN, SpotifyStub, item, spotify_id, track
from tests.stubs.stack import running_stack
from tests.stubs.web import Answer, Request, StubServer

_PLAYLIST = spotify_id("playlist")


def _token_route(form: list[dict[str, list[str]]], **token: object) -> object:
    def route(request: Request) -> Answer | None:
        if request.path != "/api/token":
            return None
        form.append(parse_qs(request.body.decode()))
        return Answer.json({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600, **token})

    return route


def _log_in_as_a_user_would(
    settings: SpotifyLoginSettings, store: LoginStore, capsys: pytest.CaptureFixture[str], answer: str
) -> EarshotError | None:
    """Run the command's function, read the address it prints, and send the browser's redirect with `answer`."""
    port = free_ports(1)[0]
    failure: list[EarshotError] = []

    def run() -> None:
        try:
            _log_in(settings, store, port)
        except EarshotError as error:
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    printed = ""
    while "http" not in printed:
        time.sleep(0.02)
        printed += capsys.readouterr().out
    query = parse_qs(urlsplit(printed[printed.index("http") :].split()[0]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [f"http://127.0.0.1:{port}/callback"]
    with socket.create_connection(("127.0.0.1", port), timeout=5):  # as browsers do, to save time
        for state in ("forged", query["state"][0]):
            try:
                urlopen(f"http://127.0.0.1:{port}/callback?{answer}&state={state}", timeout=5).read()
            except OSError:
                assert state == "forged"
    thread.join(10)
    assert not thread.is_alive()
    return failure[0] if failure else None


def _log_in(settings: SpotifyLoginSettings, store: LoginStore, port: int) -> None:
    app = {"client_id": settings.spotify_client_id, "accounts_url": settings.spotify_accounts_url}
    log_in(store, **app, port=port, open_browser=False)


@pytest.fixture
def settings(spotify_server: StubServer, monkeypatch: pytest.MonkeyPatch) -> SpotifyLoginSettings:
    monkeypatch.setenv("EARSHOT_SPOTIFY_CLIENT_ID", "app")
    monkeypatch.setenv("EARSHOT_SPOTIFY_ACCOUNTS_URL", spotify_server.url)
    return SpotifyLoginSettings.load()


def test_a_login_is_kept_in_a_file_that_only_its_owner_reads(
    settings: SpotifyLoginSettings, spotify: SpotifyStub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    form: list[dict[str, list[str]]] = []
    spotify.fail = _token_route(form, refresh_token="refresh-1", scope="playlist-read-private")  # type: ignore[assignment]
    path = tmp_path / "new" / "login.json"
    assert _log_in_as_a_user_would(settings, FileLoginStore(path), capsys, "code=the-code") is None
    assert form[0]["code"] == ["the-code"]
    assert len(form[0]["code_verifier"][0]) >= 43
    assert "client_secret" not in form[0]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["refresh_token"] == "refresh-1"


def test_a_login_that_the_user_refuses_is_named(
    settings: SpotifyLoginSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "login.json"
    error = _log_in_as_a_user_would(settings, FileLoginStore(path), capsys, "error=access_denied")
    assert isinstance(error, ProviderRefused)
    assert "access_denied" in error.message
    assert not path.exists()


def test_a_login_that_spotify_refuses_is_named(
    settings: SpotifyLoginSettings, spotify: SpotifyStub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spotify.fail = lambda _: Answer.json({"error": "invalid_client"}, 400)
    error = _log_in_as_a_user_would(settings, FileLoginStore(tmp_path / "login.json"), capsys, "code=x")
    assert isinstance(error, ProviderRefused)
    assert "invalid_client" in error.message


def test_a_missing_client_id_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings) as caught:
        log_in(FileLoginStore(tmp_path / "login.json"), client_id="", accounts_url="https://accounts.example")
    assert "developer.spotify.com" in caught.value.hint


def test_the_command_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("EARSHOT_SPOTIFY_CLIENT_ID", "")
    assert main(["spotify-login", "--no-browser"]) == 1
    assert "EARSHOT_SPOTIFY_CLIENT_ID is not set" in capsys.readouterr().err


def test_a_port_that_is_taken_is_named(settings: SpotifyLoginSettings, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InvalidSettings, match="in use") as caught:
        _log_in(settings, FileLoginStore(tmp_path / "x"), taken.getsockname()[1])
    assert "--port" in caught.value.hint


def test_on_aws_a_login_is_an_encrypted_parameter() -> None:
    with account():
        store = login_store(SpotifyLoginSettings(stage="dev").login_place)
        assert isinstance(store, SsmLoginStore)
        assert store.get_cached_token() is None
        store.save_token_to_cache({"refresh_token": "r", "access_token": "a", "expires_at": 1, "scope": "x"})
        token = store.get_cached_token()
        assert token is not None
        assert token["refresh_token"] == "r"
        parameter = boto3.client("ssm").get_parameter(Name="/earshot/dev/secrets/spotify_login")["Parameter"]
        assert parameter["Type"] == "SecureString"


def test_a_crawl_uses_the_login_and_keeps_the_refresh_token_that_replaces_it(
    monkeypatch: pytest.MonkeyPatch, spotify: SpotifyStub, spotify_settings: dict[str, str]
) -> None:
    form: list[dict[str, list[str]]] = []
    spotify.fail = _token_route(form, refresh_token="refresh-2")  # type: ignore[assignment]
    spotify.playlists[_PLAYLIST] = [item(track(1))]
    store = FileLoginStore(Path(spotify_settings["spotify_login"]))
    store.save_token_to_cache({"refresh_token": "refresh-1"})
    with running_stack(monkeypatch, **spotify_settings) as stack:
        assert stack.crawls.summary(stack.run(_PLAYLIST)).error is None
    assert form[0]["grant_type"] == ["refresh_token"]
    assert form[0]["refresh_token"] == ["refresh-1"]
    token = store.get_cached_token()
    assert token is not None
    assert token["refresh_token"] == "refresh-2"


def test_what_is_no_login_is_named(tmp_path: Path) -> None:
    path = tmp_path / "login.json"
    for content in ("", "[]", "{}", "null"):
        path.write_text(content)
        with pytest.raises(ProviderRefused, match="no Spotify login"):
            FileLoginStore(path).get_cached_token()


def test_without_credentials_the_crawl_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, spotify_settings: dict[str, str]
) -> None:
    settings = {name: value for name, value in spotify_settings.items() if "client" not in name}
    with running_stack(monkeypatch, **settings) as stack:
        summary = stack.crawls.summary(stack.run(_PLAYLIST))
    assert summary.error is not None
    assert "EARSHOT_SPOTIFY_CLIENT_ID" in summary.error["hint"]
