from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.errors import InvalidPlaylist
from earshot.playlists import PlaylistRef, parse_playlist, playlist_from_command_line, without_secrets

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_spotify_ids = st.text(_BASE62, min_size=22, max_size=22)
_deezer_ids = st.integers(1, 10**18 - 1).map(str)
_kinds = st.sampled_from(["playlist", "album", "track"])


@given(
    _spotify_ids, _kinds, st.sampled_from(["", "intl-de/", "intl-pt-br/"]), st.sampled_from(["", "?si=1", "/", "#x"])
)
def test_every_form_of_a_spotify_address_is_understood(spotify_id: str, kind: str, language: str, end: str) -> None:
    expected = PlaylistRef("spotify", kind, spotify_id)
    assert parse_playlist(f"spotify:{kind}:{spotify_id}") == expected
    assert parse_playlist(f" https://open.spotify.com/{language}{kind}/{spotify_id}{end} ") == expected


@given(_deezer_ids, _kinds, st.sampled_from(["", "fr/", "en/"]))
def test_every_form_of_a_deezer_address_is_understood(number: str, kind: str, language: str) -> None:
    expected = PlaylistRef("deezer", kind, number)
    assert parse_playlist(f"deezer:{kind}:{number}") == expected
    assert parse_playlist(f"https://www.deezer.com/{language}{kind}/{number}") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("37i9dQZF1DXcBWIGoYBM5M", PlaylistRef("spotify", "playlist", "37i9dQZF1DXcBWIGoYBM5M")),
        (
            "spotify:user:someone:playlist:37i9dQZF1DXcBWIGoYBM5M",
            PlaylistRef("spotify", "playlist", "37i9dQZF1DXcBWIGoYBM5M"),
        ),
        ("deezer:3135556", PlaylistRef("deezer", "track", "3135556")),
        ("/home/me/Music", PlaylistRef("file", "folder", "/home/me/Music")),
        ("file:///home/me/My%20Music", PlaylistRef("file", "folder", "/home/me/My Music")),
        ("/music/音楽\u3000集\u00a0👩\u200d🎤", PlaylistRef("file", "folder", "/music/音楽\u3000集\u00a0👩\u200d🎤")),
        ("/home/me/list.CSV", PlaylistRef("manifest", "manifest", "/home/me/list.CSV")),
        (
            "https://example.org/list.jsonl?v=2",
            PlaylistRef("manifest", "manifest", "https://example.org/list.jsonl?v=2"),
        ),
        ("HTTPS://example.org/list.CSV", PlaylistRef("manifest", "manifest", "https://example.org/list.CSV")),
        (
            "HTTPS://Open.Spotify.com/intl-pt-BR/album/37i9dQZF1DXcBWIGoYBM5M",
            PlaylistRef("spotify", "album", "37i9dQZF1DXcBWIGoYBM5M"),
        ),
        ("https://WWW.Deezer.com/us/playlist/12", PlaylistRef("deezer", "playlist", "12")),
        ("Deezer:album:12", PlaylistRef("deezer", "album", "12")),
    ],
)
def test_what_a_playlist_is_called(text: str, expected: PlaylistRef) -> None:
    assert parse_playlist(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "music",
        "../music",
        "http://example.org/list.csv",
        "https://example.org/music",
        "https://open.spotify.com.evil.org/playlist/37i9dQZF1DXcBWIGoYBM5M",
        "https://evil.org/?https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M",
        "spotify:playlist:37i9dQZF1DXcBWIGoYBM5M/../x",
        "deezer:playlist:0",
        "deezer:playlist:-1",
        "/music\n/etc",
        "/music\0",
        "file:///music%00",
        "/caf\udce9",
        "https://[example.org/list.csv",
        "/" + "x" * 3000,
        "file:///music%0a/etc",
        "https://exa\u2100mple.org/list.csv",
        "https://user:secret@example.org/list.csv",
        "https:///list.csv",
        "https://open.spotify.com/PLAYLIST/37i9dQZF1DXcBWIGoYBM5M",
    ],
)
def test_what_is_no_playlist_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(InvalidPlaylist) as caught:
        parse_playlist(text)
    assert "Deezer" in caught.value.hint
    assert len(caught.value.message) < 200


@given(st.text(max_size=400))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        ref = parse_playlist(text)
    except InvalidPlaylist:
        return
    assert str(ref)
    again = ref.id if ref.source in ("file", "manifest") else f"{ref.source}:{ref.kind}:{ref.id}"
    assert parse_playlist(again) == ref


@given(st.text(max_size=60))
def test_hostile_urls_are_understood_or_refused(text: str) -> None:
    for url in (f"https://{text}.csv", f"file:///{text}", f"https://open.spotify.com/{text}"):
        try:
            parse_playlist(url)
        except InvalidPlaylist:
            continue


@pytest.mark.parametrize("host", ["spotify.link", "link.deezer.com/s", "deezer.page.link"])
def test_of_a_short_link_it_says_what_to_do(host: str) -> None:
    with pytest.raises(InvalidPlaylist, match="short link") as caught:
        parse_playlist(f"https://{host}/abc")
    assert "browser" in caught.value.hint


