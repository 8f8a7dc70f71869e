"""What is asked of others, and with which keys, as people set it."""

import re
from pathlib import Path

import pytest

from config.learn_facts import LearnFactsSettings
from crawler.enrich import genius, lastfm, listenbrainz, musicbrainz
from earshot.enrichers import ENRICHERS
from earshot.errors import InvalidSettings

_EXAMPLE = Path(__file__).parents[3] / "config" / "facts.env.example"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSHOT_TRACKS_TABLE", "tracks")
    monkeypatch.setenv("EARSHOT_CRAWLS_TABLE", "crawls")


def test_every_setting_is_explained_in_the_example_and_nothing_else_is() -> None:
    listed = re.findall(r"^#(EARSHOT_[A-Z_]+)=", _EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(f"EARSHOT_{name.upper()}" for name in LearnFactsSettings.model_fields)


def test_each_provider_of_the_table_has_a_module() -> None:
    assert {module.__name__.rpartition(".")[2] for module in (genius, lastfm, listenbrainz, musicbrainz)} == {
        *ENRICHERS
    }


def test_the_page_says_of_each_what_it_needs_and_allows() -> None:
    page = (_EXAMPLE.parents[1] / "docs" / "facts.md").read_text(encoding="utf-8")
    for one in ENRICHERS.values():
        assert f"| `{one.name}` | `EARSHOT_{one.needs.upper()}` |" in page
        assert f"{one.calls_per_minute} a minute |" in page
        assert f"- **{one.label}**: " in page


def test_providers_are_asked_in_the_order_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSHOT_ENRICHERS", "musicbrainz, listenbrainz")
    monkeypatch.setenv("EARSHOT_CONTACT", "me@example.org")
    monkeypatch.setenv("EARSHOT_LISTENBRAINZ_TOKEN", "t")
    assert LearnFactsSettings.load().enrichers == ("listenbrainz", "musicbrainz")
    monkeypatch.setenv("EARSHOT_ENRICHERS", "gracenote")
    with pytest.raises(InvalidSettings, match=r"EARSHOT_ENRICHERS: .*choose from listenbrainz"):
        LearnFactsSettings.load()
