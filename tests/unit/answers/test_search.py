"""Search by words and tags."""

from collections.abc import Sequence

import pytest

from api.answers.filters import Filters
from api.answers.search import search
from earshot.errors import UnknownTag
from earshot.index.searcher import Searcher
from tests.unit.answers.conftest import IndexOf
from tests.unit.api.world import direction, track


@pytest.fixture(params=[True, False], ids=["with a shelf", "of an Earshot that wrote none"])
def with_shelf(request: pytest.FixtureRequest) -> bool:
    """Older versions are searched too."""
    return bool(request.param)


@pytest.fixture
def shop(index_of: IndexOf) -> Searcher:
    """Six tracks with telling names."""
    tracks = [
        track(1, title="Café del Mar", artists=("Energy 52",), tags={"electronic": 0.9, "chillout": 0.4}),
        track(2, title="Mar Adentro", artists=("Héroes",), album="Café", tags={"rock": 0.8}),
        track(3, title="Marmalade", artists=("The Café Owls",), tags={"chillout": 0.8, "electronic": 0.4}),
        track(4, title="Mar", artists=("Ólafur",), tags={"Hip-Hop": 0.5}),
        track(5, title="Oceano mar", artists=("Straße",), tags={"electronic": 0.35}),
        track(6, track_id="file:0123456789abcdef", source="file", title="Зима", artists=("周杰倫",)),
    ]
    return index_of(tracks, [direction(**{f"a{n}": 1}) for n in range(6)])


def _found(
    shop: Searcher,
    text: str = "",
    *,
    tags: Sequence[str] = (),
    source: str | None = None,
    limit: int = 20,
    offset: int = 0,
) -> list[str]:
    _, found = search(shop, text=text, filters=Filters(tags=tags, source=source), limit=limit, offset=offset)
    return [one.track.track_id.removeprefix("deezer:") for one in found]


def test_titles_that_match_as_a_whole_come_first_then_beginnings_then_the_rest(shop: Searcher) -> None:
    assert _found(shop, "mar") == ["4", "2", "3", "1", "5"]


def test_case_and_accents_do_not_matter(shop: Searcher) -> None:
    assert _found(shop, "CAFE DEL") == ["1"]
    assert _found(shop, "olafur") == ["4"]
    assert _found(shop, "strasse") == ["5"]
    assert _found(shop, "зим") == _found(shop, "周杰") == ["file:0123456789abcdef"]


@pytest.mark.parametrize(
    ("title", "typed"),
    [
        ("Røyksopp", "royk"),
        ("Łódź", "LODZ"),
        ("Đorđe Ævar", "dorde aev"),
        ("Þórr", "thor"),
        ("DIYARBAKIR ılık", "ilik"),
        ("Ψυχή μου", "ψυχη"),
        ("Ёлка", "елк"),
        ("한국 노래", "한국"),
        ("がんばれ", "かん"),
        ("हिन्दी गाना", "हिन्दी ग"),
        ("เพลงรัก", "เพลง"),
        ("أغنية", "اغن"),
        ("𝗦𝗧𝗬𝗟𝗘 ﬁn", "style fin"),
        ("!!!", "!!"),
        ("÷", "÷"),
    ],
)
def test_every_script_is_found_by_its_beginnings_without_accents(index_of: IndexOf, title: str, typed: str) -> None:
    named = [track(1, title=title), track(2, title="हमन दगनद"), track(3, artists=(title, "Else"))]
    index = index_of(named, [direction(**{f"a{n}": 1}) for n in range(3)])
    assert _found(index, typed) == ["1", "3"]


def test_signs_that_no_track_bears_find_nothing(shop: Searcher) -> None:
    assert _found(shop, "!!!") == _found(shop, "\u0301") == []


def test_every_word_must_begin_a_word_of_title_artists_or_album(shop: Searcher) -> None:
    assert _found(shop, "owls marm") == ["3"]
    assert _found(shop, "afe") == []
    assert _found(shop, "mar xyz") == []


def test_tags_filter_and_the_strongest_come_first(shop: Searcher) -> None:
    assert _found(shop, tags=["electronic"]) == ["1", "3", "5"]
    assert _found(shop, tags=["electronic", "chillout"]) == ["1", "3"]
    assert _found(shop, tags=["hip-hop"]) == ["4"]
    assert _found(shop, "mar", tags=["ELECTRONIC"]) == ["3", "1", "5"]


def test_results_carry_the_tags_that_were_asked_for_and_no_similarity(shop: Searcher) -> None:
    _, (found, *_) = search(shop, text="", filters=Filters(tags=["electronic"], source=None), limit=1, offset=0)
    assert found.shared_tags == [("electronic", 0.9)]
    assert (found.similarity, found.score) == (None, None)


def test_an_unknown_tag_is_an_error_that_lists_the_tags(shop: Searcher) -> None:
    with pytest.raises(UnknownTag) as refusal:
        _found(shop, tags=["polka"])
    assert "chillout, electronic, hip hop, rock" in refusal.value.hint


def test_without_words_the_catalogue_comes_by_title_and_in_pages(shop: Searcher) -> None:
    everything = _found(shop)
    assert everything[:3] == ["1", "4", "2"]
    assert [found for offset in (0, 2, 4, 6) for found in _found(shop, limit=2, offset=offset)] == everything
    assert search(shop, text="", filters=Filters(tags=[], source=None), limit=1, offset=0)[0] == 6


def test_source_filters(shop: Searcher) -> None:
    assert _found(shop, source="file") == ["file:0123456789abcdef"]
