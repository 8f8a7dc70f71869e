"""What is learned from plays: evidence, models in one form, and tracks that hardly anybody plays."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from earshot.colistening.rows import PER_TRACK
from listening.models.als import Als, factor_neighbours, item_factors, solved
from listening.models.cold import FEW_LISTENERS, Features, foretell
from listening.models.ease import ease_neighbours, ease_weights
from listening.models.fit import fit
from listening.models.interactions import Interactions
from listening.models.judge import judge_on, of_table
from listening.models.knn import co_counts, cosine_neighbours
from listening.models.recipe import Fits, Recipe
from listening.models.strongest import products, strongest, strongest_of_dense
from tests.unit.listening.people import ALBUM, GENRES, ITEMS, PER_GENRE, of, people


@pytest.fixture(scope="module")
def known() -> Interactions:
    return people()


def items_of(interactions: Interactions, listener: int) -> list[int]:
    starts = interactions.starts
    found: list[int] = interactions.items[starts[listener] : starts[listener + 1]].tolist()
    return found


def same_genre(rows: sparse.csr_array, of_items: npt.NDArray[np.bool_] | None = None) -> float:
    """Share of the ten strongest of each row that lies within the genre of the row's item, by weight."""
    found = strongest(rows, 10).tocoo()
    within = found.row // PER_GENRE == found.col // PER_GENRE
    asked = np.ones(ITEMS, np.bool_) if of_items is None else of_items
    counts = asked[found.row]
    return float(found.data[within & counts].sum() / found.data[counts].sum())


def test_plays_count_for_and_skips_against_and_a_ban_ends_it() -> None:
    found = of([
        (0, 0, 1, 0, 5, 0),
        (0, 1, 7, 0, 1, 0),
        (0, 2, 3, 3, 2, 0),
        (0, 3, 0, 1, 3, 0),
        (0, 4, 9, 0, 4, -1),
        (2, 5, 0, 1, 6, 1),
    ])  # fmt: skip
    assert [items_of(found, listener) for listener in range(3)] == [[1, 0], [], [5]]
    assert found.confidence.tolist() == [3.0, 1.0, 3.0]
    assert found.listeners_of_items().tolist() == [1, 1, 0, 0, 0, 1]


@pytest.mark.parametrize("feedback", [0, 1])
def test_a_skip_never_adds_to_liking(feedback: int) -> None:
    liking = [float(of([(0, 0, 2, skips, 0, feedback)]).confidence.sum()) for skips in range(9)]
    assert liking == sorted(liking, reverse=True)


def test_of_a_listener_with_many_items_those_heard_last_count() -> None:
    found = of([(0, item, 1, 0, at, 0) for item, at in enumerate([3, 9, 1, 7])] + [(1, 0, 1, 0, 0, 0)], most=2)
    assert [items_of(found, listener) for listener in range(3)] == [[3, 1], [0], []]


def test_items_are_divided_in_the_order_in_which_they_were_heard() -> None:
    given_, rest = of([(1, item, 1, 0, -item, 0) for item in range(5)] + [(0, 2, 1, 0, 0, 0)]).divided(0.8)
    assert [items_of(given_, listener) for listener in range(3)] == [[2], [4, 3, 2, 1], []]
    assert [items_of(rest, listener) for listener in range(3)] == [[], [0], []]
    assert items_of(given_.of(np.array([1])), 0) == [4, 3, 2, 1]
    assert items_of(given_.only(np.arange(6) > 2), 1) == [4, 3]


@settings(max_examples=30)
@given(st.integers(1, 5), st.integers(0, 2**32 - 1), st.integers(1, 400))
def test_the_strongest_of_a_row_are_those_of_sorting_it(k: int, seed: int, width: int) -> None:
    dice = np.random.default_rng(seed)
    block = dice.integers(-3, 9, (4, width)).astype(np.float32)
    for found in (strongest(sparse.csr_array(block), k), strongest_of_dense(block, k)):
        for row, values in enumerate(found.toarray()):
            best = np.argsort(-block[row], kind="stable")[:k]
            best = best[block[row, best] > 0]
            assert np.flatnonzero(values).tolist() == sorted(best.tolist())
            assert values[best].tolist() == block[row, best].tolist()


