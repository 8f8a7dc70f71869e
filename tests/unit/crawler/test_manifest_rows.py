"""What a manifest's rows become; its crawl is tests/integration/crawler/test_crawl_manifest.py."""

from pathlib import Path

from crawler.manifest.source import ManifestSource
from earshot.folders import Folders
from earshot.playlists import PlaylistRef
from earshot.web import Downloader

_IDS = {
    "Queen,Don't Stop Me Now": "manifest:ee00342dec8271a0",
    "Gigi D’Agostino,L'Amour Toujours": "manifest:c0f4061d06af66e2",
    "Sigur Rós,Sæglópur": "manifest:7dd60ed8976657c2",
    "Beatles,Rock & Roll_Music": "manifest:5d8dba6fe6c91d11",
}
"""As earlier releases made them."""


def test_rows_that_only_name_a_song_keep_the_ids_that_earlier_crawls_gave_them(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("artist,title\n" + "\n".join(_IDS))
    source = ManifestSource(Folders([tmp_path]), Downloader(frozenset(), "Earshot"))
    page = source.read_page(PlaylistRef("manifest", "manifest", str(tmp_path / "list.csv")), None)
    assert [entry.info and entry.info.track_id for entry in page.entries] == list(_IDS.values())