_LIST = "0000000000000000004100"


@pytest.mark.parametrize(
    ("pasted", "understood"),
    [
        ("https://open.spotify.com/collection/tracks", "Spotify collection me"),
        ("spotify:user:someone:collection", "Spotify collection me"),
        ("https://open.spotify.com/artist/0OdUWJ0sBjDrqHygGUXeCF", "Spotify artist 0OdUWJ0sBjDrqHygGUXeCF"),
        (f"https://open.spotify.com/embed/playlist/{_LIST}", f"Spotify playlist {_LIST}"),
        (f"open.spotify.com/playlist/{_LIST}", f"Spotify playlist {_LIST}"),
        (f"https://play.spotify.com/playlist/{_LIST}", f"Spotify playlist {_LIST}"),
        (f"https://open.spotify.com/playlist/{_LIST}?si=abc&nd=1", f"Spotify playlist {_LIST}"),
        (f"<https://open.spotify.com/playlist/{_LIST}>", f"Spotify playlist {_LIST}"),
        (f"Hear this: https://open.spotify.com/playlist/{_LIST}?si=1. Bye", f"Spotify playlist {_LIST}"),
        ("https://www.deezer.com/en/profile/123/loved", "Deezer loved 123"),
        ("https://www.deezer.com/artist/27", "Deezer artist 27"),
        ("https://www.deezer.com/us/artist/27/top_track", "Deezer artist 27"),
        ("deezer.com/playlist/908622995", "Deezer playlist 908622995"),
        ("https://api.deezer.com/playlist/908622995", "Deezer playlist 908622995"),
        ("https://widget.deezer.com/widget/dark/playlist/12", "Deezer playlist 12"),
        ("'/srv/music'", "folder /srv/music"),
        ("“/srv/my music”", "folder /srv/my music"),
        ("file://localhost/srv/music", "folder /srv/music"),
        ("/srv/music/", "folder /srv/music"),
        ("/srv//./music", "folder /srv/music"),
    ],
)
def test_what_people_paste_is_understood(pasted: str, understood: str) -> None:
    assert str(parse_playlist(pasted)) == understood


@pytest.mark.parametrize(
    ("pasted", "said", "remedy"),
    [
        ("https://open.spotify.com/user/someone", "another page of Spotify", "artist"),
        (f"https://open.spotify.com/episode/{_LIST}", "another page of Spotify", "playlist"),
        ("https://www.deezer.com/en/mixes/genre/1", "another page of Deezer", "playlist"),
        ("https://music.apple.com/us/playlist/x/pl.123", "Apple Music", "CSV"),
        ("https://music.youtube.com/playlist?list=PL1", "YouTube Music", "CSV"),
        ("https://tidal.com/browse/playlist/1", "Tidal", "CSV"),
        ("on.soundcloud.com/x", "SoundCloud", "CSV"),
        ("https://someone.bandcamp.com/album/x", "Bandcamp", "CSV"),
        ("https://music.amazon.co.uk/playlists/x", "Amazon Music", "CSV"),
        ("~/Music", "nor a folder", "whole path"),
        ("my/Music", "nor a folder", "whole path"),
        ("C:\\Users\\me\\Music", "a path of Windows", "/mnt/c/Users/me/Music"),
        ("\\\\nas\\music", "network", "Mount"),
        ("smb://nas/music", "network", "Mount"),
    ],
)
def test_of_what_cannot_be_read_it_says_what_it_is_and_what_would_work(pasted: str, said: str, remedy: str) -> None:
    with pytest.raises(InvalidPlaylist, match=said) as caught:
        parse_playlist(pasted)
    assert remedy in caught.value.hint


def test_it_says_what_was_understood() -> None:
    assert str(parse_playlist("deezer:album:12")) == "Deezer album 12"
    assert str(parse_playlist("/music")) == "folder /music"


def test_on_the_command_line_a_path_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "music").mkdir()
    monkeypatch.chdir(tmp_path)
    assert playlist_from_command_line("music") == str(tmp_path / "music")
    assert playlist_from_command_line("deezer:12") == "deezer:12"


def test_on_the_command_line_a_folder_may_end_in_a_space(tmp_path: Path) -> None:
    folder = tmp_path / "Best of "
    folder.mkdir()
    assert parse_playlist(playlist_from_command_line(str(folder))).id == str(folder)


@pytest.mark.parametrize("text", ["~nobody-of-this-name/music", "x" * 300, "a\0b", "around"])
def test_what_is_no_path_on_the_command_line_stays_as_it_is(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "around").symlink_to("around")
    monkeypatch.chdir(tmp_path)
    assert playlist_from_command_line(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:pw@lists.example/a.csv?token=s3cret#part", "https://lists.example/a.csv"),
        ("https://www.deezer.com/playlist/9?utm_source=x", "https://www.deezer.com/playlist/9"),
        ("/music/What? No #1", "/music/What? No #1"),
        ("deezer:playlist:9", "deezer:playlist:9"),
    ],
)
def test_a_listing_shows_no_token_of_an_address(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