def test_products_leave_an_item_out_of_its_own_row() -> None:
    vectors = np.eye(4, dtype=np.float32)[[0, 0, 1, 1]]
    assert products(vectors, vectors, 3).toarray().tolist() == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]


def test_cosine_is_shrunk_where_few_share_two_items() -> None:
    found = of([(0, 0, 1, 0, 0, 0), (0, 1, 1, 0, 0, 0), (1, 0, 1, 0, 0, 0), (1, 1, 1, 0, 0, 0), (2, 0, 1, 0, 0, 0)])
    rows = cosine_neighbours(co_counts(found), found.listeners_of_items(), shrinkage=2.0, k=5)
    assert rows[0, 1] == pytest.approx(2 / (np.sqrt(3 * 2) + 2))
    assert rows.nnz == 2


def test_counts_are_the_same_in_blocks_of_any_size(known: Interactions, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [block.together.toarray() for block in co_counts(known)]
    monkeypatch.setattr("listening.models.knn._PAIRS", 5_000)
    parts = [block.together.toarray() for block in co_counts(known)]
    assert len(parts) > 3 > len(whole)
    assert (np.vstack(parts) == np.vstack(whole)).all()


def test_conjugate_gradients_solve_what_elimination_solves() -> None:
    dice = np.random.default_rng(0)
    weights = sparse.random_array((7, 20), density=0.4, rng=dice, dtype=np.float32, format="csr")
    others = dice.normal(size=(20, 3)).astype(np.float32)
    gram, wanted = (others.T @ others + np.eye(3)).astype(np.float32), weights.data + 1
    found = solved(weights, wanted, others, gram, np.zeros((7, 3), np.float32))
    for row in range(7):
        part = slice(weights.indptr[row], weights.indptr[row + 1])
        near = others[weights.indices[part]]
        exact = np.linalg.solve(gram + (near.T * weights.data[part]) @ near, near.T @ wanted[part])
        assert found[row] == pytest.approx(exact, abs=1e-3)


def test_ease_is_the_closed_form(known: Interactions) -> None:
    chosen = np.arange(0, ITEMS, 3)
    binary = known.binary()[:, chosen].toarray()
    inverse = np.linalg.inv(binary.T @ binary + 10 * np.eye(len(chosen)))
    expected = inverse / -np.diag(inverse)
    np.fill_diagonal(expected, 0)
    assert ease_weights(known, regularisation=10, items=chosen) == pytest.approx(expected, abs=1e-6)


def test_ease_of_too_many_items_speaks_of_those_most_heard(known: Interactions) -> None:
    rows = ease_neighbours(known, regularisation=10, k=5, most_items=40)
    speak = np.flatnonzero(np.diff(rows.indptr))
    assert len(speak) == 40
    assert set(rows.indices.tolist()) <= set(speak.tolist())
    listeners = known.listeners_of_items()
    assert listeners[speak].min() >= np.delete(listeners, speak).max()


@pytest.mark.parametrize("recipe", [Recipe(knn=1), Recipe(als=1), Recipe(ease=1, ease_regularisation=30)])
def test_every_model_finds_the_genres_that_nobody_told_it(known: Interactions, recipe: Recipe) -> None:
    rows = Fits(known).table(recipe)
    assert same_genre(rows) > 0.7
    assert np.asarray(rows.sum(axis=1)).ravel() == pytest.approx(np.ones(ITEMS), abs=1e-5)
    assert np.diff(rows.indptr).max() <= PER_TRACK
    assert rows.diagonal().sum() == 0


def test_play_counts_matter_to_als_where_they_shall() -> None:
    some = people(60)
    louder = replace(some, confidence=some.confidence * (1 + some.items % 3).astype(np.float32))
    assert (item_factors(some, Als(iterations=2)) == item_factors(louder, Als(iterations=2))).all()
    assert (item_factors(some, Als(iterations=2, counts=1)) != item_factors(louder, Als(iterations=2, counts=1))).any()


def test_als_knows_nothing_of_what_nobody_heard() -> None:
    found = of([(0, 0, 1, 0, 0, 0), (0, 1, 1, 0, 0, 0), (1, 1, 1, 0, 0, 0)], 2, 3)
    factors = item_factors(found, Als(dimensions=4))
    assert (factors[2] == 0).all()
    assert factor_neighbours(factors, 5)[2].nnz == 0


def hidden_tracks(known: Interactions) -> tuple[Interactions, npt.NDArray[np.bool_]]:
    """The same without every fifth track's listeners, and which those are."""
    hidden = np.arange(ITEMS) % ALBUM == 0
    return known.only(~hidden), hidden


@pytest.mark.parametrize("kind", ["artist", "sound"])
def test_a_track_that_nobody_played_is_found_where_its_like_is(known: Interactions, kind: str) -> None:
    heard, hidden = hidden_tracks(known)
    unknown = np.full(ITEMS, -1)
    if kind == "artist":
        features = Features(np.arange(ITEMS) // ALBUM, unknown)
    else:
        centres = np.random.default_rng(1).normal(size=(GENRES, 16))
        sound = np.repeat(centres, PER_GENRE, axis=0) + np.random.default_rng(2).normal(0, 0.3, (ITEMS, 16))
        features = Features(unknown, unknown, (sound / np.linalg.norm(sound, axis=1)[:, None]).astype(np.float32))
    rows = Fits(heard, features).table(Recipe(knn=1, foretold=0.6))
    assert same_genre(rows, hidden) > 0.8
    given_ = people(50, seed=9)
    found = judge_on(of_table(rows, among=hidden), given_.only(~hidden), given_.only(hidden)).figures()
    blind = judge_on(
        of_table(Fits(heard).table(Recipe(knn=1)), among=hidden), given_.only(~hidden), given_.only(hidden)
    )
    assert found["recall20"] > 0.6 > blind.figures()["recall20"] == 0.0


def test_the_more_listeners_a_track_has_the_less_is_foretold_of_it(known: Interactions) -> None:
    listeners = known.listeners_of_items()
    wrong = Features(np.random.default_rng(0).permutation(np.arange(ITEMS) // ALBUM), np.full(ITEMS, -1))
    factors = item_factors(known, Als())
    few, many = (foretell(factors, np.where(listeners > 0, count, 0), wrong) for count in (3, 3000))
    assert few is not None
    assert many is not None
    assert same_genre(many.neighbours(10, among=np.arange(ITEMS))) > same_genre(
        few.neighbours(10, among=np.arange(ITEMS))
    )


def test_nothing_is_foretold_where_nothing_is_known(known: Interactions) -> None:
    unknown = np.full(ITEMS, -1)
    recipe = Recipe(knn=1, foretold=0.6)
    assert foretell(np.ones((ITEMS, 4), np.float32), known.listeners_of_items(), Features(unknown, unknown)) is None
    few = of([(0, 0, 1, 0, 0, 0), (0, 1, 1, 0, 0, 0)])
    bare = Fits(few, Features(np.zeros(6, np.intp), np.zeros(6, np.intp))).table(recipe)
    assert (bare != Fits(few).table(Recipe(knn=1))).nnz == 0


def test_a_fit_is_a_table_with_counts_and_the_same_each_time(known: Interactions) -> None:
    ids = np.array([f"t{item:04d}".encode() for item in range(ITEMS)])
    recipe = Recipe(knn=1, als=1, ease=1, foretold=0.6)
    features = Features(np.arange(ITEMS) // ALBUM, np.full(ITEMS, -1))
    plays = known.listeners_of_items() * 3
    rows, again = (fit(known, recipe, ids=ids, plays=plays, features=features) for _ in range(2))
    assert rows.weights.tobytes() == again.weights.tobytes()
    assert rows.neighbours.tobytes() == again.neighbours.tobytes()
    assert rows.heard.tolist() == np.column_stack([plays, known.listeners_of_items()]).tolist()
    together = (known.binary().T @ known.binary()).toarray()
    filled = rows.weights > 0
    expected = together[np.arange(ITEMS)[:, None], rows.neighbours]
    assert (rows.listeners[filled] == expected[filled]).all()
    assert (rows.listeners[~filled] == 0).all()
    assert (known.listeners_of_items() >= FEW_LISTENERS).all()
