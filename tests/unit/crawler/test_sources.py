"""Every source keeps what its line in the table promises."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from config.fetch_preview import FetchPreviewSettings
from crawler import deezer, file, itunes, jellyfin, manifest, spotify, subsonic
from crawler.rate_limit import RateLimiter
from crawler.source import Connected, Web
from earshot.sources import SOURCES, Can, Source, find_source
from earshot.stores.pasted_lists import PastedLists
from earshot.web import Downloader
from tests.stubs.clients import client

_DOCS = Path(__file__).parents[3] / "docs" / "sources.md"
_CONNECT: list[Callable[[Web, FetchPreviewSettings], Connected]] = [
    deezer.connect, file.connect, itunes.connect, jellyfin.connect, manifest.connect, spotify.connect, subsonic.connect,
]  # fmt: skip
"""For the type checker: all take the settings that there are."""
_EACH = pytest.mark.parametrize("source", SOURCES.values(), ids=list(SOURCES))


@_EACH
def test_a_sources_folder_does_what_its_line_says(source: Source) -> None:
    settings = FetchPreviewSettings(
        tracks_table="",
        crawls_table="",
        fetch_queue_url="",
        fetch_now_queue_url="",
        extract_now_queue_url="",
        previews_bucket="",
    )
    web = Web(
        Downloader(frozenset(), "Earshot"),
        RateLimiter(client("dynamodb"), "crawls", {}),
        PastedLists(client("dynamodb"), "crawls"),
    )
    connect = import_module(f"crawler.{source.name}").connect
    assert connect in _CONNECT
    assert connect(web, settings).can == source.can


@_EACH
def test_a_sources_web_api_is_on_a_host_that_may_be_asked(source: Source) -> None:
    if Can.FIND in source.can:
        assert urlsplit(source.api_url).hostname in source.hosts
    assert bool(source.api_url) == bool(source.calls_per_minute), "what is called is called at a rate"


@_EACH
def test_a_source_is_found_by_its_old_names_too_and_explained(source: Source) -> None:
    assert {find_source(name) for name in (source.name, *source.also_called)} == {source}
    assert f"| **{source.name}** |" in _DOCS.read_text(encoding="utf-8")


def test_one_source_at_most_has_ids_without_its_name() -> None:
    assert [source.name for source in SOURCES.values() if source.bare] == ["spotify"]
