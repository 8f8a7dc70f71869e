"""Cases of files and folders: what is heard of them, and what stays when they change."""

import os
import shutil
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil

from tests.e2e.conftest import ROOT, LocalStack, until
from tests.field.conftest import Crawled, Field, crawl

_MOST_MEMORY_BYTES = 400 * 1024**2
_SHORT_TIMEOUT_S = 4


def c01_retagged(field: Field, case: Any) -> None:
    folder = field.build(case)
    before = field.crawl(folder)
    changed = before.ids["Ash Vale/Lanterns/01 - Riverlgiht.mp3"]
    done = field.work_on(before.ids.values())
    case.retag(folder)
    after = field.crawl(folder)
    until(lambda: field.track(changed)["title"] == "Riverlight", 20, "the new title")
    assert after.ids == before.ids
    assert set(after.states.values()) == {"ready"}
    assert field.work_on(before.ids.values()) == done


def c02_renamed(field: Field, case: Any) -> None:
    folder = field.build(case)
    before = field.crawl(folder)
    done = field.work_on(before.ids.values())
    (folder / "sorted").mkdir()
    for file in (folder / "incoming").iterdir():
        file.rename(folder / "sorted" / f"moved {file.name}")
    after = field.crawl(folder)
    assert {name.replace("sorted/moved ", "incoming/"): track for name, track in after.ids.items()} == before.ids
    assert field.work_on(before.ids.values()) == done
    for name, track_id in after.ids.items():
        with urlopen(f"{field.api.url}/tracks/{track_id}/audio", timeout=20) as audio:  # noqa: S310 (our own)
            assert audio.read() == (folder / name).read_bytes()


def c03_hidden_track(field: Field, case: Any) -> None:
    assert _heard(field.crawl(field.build(case))) == 1


def c04_silent_again(field: Field, case: Any) -> None:
    folder = field.build(case)
    before = field.crawl(folder)
    assert before.states == {
        "00 - [silence].mp3": "silent",
        "01 - Jingle.mp3": "too_short",
        "02 - Song.mp3": "ready",
        "03 - Broken.mp3": "unplayable",
    }
    done = field.work_on(before.ids.values())
    assert field.crawl(folder).states == before.states
    assert field.work_on(before.ids.values()) == done


def c05_formats_passed_over(field: Field, case: Any) -> None:
    folder = field.build(case)
    heard = field.crawl(folder)
    assert heard.states == dict.fromkeys(files_in(folder), "ready")
    assert len(heard.entries) == len(case.FORMATS) + 1


def c06_short_and_long(field: Field, case: Any) -> None:
    heard = field.crawl(field.build(case))
    assert set(heard.states.values()) == {"ready"}, heard.states
    assert len(heard.entries) == 2 * len(case.KINDS)


def c07_mp3_dirt(field: Field, case: Any) -> None:
    """Copies whose audio is the same to the last byte are one track, under the name of the first."""
    folder = field.build(case)
    heard = field.crawl(folder)
    assert set(heard.states) == {name for name in files_in(folder) if not name.startswith("._")}
    assert set(heard.states.values()) <= {"ready", "duplicate_entry"}, heard.states
    assert all(field.track(track_id)["indexed"] for track_id in heard.ids.values())
    assert all(entry["detail"] in heard.states for entry in heard.entries if entry["reason"])
    for name in ("03 junk before.mp3", "01 zeros before.mp3", "02 many zeros before.mp3", "12 size too large.mp3"):
        assert heard.states[name] in {"ready", "duplicate_entry"}


def c08_flac_dirt(field: Field, case: Any) -> None:
    heard = field.crawl(field.build(case))
    assert set(heard.states.values()) == {"ready"}
    titles = {field.track(track_id)["title"] for track_id in heard.ids.values()}
    assert titles == {f"Vorbis {name.removesuffix('.flac')[2:]}" for name in heard.ids}


def c11_wav_tags(field: Field, case: Any) -> None:
    heard = field.crawl(field.build(case))
    for name, title in {"id3/03 rip.wav": "Harbour", "info/04 rip.wav": "Pier"}.items():
        track = field.track(heard.ids[name])
        assert (track["title"], track["artists"], track["album"]) == (title, ["Mira Sol"], "Tides")


def c14_compilation(field: Field, case: Any) -> None:
    heard = field.crawl(field.build(case))
    seed = next(track for name, track in heard.ids.items() if name.startswith("Band 0"))

    def of_compilation(**options: Any) -> int:
        found = field.similar(seed, collapse_versions="false", **options)
        return sum(track["album"] == "Club Night 7" for track in found)

    assert of_compilation(max_per_album=1) <= 1 < of_compilation()


def c15_movements(field: Field, case: Any) -> None:
    heard = field.crawl(field.build(case))
    for group in ("Quartet/", "Crew "):
        members = {track for name, track in heard.ids.items() if name.startswith(group)}
        assert len(members) == 3
        for member in members:
            found = {track["track_id"] for track in field.similar(member)}
            assert members - {member} <= found


def c16_links(field: Field, case: Any) -> None:
    heard = field.crawl(field.build(case) / "library")
    names = {"Album A/01 - Alpha.mp3", "Album B/01 - Beta.mp3", "Single.mp3"}
    assert {Path(name).name for name, state in heard.states.items() if state == "ready"} == {
        Path(n).name for n in names
    }
    assert _heard(heard) == len(names)


def c17_system_folders(field: Field, case: Any) -> None:
    heard = field.crawl(field.build(case))
    assert [name for name, state in heard.states.items() if state == "ready"] == ["Album/0 - Keep.mp3"]
    assert heard.counts["reasons"] == {"ignored": 10}


