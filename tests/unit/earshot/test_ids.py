import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.errors import InvalidTrackId
from earshot.ids import parse_track_id, preview_key, source_of, track_id_of_preview_key

SPOTIFY = "11dFghVXANMlKmJXsNCbNl"
spotify_ids = st.from_regex(r"[0-9A-Za-z]{22}", fullmatch=True)
deezer_ids = st.integers(1, 10**18 - 1).map("deezer:{}".format)
file_ids = st.from_regex(r"file:[0-9a-f]{16}", fullmatch=True)
track_ids = st.one_of(spotify_ids, deezer_ids, file_ids)


@pytest.mark.parametrize(
    ("text", "track_id"),
    [
        (SPOTIFY, SPOTIFY),
        (f"  {SPOTIFY}\n", SPOTIFY),
        (f"spotify:track:{SPOTIFY}", SPOTIFY),
        (f"https://open.spotify.com/track/{SPOTIFY}", SPOTIFY),
        (f"https://open.spotify.com/intl-de/track/{SPOTIFY}?si=abc", SPOTIFY),
        ("deezer:3135556", "deezer:3135556"),
        ("https://www.deezer.com/track/3135556", "deezer:3135556"),
        ("https://www.deezer.com/en/track/3135556#x", "deezer:3135556"),
        ("file:2c26b46b68ffc68f", "file:2c26b46b68ffc68f"),
        (f"Spotify:track:{SPOTIFY}", SPOTIFY),
        (f"HTTPS://Open.Spotify.com/intl-pt-BR/track/{SPOTIFY}", SPOTIFY),
        ("https://WWW.DEEZER.com/us/track/3135556?utm=1", "deezer:3135556"),
    ],
)
def test_every_form_people_paste_gives_the_canonical_id(text: str, track_id: str) -> None:
    assert parse_track_id(text) == track_id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        SPOTIFY + "x",
        "deezer:0",
        "deezer:-1",
        "deezer:１２３",
        "file:2C26B46B68FFC68F",
        f"spotify:episode:{SPOTIFY}",
        f"https://open.spotify.com/TRACK/{SPOTIFY}",
        f"https://open.spotify.com.evil.example/track/{SPOTIFY}",
        f"https://evil.example/?https://open.spotify.com/track/{SPOTIFY}",
        f"https://open.spotify.com/track/{SPOTIFY}/../../x",
        "../../etc/passwd",
        f"{SPOTIFY}\n{SPOTIFY}",
        "a" * 100_000,
    ],
)
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidTrackId, match="not a track id"):
        parse_track_id(text)


@given(st.text())
def test_parsing_never_fails_otherwise_and_what_it_returns_is_canonical(text: str) -> None:
    try:
        track_id = parse_track_id(text)
    except InvalidTrackId:
        return
    assert parse_track_id(track_id) == track_id
    assert re.fullmatch(r"[0-9A-Za-z]{22}|deezer:[0-9]+|file:[0-9a-f]{16}", track_id)


@given(track_ids)
def test_preview_keys_round_trip_and_stay_in_one_folder(track_id: str) -> None:
    key = preview_key(track_id)
    assert key.count("/") == 1
    assert track_id_of_preview_key(key) == track_id


@given(st.text())
def test_foreign_keys_are_refused(name: str) -> None:
    try:
        track_id = track_id_of_preview_key(f"previews/{name}")
    except InvalidTrackId:
        return
    assert preview_key(track_id) == f"previews/{name}"


def test_the_source_is_part_of_the_id() -> None:
    assert [source_of(i) for i in (SPOTIFY, "deezer:1", "file:2c26b46b68ffc68f")] == ["spotify", "deezer", "file"]
