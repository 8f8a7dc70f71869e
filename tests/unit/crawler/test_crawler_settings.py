import re
from pathlib import Path

import pytest

from config.crawl_playlist import CrawlPlaylistSettings
from config.fetch_preview import FetchPreviewSettings
from config.media_servers import MediaServerSettings
from earshot.errors import InvalidSettings

_EXAMPLE = Path(__file__).parents[3] / "config" / "crawler.env.example"
_NEEDED = {
    "EARSHOT_TRACKS_TABLE": "tracks",
    "EARSHOT_CRAWLS_TABLE": "crawls",
    "EARSHOT_PREVIEWS_BUCKET": "previews",
    "EARSHOT_CRAWL_QUEUE_URL": "http://127.0.0.1/crawl",
    "EARSHOT_FETCH_QUEUE_URL": "http://127.0.0.1/fetch",
    "EARSHOT_FETCH_NOW_QUEUE_URL": "http://127.0.0.1/fetch-now",
    "EARSHOT_EXTRACT_NOW_QUEUE_URL": "http://127.0.0.1/extract-now",
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _NEEDED.items():
        monkeypatch.setenv(name, value)


def test_every_setting_is_explained_in_the_example_and_nothing_else_is() -> None:
    fields = {*CrawlPlaylistSettings.model_fields, *FetchPreviewSettings.model_fields}
    listed = re.findall(r"^#(EARSHOT_[A-Z_]+)=", _EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(f"EARSHOT_{name.upper()}" for name in fields)


def test_every_setting_of_media_servers_is_explained_in_their_example_and_nothing_else_is() -> None:
    text = _EXAMPLE.with_name("media_servers.env.example").read_text(encoding="utf-8")
    listed = re.findall(r"^#(EARSHOT_[A-Z_]+)=", text, re.MULTILINE)
    assert sorted(listed) == sorted(f"EARSHOT_{name.upper()}" for name in MediaServerSettings.model_fields)


@pytest.mark.parametrize("address", ["nas.local:4533", "ftp://nas", "http://me:pw@nas", "http://"])
def test_an_address_of_a_server_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("EARSHOT_SUBSONIC_URL", address)
    with pytest.raises(InvalidSettings, match="EARSHOT_SUBSONIC_URL"):
        MediaServerSettings.load()


def test_keys_of_listeners_are_named_by_their_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSHOT_LISTENER_KEYS", "anna=her=key, ben=his")
    keys = MediaServerSettings.load().listener_keys
    assert {user: key.get_secret_value() for user, key in keys.items()} == {"anna": "her=key", "ben": "his"}
    monkeypatch.setenv("EARSHOT_LISTENER_KEYS", "anna")
    with pytest.raises(InvalidSettings, match="EARSHOT_LISTENER_KEYS"):
        MediaServerSettings.load()


def test_lists_are_split_as_people_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSHOT_PROVIDERS", "deezer, itunes")
    monkeypatch.setenv("EARSHOT_FOLDER_ROOTS", "/music:/home/me/My Music")
    monkeypatch.setenv("EARSHOT_ALLOWED_HOSTS", "a.example,*.b.example")
    settings = FetchPreviewSettings.load()
    assert settings.providers == ("deezer", "itunes")
    assert settings.folder_roots == (Path("/music"), Path("/home/me/My Music"))
    assert settings.allowed_hosts == ("a.example", "*.b.example")


def test_nothing_is_switched_on_that_has_terms_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSHOT_PROVIDERS", "")
    settings = FetchPreviewSettings.load()
    assert settings.providers == ("file", "manifest", "subsonic", "jellyfin")
    assert settings.folder_roots == ()


def test_a_source_may_be_called_by_its_old_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSHOT_PROVIDERS", "folder,deezer")
    assert FetchPreviewSettings.load().providers == ("file", "deezer")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EARSHOT_PROVIDERS", "deezr"),
        ("EARSHOT_PROVIDERS", "deezer,folders"),
        ("EARSHOT_DEEZER_CALLS_PER_MINUTE", "0"),
        ("EARSHOT_ALLOW_LOOPBACK", "perhaps"),
        ("EARSHOT_CONTACT", "名前@example.org"),
        ("EARSHOT_CONTACT", "me\r\nHost: evil.example"),
    ],
)
def test_a_setting_that_cannot_work_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings, match=name):
        FetchPreviewSettings.load()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSHOT_SPOTIFY_CLIENT_SECRET", "hush")
    assert "hush" not in repr(FetchPreviewSettings.load())
