"""Albums in one file with a cue sheet: its tracks are heard, each in its own window."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from earshot.crawls import Doubt
from earshot.ids import CrawlId, TrackId
from earshot.reasons import Reason
from earshot.track import TrackInfo
from extractor.audio.decoder import Decoder
from tests.music.encoding import encoded
from tests.stubs.stack import Stack

RATE = 8_000
LOW_HZ, HIGH_HZ = 440.0, 1_000.0
LOW_S, HIGH_S = 33, 8
SHEET = """PERFORMER "Ann Lee"
TITLE "Two Tones"
REM DATE 1994
FILE "{file}" WAVE
  TRACK 01 AUDIO
    TITLE "Low"
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "High"
    PERFORMER "Ben"
    INDEX 00 00:32:00
    INDEX 01 00:33:00
"""


def _album(kind: str = "flac") -> bytes:
    time = np.arange(LOW_S * RATE) / RATE
    tones = [0.3 * np.sin(2 * np.pi * LOW_HZ * time), 0.3 * np.sin(2 * np.pi * HIGH_HZ * time[: HIGH_S * RATE])]
    return encoded(np.concatenate(tones).astype(np.float32), RATE, kind)


def _write(folder: Path, sheet: str = SHEET, *, file: str = "album.flac", called: str = "album.cue") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / file).write_bytes(_album(file.rpartition(".")[2]))
    (folder / called).write_text(sheet.format(file=file))
    return folder / file


def _entries(stack: Stack, crawl_id: CrawlId) -> dict[str, tuple[str | None, Reason | None]]:
    """By their names: title, and reason."""
    return {
        entry.name: (found.info.title if found else None, entry.reason)
        for entry in stack.crawls.entries(crawl_id)
        for found in [stack.tracks.get(entry.track_id) if entry.track_id else None]
    }


def _infos(stack: Stack) -> Mapping[str, TrackInfo]:
    return {track.info.title: track.info for track in stack.tracks.scan()}


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    decoder = Decoder(16_000, 1.5)
    yield decoder
    decoder.close()


def _tones(stack: Stack, decoder: Decoder, track_id: TrackId) -> tuple[float, set[float]]:
    """Of the clip that went to the extractor: its seconds, and the loudest pitch of each of its half seconds."""
    preview = stack.previews.get(track_id)
    assert preview is not None
    audio = decoder.decode(preview.audio)
    half = audio.samples[: len(audio.samples) // 8_000 * 8_000].reshape(-1, 8_000)
    return audio.seconds, {float(np.abs(np.fft.rfft(part)).argmax() * 2) for part in half}


@pytest.mark.parametrize("kind", ["flac", "mp3", "wav"])
def test_each_track_of_a_sheet_is_heard_in_its_own_window(
    folder_stack: Stack, folder: Path, decoder: Decoder, kind: str
) -> None:
    album = _write(folder, file=f"album.{kind}")
    crawl_id = folder_stack.run(str(folder))
    assert _entries(folder_stack, crawl_id) == {
        f"album.{kind}/001": ("Low", None),
        f"album.{kind}/002": ("High", None),
    }
    low, high = (_infos(folder_stack)[title] for title in ("Low", "High"))
    assert (low.artists, low.album, low.track_number, low.year) == (("Ann Lee",), "Two Tones", 1, 1994)
    assert (high.artists, high.album_artist, high.track_number) == (("Ben",), "Ann Lee", 2)
    assert low.duration_ms == 33_000
    assert high.duration_ms == pytest.approx(8_000, abs=250)  # an MP3 is padded
    assert (low.preview_url, high.preview_url) == (f"{album.as_uri()}#t=0.000,33.000", f"{album.as_uri()}#t=33.000")
    seconds, tones = _tones(folder_stack, decoder, low.track_id)
    assert seconds == pytest.approx(30, abs=0.3)
    assert tones == {LOW_HZ}
    seconds, tones = _tones(folder_stack, decoder, high.track_id)
    assert seconds == pytest.approx(8, abs=0.3)
    assert tones == {HIGH_HZ}


def test_the_same_windows_of_the_same_audio_are_the_same_tracks(folder_stack: Stack, folder: Path) -> None:
    _write(folder)
    folder_stack.run(str(folder))
    before = {info.track_id for info in _infos(folder_stack).values()}
    (folder / "album.flac").rename(folder / "renamed.flac")
    (folder / "album.cue").unlink()
    (folder / "renamed.cue").write_text(SHEET.format(file="renamed.wav").replace("Low", "Deep"))
    folder_stack.run(str(folder))
    assert {info.track_id for info in _infos(folder_stack).values()} == before
    assert set(_infos(folder_stack)) == {"Deep", "High"}


def test_the_same_tracks_are_found_by_the_sheet_as_a_list(folder_stack: Stack, folder: Path, decoder: Decoder) -> None:
    _write(folder)
    folder_stack.run(str(folder / "album.cue"))
    listed = _infos(folder_stack)
    assert _tones(folder_stack, decoder, listed["High"].track_id)[1] == {HIGH_HZ}
    folder_stack.run(str(folder))
    found = {title: replace(info, cover_id=None) for title, info in _infos(folder_stack).items()}
    assert found == listed, "covers are looked for in folders alone"


def test_what_was_one_track_and_is_parts_goes_only_when_that_is_agreed_to(folder_stack: Stack, folder: Path) -> None:
    _write(folder)
    sheet = (folder / "album.cue").rename(folder / "away")
    folder_stack.run(str(folder))
    assert set(_infos(folder_stack)) == {"album"}
    sheet.rename(folder / "album.cue")

    def crawled(agreed: int = 0) -> tuple[object, set[str]]:
        folder_stack.run(str(folder), remove_missing=True)
        for track in folder_stack.tracks.scan():  # what is on its way is never removed
            folder_stack.tracks.mark_no_preview(track.track_id, reason=Reason.UNPLAYABLE)
        crawl_id = folder_stack.run(str(folder), remove_missing=True, agreed=agreed)
        withheld = folder_stack.crawls.summary(crawl_id).withheld
        return withheld and (withheld.tracks, withheld.doubt), set(_infos(folder_stack))

    assert crawled() == ((1, Doubt.PARTED), {"album", "Low", "High"})
    assert crawled(agreed=1) == (None, {"Low", "High"})
    (folder / "album.cue").unlink()
    assert crawled() == ((2, Doubt.PARTED), {"album", "Low", "High"})


def test_a_sheet_that_is_wrong_costs_its_entries_a_reason_and_nothing_else(folder_stack: Stack, folder: Path) -> None:
    late = '  TRACK 03 AUDIO\n    TITLE "Late"\n    INDEX 01 59:00:00\n  TRACK 04 AUDIO\n    TITLE "Untimed"\n'
    _write(folder / "late", SHEET + late)
    _write(folder / "gone").unlink()
    _write(folder / "binary").with_suffix(".cue").write_bytes(bytes(range(256)) * 8)
    _write(folder / "untimed", SHEET.replace("INDEX", "REM"))
    found = _entries(folder_stack, folder_stack.run(str(folder)))
    assert found == {
        "binary/album.cue": (None, Reason.BAD_SHEET),
        "binary/album.flac": ("album", None),
        "gone/album.cue": (None, Reason.FILE_GONE),
        "late/album.flac/001": ("Low", None),
        "late/album.flac/002": ("High", None),
        "late/album.flac/003": (None, Reason.BAD_SHEET),
        "late/album.flac/004": (None, Reason.BAD_SHEET),
        "untimed/album.cue": (None, Reason.BAD_SHEET),
        "untimed/album.flac": ("album", None),
    }
    assert {e: r for e, (_, r) in found.items() if r}.keys() == {e for e, (title, _) in found.items() if not title}


def test_a_window_of_a_file_that_has_changed_is_not_heard(folder_stack: Stack, folder: Path) -> None:
    _write(folder)
    folder_stack.read(str(folder))
    (folder / "album.flac").write_bytes(_album("flac")[:-2000])
    folder_stack.settle()
    assert {track.reason for track in folder_stack.tracks.scan()} == {Reason.FILE_CHANGED}
