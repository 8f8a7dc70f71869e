"""What the options do to a ranking."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from api.answers.filters import Filters
from api.answers.found import SharedTag
from api.answers.options import Options
from api.answers.query import Query, Seed
from api.answers.ranking import Ranking, rank
from earshot.errors import InvalidInput, UnknownTag
from earshot.ids import TrackId
from earshot.index.searcher import Searcher
from tests.unit.answers.conftest import IndexOf
from tests.unit.api.world import direction, track


def _near(number: int) -> npt.NDArray[np.float32]:
    """Directions that leave axis 0 further with each number, each along an axis of its own."""
    return direction(**({"a0": 1.0} | ({f"a{number}": number / 10} if number else {})))


def _seed(index: Searcher, number: int, weight: float = 1.0) -> Seed:
    found, vector = index.row(f"deezer:{number}"), index.vector(f"deezer:{number}")
    assert found is not None
    assert vector is not None
    return Seed(found, vector, weight)


def _rank(index: Searcher, options: Options, *seeds: Seed) -> Ranking:
    return rank(index, Query.of(seeds or [_seed(index, 1)]), options)


def _ids(ranking: Ranking) -> list[str]:
    return [found.track.track_id for found in ranking.results]


def _numbers(ranking: Ranking) -> list[int]:
    return [int(track_id.removeprefix("deezer:")) for track_id in _ids(ranking)]


def test_neighbours_come_best_first_with_true_cosines_and_without_the_seed(index_of: IndexOf) -> None:
    angles = (0.0, 0.3, 0.1, 2.0)
    index = index_of(
        [track(n) for n in range(1, 5)], [direction(a0=math.cos(angle), a1=math.sin(angle)) for angle in angles]
    )
    ranking = _rank(index, Options())
    assert _numbers(ranking) == [3, 2, 4]
    assert [found.similarity for found in ranking.results] == pytest.approx([0.995, 0.955, -0.416], abs=1e-3)
    assert [found.score for found in ranking.results] == [found.similarity for found in ranking.results]
    assert _rank(index, Options(collapse_versions=False)).results == ranking.results


def test_k_limits_and_offset_continues(index_of: IndexOf) -> None:
    angles = [number / 10 for number in range(12)]
    index = index_of(
        [track(n + 1) for n in range(12)], [direction(a0=math.cos(angle), a1=math.sin(angle)) for angle in angles]
    )
    pages = [_rank(index, Options(k=4, offset=offset)) for offset in (0, 4, 8, 12)]
    assert [_numbers(page) for page in pages] == [[2, 3, 4, 5], [6, 7, 8, 9], [10, 11, 12], []]


def test_seeds_add_up_and_negative_ones_push_away(index_of: IndexOf) -> None:
    index = index_of(
        [track(number) for number in range(1, 6)],
        [direction(a0=1), direction(a1=1), direction(a0=1, a1=1), direction(a0=1, a2=1), direction(a0=1, a1=-1)],
    )
    both = _rank(index, Options(), _seed(index, 1), _seed(index, 2))
    assert _numbers(both)[0] == 3
    assert both.results[0].similarity == pytest.approx(1, abs=1e-3)
    without = _rank(index, Options(k=1), _seed(index, 1), _seed(index, 2, -1))
    assert _numbers(without) == [5]
    assert [shown.seed.weight for shown in without.seeds] == [1, -1]


@pytest.mark.parametrize("weights", [(1, -1), (0, 0), (0.5, -0.5)])
def test_seeds_that_cancel_out_are_refused(index_of: IndexOf, weights: Sequence[float]) -> None:
    index = index_of([track(1), track(2)], [direction(a0=1), direction(a0=1, a1=0.1)])
    with pytest.raises(InvalidInput, match="cancel"):
        Query.of([_seed(index, 1, weight) for weight in weights])


def test_results_share_the_tags_of_the_query_as_far_as_both_have_them(index_of: IndexOf) -> None:
    index = index_of(
        [track(1, tags={"rock": 0.5, "pop": 0.4}), track(2, tags={"pop": 0.9, "rock": 0.3, "jazz": 0.1})],
        [direction(a0=1), direction(a0=1, a1=1)],
    )
    (found,) = _rank(index, Options()).results
    assert found.shared_tags == [SharedTag("pop", 0.4), SharedTag("rock", 0.3)]


def test_max_per_artist_lets_others_in(index_of: IndexOf) -> None:
    tracks = [track(1)]
    tracks += [track(n, artists=("Émilie", f"Guest {n}")) for n in (2, 3, 4)]
    tracks += [track(5, artists=("emilie",)), track(6, artists=("Guest 2",)), track(7)]
    index = index_of(tracks, [_near(n - 1) for n in range(1, 8)])
    assert _numbers(_rank(index, Options(max_per_artist=1))) == [2, 7]
    assert _numbers(_rank(index, Options(max_per_artist=2))) == [2, 3, 6, 7]


def test_max_per_album_counts_albums_of_the_same_artist(index_of: IndexOf) -> None:
    tracks = [
        track(1),
        track(2, artists=("A",), album="Hits"),
        track(3, artists=("A",), album="HITS"),
        track(4, artists=("B",), album="Hits"),
        track(5, album=""),
        track(6, album=""),
    ]
    index = index_of(tracks, [_near(n - 1) for n in range(1, 7)])
    assert _numbers(_rank(index, Options(max_per_album=1))) == [2, 4, 5, 6]


def test_excluded_tracks_stay_out(index_of: IndexOf) -> None:
    index = index_of([track(n) for n in range(1, 5)], [_near(n - 1) for n in range(1, 5)])
    assert _numbers(_rank(index, Options(exclude=[TrackId("deezer:2"), TrackId("deezer:3")]))) == [4]


def test_a_threshold_cuts_the_list(index_of: IndexOf) -> None:
    index = index_of([track(n) for n in range(1, 5)], [direction(a0=math.cos(n), a1=math.sin(n)) for n in range(4)])
    assert _numbers(_rank(index, Options(min_similarity=0.5, k=100))) == [2]


def test_tags_and_source_filter_even_when_all_matches_are_far_away(index_of: IndexOf) -> None:
    near = [track(n, tags={"rock": 0.9}) for n in range(1, 200)]
    far = [
        track(500, tags={"Hip-Hop": 0.5, "rock": 0.4}),
        track(501, tags={"Hip-Hop": 0.5}),
        track(502, track_id="file:0123456789abcdef", source="file", tags={"Hip-Hop": 0.5, "rock": 0.3}),
        track(503, track_id="manifest:0123456789abcdef", source="manifest"),
    ]
    index = index_of(
        [*near, *far], [*(_near(1 + n % 100) for n in range(199)), *(direction(a127=1, a0=-n) for n in range(4))]
    )
    assert _ids(_rank(index, Options(filters=Filters(tags=["hip-hop", "rock"])))) == [
        "deezer:500",
        "file:0123456789abcdef",
    ]
    assert _ids(_rank(index, Options(filters=Filters(source="file")))) == ["file:0123456789abcdef"]
    assert _ids(_rank(index, Options(filters=Filters(source="manifest")))) == ["manifest:0123456789abcdef"]
    assert _ids(_rank(index, Options(filters=Filters(source="spotify")))) == []
    with pytest.raises(UnknownTag, match="polka"):
        _rank(index, Options(filters=Filters(tags=["polka"])))


def test_diversity_prefers_what_differs_among_the_similar(index_of: IndexOf) -> None:
    crowd = [direction(a0=1, a1=0.3, a2=n / 1000) for n in range(5)]
    loner = direction(a0=1, a3=0.5)
    index = index_of([track(n) for n in range(1, 8)], [direction(a0=1), *crowd, loner])
    assert 7 not in _numbers(_rank(index, Options(k=2)))
    diverse = _rank(index, Options(k=2, diversity=0.6))
    assert _numbers(diverse)[1] == 7
    assert diverse.results[1].similarity == pytest.approx(1 / math.sqrt(1.25), abs=1e-3)


@pytest.mark.parametrize("diversity", [0.0, 0.3, 0.8, 1.0])
def test_pages_fit_together_whatever_the_diversity(index_of: IndexOf, diversity: float) -> None:
    vectors = np.random.default_rng(5).normal(size=(300, 128)).astype(np.float32)
    index = index_of([track(n) for n in range(1, 301)], [vector / np.linalg.norm(vector) for vector in vectors])
    whole = _ids(_rank(index, Options(k=60, diversity=diversity)))
    pages = [_rank(index, Options(k=12, offset=offset, diversity=diversity)) for offset in range(0, 60, 12)]
    assert [track_id for page in pages for track_id in _ids(page)] == whole
    assert len(set(whole)) == 60


def test_versions_of_a_recording_become_one_result_that_lists_them(index_of: IndexOf) -> None:
    tracks = [
        track(1),
        track(2, title="Song", artists=("Ann",), isrc="DEA120000001"),
        track(3, title="Song (Live)", artists=("Ann",), isrc="DEA120000001"),
        track(4, title="Canción", artists=("Ben",)),
        track(5, title="Cancion - Remastered 2011", artists=("Ben",)),
        track(6, title="Cancion", artists=("Cy",)),
    ]
    same = direction(a0=1, a5=0.7)
    other_take = direction(a0=1, a5=0.7, a6=0.9)
    vectors = [direction(a0=1), direction(a0=1, a1=0.1), direction(a0=1, a2=0.9), same, same, other_take]
    index = index_of(tracks, vectors)
    found = {found.track.track_id: [v.track_id for v in found.versions] for found in _rank(index, Options()).results}
    assert found == {"deezer:2": ["deezer:3"], "deezer:4": ["deezer:5"], "deezer:6": []}
    assert len(_ids(_rank(index, Options(collapse_versions=False)))) == 5


def test_a_short_list_names_the_versions_of_its_last_result_too(index_of: IndexOf) -> None:
    tracks = [track(1), *(track(n, title="Song", artists=("Ann",), isrc="DEA120000001") for n in (2, 3))]
    (found,) = _rank(index_of(tracks, [_near(n) for n in range(3)]), Options(k=1)).results
    assert (found.track.track_id, [version.track_id for version in found.versions]) == ("deezer:2", ["deezer:3"])


def test_versions_of_a_seed_are_listed_with_it_and_not_among_the_results(index_of: IndexOf) -> None:
    tracks = [
        track(1, title="Song", artists=("Ann",)),
        track(2, title="Song (2020 Remaster)", artists=("Ann",)),
        track(3),
        track(4, title="Other", artists=("Ben",), isrc="DEA120000001"),
        track(5, title="Other (Radio Edit)", artists=("Ben",), isrc="DEA120000001"),
    ]
    vectors = [direction(a0=1), direction(a0=1, a1=0.1), direction(a0=1, a2=0.5), direction(a3=1), direction(a4=1)]
    index = index_of(tracks, vectors)
    ranking = _rank(index, Options(), _seed(index, 1), _seed(index, 4))
    assert [[version.track_id for version in seed.versions] for seed in ranking.seeds] == [["deezer:2"], ["deezer:5"]]
    assert _numbers(ranking) == [3]


def test_a_copy_under_any_name_is_a_version_and_a_movement_a_result_of_its_own(index_of: IndexOf) -> None:
    movements = {"artists": ("Quartet",), "album": "Works", "duration_ms": 12_000}
    tracks = [
        track(1, title="Harbour", artists=("Ann",), album="Blue", duration_ms=20_000),
        track(2, title="ann-harbour-web", artists=("copies",), album="", duration_ms=20_030),
        track(3, title="Sonata No. 3 - I. Allegro", **movements),
        track(4, title="Sonata No. 3 - II. Adagio", **movements),
        track(5, title="untitled copy", artists=(), album="", duration_ms=12_000),
    ]
    near, same = direction(a0=1, a1=0.05), direction(a0=1, a2=0.9)
    ranking = _rank(index_of(tracks, [direction(a0=1), near, same, same, same]), Options())
    assert [version.track_id for version in ranking.seeds[0].versions] == ["deezer:2"]
    found = {found.track.track_id: [v.track_id for v in found.versions] for found in ranking.results}
    assert found == {"deezer:3": ["deezer:5"], "deezer:4": []}


def test_filters_never_shorten_an_answer_that_the_catalogue_can_fill(index_of: IndexOf) -> None:
    crowd = [track(n, artists=("One",)) for n in range(2, 120)]
    others = [track(n) for n in range(200, 210)]
    vectors = [
        direction(a0=1),
        *(_near(1 + n % 5) for n in range(118)),
        *(direction(a0=1, a100=3 + n) for n in range(10)),
    ]
    index = index_of([track(1), *crowd, *others], vectors)
    assert len(_ids(_rank(index, Options(max_per_artist=1, k=10)))) == 10
