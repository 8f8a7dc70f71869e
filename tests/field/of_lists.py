"""Cases of playlists, exports and the places that people paste."""

from functools import partial
from typing import Any

from tests.e2e.conftest import until
from tests.field.conftest import Field


def c18_playlist_files(field: Field, case: Any) -> None:
    folder = field.build(case)
    lists = [file for file in folder.iterdir() if file.suffix in {".m3u", ".m3u8", ".pls", ".xspf"}]
    assert len(lists) == 8
    tracks = set()
    for file in lists:
        heard = field.crawl(file)
        ready = tuple(entry["track_id"] for entry in heard.entries if entry["state"] == "ready")
        assert len(set(ready)) == 3, file
        tracks.add(ready)
        rest = [entry["reason"] for entry in heard.entries if entry["state"] != "ready"]
        assert rest == (["file_gone", "no_track_id"] if file.name == "nfc.m3u8" else []), file
    assert len(tracks) == 1, "the same three in the same order"


def c30_exported_csv(field: Field, case: Any) -> None:
    folder = field.build(case)
    for file in sorted(folder.iterdir()):
        heard = field.crawl(file)
        tracks = [field.track(track_id) for track_id in heard.ids.values()]
        rows = [(track["title"], ", ".join(track["artists"])) for track in tracks]
        first = "Mar Lin" if file.name == "spaces.csv" else "Mar Lin, Tess"
        wanted = [("Größe", "Jörg")] if "cp1252" in file.name else [("Blue, Bluer", first), ('Say "Yes"', "Otto")]
        assert rows == wanted, file
        assert "bad_row" not in heard.counts["reasons"]
        if file.name.startswith("exportify"):
            assert list(heard.ids.values()) == [uri.rpartition(":")[2] for uri, *_ in case.ROWS]
    strange = folder / "strange.csv"
    strange.write_text("Rank;Plays;Rating\n1;200;5\n2;300;4\n")
    error = field.crawl(strange).counts["error"]
    assert "Rank, Plays, Rating" in error["message"]
    assert "title" in error["hint"]


def c31_one_bad_row(field: Field, case: Any) -> None:
    """Where the bad row can be understood after all it is a fourth track instead of a reason."""
    for file in sorted(field.build(case).iterdir()):
        heard = field.crawl(file)
        named = [name for name, state in heard.states.items() if state != "bad_row"]
        for artist, title in (("Ann", "One"), ("Ben", "Two"), ("Cy", "Three")):
            assert any(name.startswith(artist) and name.endswith(title) for name in named), file
        assert len(heard.entries) == (3 if file.stem in {"foreign-ids", "unclosed"} else 4), file
        assert heard.counts["reasons"].get("bad_row", 0) == (file.stem in {"longcell", "nul"}), file


def c34_title_artist_only(field: Field, case: Any) -> None:
    folder = field.build(case)
    wanted = {
        "rows.csv": ("One More Light", ["Ann Lee"]),
        "isrc.csv": ("Named by the code", ["Ben Oak"]),
        "dur.csv": ("Second Light", ["Ann Lee"]),
        "durms.csv": ("Third Light", ["Ann Lee"]),
    }
    for name, (title, artists) in wanted.items():
        heard = field.crawl(folder / name)
        assert list(heard.counts["states"]) == ["ready"], name
        (track_id,) = heard.ids.values()
        track = field.track(track_id)
        assert (track["title"], track["artists"]) == (title, artists)


def c40_deezer_hidden_rows(field: Field, case: Any) -> None:
    few = field.crawl("deezer:playlist:1001")
    assert len(few.ids) == 114
    assert "duplicate_entry" not in few.counts["reasons"]
    asked = [line for line in _asked(field) if line.startswith("/deezer/playlist/1001/tracks")]
    assert [line for line in asked if "index=0" in line or "index=50" in line or "index=100" in line] == asked
    assert len(asked) == 3
    many = field.crawl("deezer:playlist:1002")
    assert len(many.ids) == 100
    assert field.crawl("deezer:playlist:1002", remove_missing=True).counts["removed"] == 0
    assert field.knows("deezer:1002100")
    assert field.knows("deezer:1002149")


def c41_wrong_isrc(field: Field, case: Any) -> None:
    heard = field.crawl("spotify:playlist:0000000000000000004100")
    assert sorted(heard.states.values()) == ["rejected", "rejected"]


def c44_relinked(field: Field, case: Any) -> None:
    heard = field.crawl("spotify:playlist:0000000000000000004400")
    assert heard.counts["states"]["ready"] == 5
    both = {f"{number:022d}" for number in (44001, 44002)}
    for track_id in both:
        until(partial(field.api.is_searchable, track_id), 30, track_id)
    for track_id in both:
        found = {track["track_id"] for track in field.similar(track_id)}
        assert found
        assert not both & found


def c47_hidden_then_removed(field: Field, case: Any) -> None:
    numbers = {1003: 150, 1004: 120}
    for playlist, places in numbers.items():
        assert len(field.crawl(f"deezer:playlist:{playlist}").ids) == places
    (field.services / "cases-hide").touch()
    for playlist, places in numbers.items():
        again = field.crawl(f"deezer:playlist:{playlist}", remove_missing=True)
        assert again.counts["removed"] <= (playlist == 1004)
        first = 100 if playlist == 1003 else 1
        assert all(field.knows(f"deezer:{playlist * 1000 + place}") for place in range(first, places))


_READ = {
    "open.spotify.com/collection", "spotify:user:someone:collection", "open.spotify.com/artist", "spotify.com/embed",
    "open.spotify.com/playlist", "play.spotify.com", "deezer.com/en/profile/123/loved", "deezer.com/artist/27",
    "deezer.com/us/artist/27/top_track", "deezer.com/playlist", "api.deezer.com",
}  # fmt: skip
_NAMED = {
    "spotify": "Spotify", "deezer": "Deezer", "music.apple": "Apple Music", "youtube": "YouTube Music",
    "tidal": "Tidal", "soundcloud": "SoundCloud", "C:\\": "Windows", "\\\\nas": "network", "smb:": "network",
}  # fmt: skip


def c50_places(field: Field, case: Any) -> None:
    for pasted in case.PASTED:
        answer = field.api.post("/crawls", {"playlist": pasted})
        if any(part in pasted for part in _READ):
            assert answer.body.get("understood"), (pasted, answer)
            continue
        assert answer.status == 422, (pasted, answer)
        error = answer.body["error"]
        assert error["hint"], pasted
        names = [name for part, name in _NAMED.items() if part in pasted]
        assert not names or names[0] in error["message"] + error["hint"], (pasted, error)
        if pasted.strip("'").startswith(("/", "~", "file:")):
            assert "exist" in error["message"], (pasted, error)


def _asked(field: Field) -> list[str]:
    return (field.services / "cases-stub.log").read_text().splitlines()
