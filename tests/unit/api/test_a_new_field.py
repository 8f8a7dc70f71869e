"""What is known of a track is said in one place: a field more there is a field more in answers."""

import json
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_TRACK = _ROOT / "earshot" / "track.py"
_LAST = "    artwork_url: str | None = None\n"
_ANSWERS = """
import json, sys, types

module = sys.modules["earshot.track"] = types.ModuleType("earshot.track")
exec(compile(sys.stdin.read(), "earshot/track.py", "exec"), module.__dict__)

from api.answers.found import Found
from api.answers.query import Seed
from api.answers.commonness import UNKNOWN
from api.http.presentation import query_track, results, track_answer
from earshot.index.rows import IndexedTrack, track_to_line
from earshot.track import Track, TrackInfo

track = Track(TrackInfo("deezer:1", "deezer", mood="dark", preview_url="file:///home/me/song.mp3"))
indexed = IndexedTrack.from_line(track_to_line(track))
(found,) = results([Found(indexed, 1.0, 1.0, ())], UNKNOWN)
answers = [found, query_track(Seed(indexed, None), UNKNOWN), track_answer(track, indexed=True)]
print(json.dumps([answer.model_dump(mode="json") for answer in answers]))
"""


def test_a_new_field_of_a_track_is_shown_wherever_a_track_is_and_its_address_nowhere() -> None:
    source = _TRACK.read_text(encoding="utf-8")
    assert _LAST in source
    run = subprocess.run(
        [sys.executable, "-c", _ANSWERS],
        input=source.replace(_LAST, f"{_LAST}    mood: str | None = None\n"),
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    answers = json.loads(run.stdout)
    assert [answer["mood"] for answer in answers] == ["dark", "dark", "dark"]
    assert "preview_url" not in run.stdout
    assert "song.mp3" not in run.stdout
