"""`python -m earshot` against the api on a real socket."""

import json
from collections.abc import Iterator

import pytest

from earshot.cli import main
from tests.browser.site import Site, running_site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A catalogue of 246 tracks behind an api."""
    with running_site(tmp_path_factory.mktemp("cli")) as site:
        yield site


def test_similar_prints_a_table_and_json(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["similar", "deezer:1000", "-k", "3", "--api", site.url]) == 0
    table = capsys.readouterr().out
    assert table.startswith("Within earshot of Glass Song")
    assert len(table.splitlines()) == 6
    assert main(["similar", "deezer:1000", "-k", "3", "--api", site.url, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [found["track_id"] in table for found in answer["results"]] == [True] * 3


def test_similar_mixes_likes_and_dislikes(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["similar", "deezer:1000", "deezer:1001", "--less", "deezer:1100", "--max-per-artist", "1", "-k", "3"]
    assert main([*arguments, "--api", site.url, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [seed["weight"] for seed in answer["query"]] == [1, 1, -0.5]


def test_path_tracks_and_status_answer(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["path", "deezer:1000", "deezer:1100", "--steps", "4", "--api", site.url]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2 + 1 + 5
    assert main(["tracks", "velvet", "so", "--api", site.url]) == 0
    assert "Velvet Song" in capsys.readouterr().out
    assert main(["status", "--api", site.url]) == 0
    assert "tracks  246" in capsys.readouterr().out


def test_a_crawl_is_started(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["crawl", "deezer:playlist:1", "--no-wait", "--api", site.url]) == 0
    assert capsys.readouterr().out.strip().startswith("20")


def test_refusals_name_the_problem_and_the_remedy(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["similar", "deezer:7", "--api", site.url]) == 1
    assert "no track deezer:7\nCrawl a playlist" in capsys.readouterr().err
    assert main(["status", "--api", "http://127.0.0.1:9"]) == 1
    assert "Is it running?" in capsys.readouterr().err


def test_tables_cut_long_and_wide_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    from earshot.cli.tables import table

    monkeypatch.setenv("COLUMNS", "60")
    lines = table(("n", "text"), [(1.5, "周杰倫" * 30), (10.25, "a\x1b[31mb")]).splitlines()
    assert lines[1].startswith(" 1.500  周")
    assert lines[1].endswith("…")
    assert "\x1b" not in lines[2]