def c20_vanished_disk(field: Field, case: Any) -> None:
    folder = field.build(case)
    before = field.crawl(folder)
    assert _heard(before) == 7
    case.away(folder)
    after = field.crawl(folder, remove_missing=True)
    assert after.counts["removed"] == 0
    assert after.counts["withheld"]["tracks"] >= 3
    assert all(field.track(track_id)["indexed"] for track_id in before.ids.values())
    shutil.rmtree(folder.parent / f"{folder.name}.nas-unmounted")


def c22_bytes_in_names(field: Field, case: Any) -> None:
    assert field.crawl(field.build(case)).counts["states"] == {"ready": 120}


def c23_long_mix(field: Field, case: Any) -> None:
    folder = field.build(case)
    assert _heard(field.crawl(folder)) == 1
    shutil.rmtree(folder)
    for process in psutil.Process(field.stack.pid).children(recursive=True):
        if "fetch_preview" in " ".join(process.cmdline()) or "cutting" in " ".join(process.cmdline()):
            assert process.memory_info().rss < _MOST_MEMORY_BYTES


def c26_untagged_names(field: Field, case: Any) -> None:
    heard = field.crawl(field.build(case))
    tracks = {name: field.track(track_id) for name, track_id in heard.ids.items()}
    assert {name: (", ".join(track["artists"]), track["title"]) for name, track in tracks.items()} == case.EXPECT


def c28_same_song_two_formats(field: Field, case: Any) -> None:
    heard = field.crawl(field.build(case))
    for number in range(4):
        original, tagged, copy = (
            heard.ids[name]
            for name in (
                f"flac/0{number} - Harbour {number}.flac",
                f"mp3/0{number} - Harbour {number}.mp3",
                f"copies/ann_lee-harbour_{number}-web.mp3",
            )
        )
        every = {track["track_id"] for track in field.similar(original, collapse_versions="false")}
        shown = {track["track_id"] for track in field.similar(original)}
        assert {tagged, copy} <= every
        assert not {original, tagged, copy} & shown


def c51_recorded_clips(field: Field, case: Any) -> None:
    opened = {
        clip.name: field.api.ask_with_clip(clip.read_bytes(), "application/octet-stream")
        for clip in sorted(field.build(case).iterdir())
    }
    for name, query in opened.items():

        def heard(path: str = query["status_url"]) -> Any:
            answer = field.api.get(path).checked()
            return answer if answer["status"] != "pending" else None

        answer = until(heard, 60, name)
        assert answer["status"] == "ready", (name, answer)


def c52_slow_file(field: Field, case: Any) -> None:
    """On a stack of its own, whose function may run for as long as the case says."""
    folder = field.build(case)
    before, _, after = (ROOT / "serverless.yml").read_text().partition("timeout: ${self:custom.queues.fetch.timeout_s}")
    assert after
    copy = folder.parent / "short" / "serverless.yml"
    copy.parent.mkdir()
    (copy.parent / "infra").symlink_to(ROOT / "infra")
    copy.write_text(f"{before}timeout: {_SHORT_TIMEOUT_S}{after}")
    stack = LocalStack(folder.parent / "short" / "state")
    stack.env["EARSHOT_LOCAL_SERVERLESS"] = str(copy)
    try:
        stack.up()
        heard = crawl(stack.api, folder)
    finally:
        stack.close()
    mix = heard.states.pop("Ten hours.mp3")
    assert mix in {"ready", "timed_out"}
    assert {state for name, state in heard.states.items() if name.startswith("song")} == {"ready"}


def c55_nested_folders(field: Field, case: Any) -> None:
    music = field.build(case) / "Music"
    link = music.parent / "Link"
    link.symlink_to(music)
    field.crawl(music / "Jazz")
    before = field.crawl(music)
    gone = {str(music): "Jazz/1 - Gone 1.mp3", f"{music}/": "Jazz/0 - Stays 0.mp3", str(link): "Rock/0 - Rock 0.mp3"}
    for place, name in gone.items():
        (music / name).unlink()
        after = field.crawl(place, remove_missing=True)
        assert after.counts["removed"] == 1, (place, after.counts)
        assert not field.knows(before.ids[name])


def c57_folder_closed_today(field: Field, case: Any) -> None:
    folder = field.build(case)
    before = field.crawl(folder)
    closed = folder / "Beatles"
    if os.geteuid():
        closed.chmod(0)
    else:  # for root nothing is closed, but nobody lists what a link leads to whose disk is away
        closed.rename(folder.parent / "closed")
        closed.symlink_to("away")
    after = field.crawl(folder, remove_missing=True)
    if os.geteuid():
        closed.chmod(0o755)
    assert after.counts["reasons"] == {"unreadable_file": 1}
    assert after.counts["removed"] == 0
    assert all(field.track(track_id)["indexed"] for track_id in before.ids.values())


def c58_which_file_failed(field: Field, case: Any) -> None:
    folder = field.build(case)
    wanted = {"broken.mp3": "unplayable", "silent.mp3": "silent", "link.mp3": "unreadable_file"}
    assert field.crawl(folder).states == {"good.mp3": "ready", **wanted}
    said = field.stack.run("crawl", str(folder))
    assert all(name in said.stdout + said.stderr for name in wanted), said


def c59_large_cover_flac(field: Field, case: Any) -> None:
    assert field.crawl(field.build(case)).counts["states"] == {"ready": 4}


def c60_same_isrc_on_all(field: Field, case: Any) -> None:
    heard = field.crawl(field.build(case))
    found = {track["track_id"] for track in field.similar(heard.ids["01 - First.flac"])}
    assert set(heard.ids.values()) - {heard.ids["01 - First.flac"]} <= found


def _heard(crawled: Crawled) -> int:
    return sum(entry["state"] == "ready" for entry in crawled.entries)


def files_in(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
