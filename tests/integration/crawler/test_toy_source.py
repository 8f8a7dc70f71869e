"""A source more costs one line and one folder: a copy of the product gets both, and nothing else is touched."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_LINE = """
        Source("toy", "Toy", "[a-z]{4}", can=Can.LIST | Can.LOOK_UP, site="toy.example", hosts=("127.0.0.1",),
               api_url="https://api.toy.example", calls_per_minute=600),
"""
_FOLDER = '''
from earshot.fields import rows, text
from crawler.source import Connected, Page, PlaylistEntry
from earshot.track import TrackInfo


def connect(web, settings):
    """Toy's web API has playlists and tracks."""
    url = settings.api_url("toy")

    def get(path):
        with web.limiter.call("toy"):
            return web.downloader.fetch_json(f"{url}/{path}")

    def track(number):
        found = get(f"tracks/{number}")
        title, preview = text(found, "title"), text(found, "preview")
        return TrackInfo(f"toy:{number}", "toy", title=title, artists=("Toys",), preview_url=preview)

    def read_page(ref, cursor):
        numbers = map(text, rows(get(f"playlists/{ref.id}"), "tracks"))
        return Page(tuple(PlaylistEntry(place, track(number)) for place, number in enumerate(numbers)), None)

    return Connected(read_page=read_page, track=track)
'''
_PROOF = """
import pytest

from api.http.options import OptionParameters
from config.crawler import CrawlerSettings
from earshot.errors import InvalidPlaylist, InvalidTrackId
from earshot.ids import parse_track_id, source_of
from earshot.intake import request_track
from earshot.playlists import parse_playlist
from tests.stubs.audio import sweep
from tests.stubs.stack import running_stack
from tests.stubs.web import Answer, serve

MP3 = sweep(1)
PLAYLIST = "https://toy.example/playlist/best?from=somebody"


def toy(request):
    here = f"http://{request.headers['Host']}"
    match request.path.split("/")[1:]:
        case ["playlists", "best"]:
            return Answer.json({"tracks": ["bear", "doll"]})
        case ["tracks", number]:
            return Answer.json({"title": number.title(), "preview": f"{here}/audio/{number}"})
        case ["audio", _]:
            return Answer(body=MP3)
    return Answer(404)


assert str(parse_playlist(PLAYLIST)) == "Toy playlist best"
for text in ("toy:bear", "toy:track:bear", "https://toy.example/de/track/bear"):
    assert parse_track_id(text) == "toy:bear"
assert source_of("toy:bear") == "toy"
assert "Toy" in InvalidPlaylist.hint and "Toy" in InvalidTrackId.hint and "`toy:…`" in InvalidTrackId.hint
assert "toy_calls_per_minute" in CrawlerSettings.model_fields
assert OptionParameters(source="toy").source == "toy"

with serve(toy) as server, pytest.MonkeyPatch.context() as patch:
    with running_stack(patch, providers="toy", toy_api_url=server.url, allow_loopback="1") as stack:
        crawl_id = stack.run(PLAYLIST)
        assert stack.crawls.count(crawl_id, stack.tracks).states == {"pending": 2}
        preview = stack.previews.get("toy:bear")
        assert (preview.audio, preview.provider, preview.info.title) == (MP3, "toy", "Bear")
        request_track("toy:ball", tracks=stack.tracks, fetch_queue=stack.fetch_queue)
        stack.settle()
        assert stack.tracks.get("toy:ball").info.title == "Ball"
    with running_stack(patch, providers="file") as stack:
        assert "'toy', which is switched off" in stack.crawls.summary(stack.run(PLAYLIST)).error["message"]
"""


def test_a_new_source_costs_one_line_and_one_folder(tmp_path: Path) -> None:
    for package in ("api", "config", "crawler", "earshot"):
        shutil.copytree(_ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.env"))
    table = tmp_path / "earshot" / "sources.py"
    table.write_text(table.read_text().replace("    for source in (\n", f"    for source in ({_LINE}", 1))
    (tmp_path / "crawler" / "toy").mkdir()
    (tmp_path / "crawler" / "toy" / "__init__.py").write_text(_FOLDER)
    proof = tmp_path / "proof.py"
    proof.write_text(_PROOF)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EARSHOT_")}
    run = subprocess.run(
        [sys.executable, str(proof)],
        env=environment | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(_ROOT)])},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
