import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from earshot.stores.dynamodb import Table, from_item, to_item
from tests.aws import Account

_SONG = {"track_id": "deezer:1", "plays": 3, "gain": -1.5, "tags": [["rock", 0.912345], ["pop", 1]], "drift": b"\0\1"}


@pytest.fixture
def table(aws: Account) -> Table:
    return Table(aws.dynamodb, aws.table("songs", "track_id"))


def test_a_row_comes_back_in_plain_values(table: Table) -> None:
    assert table.put(_SONG)
    assert table.get({"track_id": "deezer:1"}) == _SONG
    assert table.get({"track_id": "deezer:2"}) is None


_values = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text()
    | st.floats(-1e6, 1e6).map(lambda x: round(x, 6))
)


@given(st.dictionaries(st.text(min_size=1), _values | st.lists(_values)))
def test_whatever_is_plain_survives_the_wire(row: dict[str, object]) -> None:
    assert from_item(to_item(row)) == row


def test_a_condition_that_does_not_hold_leaves_the_row_as_it_is(table: Table) -> None:
    table.put(_SONG)
    key = {"track_id": "deezer:1"}
    assert not table.put({**key, "plays": 4}, "attribute_not_exists(track_id)")
    assert not table.put({**key, "plays": 4}, "plays = :plays", {":plays": 9})
    assert table.update(key, set_={"plays": 4}, condition="#plays > :plays") is None
    assert not table.delete(key, "plays = :plays", {":plays": 9})
    assert table.get(key) == _SONG
    assert table.delete(key, "plays = :plays", {":plays": 3})
    assert table.get(key) is None


def test_an_update_overwrites_fills_in_and_removes(table: Table) -> None:
    key = {"track_id": "deezer:1"}
    table.put({**key, "status": "ready", "plays": 3, "gain": 1})
    assert table.update(key, set_={"status": "failed"}, keep={"plays": 0, "album": "A"}, remove=("gain",)) == {}
    assert table.get(key) == {**key, "status": "failed", "plays": 3, "album": "A"}


def test_of_many_rows_only_the_attributes_asked_for_are_read(table: Table) -> None:
    table.put_many({"track_id": f"deezer:{number}", "plays": number, "status": "ready"} for number in range(120))
    keys = [{"track_id": f"deezer:{number}"} for number in range(130)]
    found = list(table.get_many(keys, ("track_id", "plays")))
    assert sorted(row["plays"] for row in found) == list(range(120))
    assert found[0].keys() == {"track_id", "plays"}


def test_what_a_busy_table_leaves_over_is_asked_for_again(aws: Account) -> None:
    rows = [{"track_id": f"deezer:{number}"} for number in (1, 2)]
    one, two = map(to_item, rows)
    with Stubber(aws.dynamodb) as busy:
        left = {"songs": {"Keys": [two]}}
        busy.add_response("batch_get_item", {"Responses": {"songs": [one]}, "UnprocessedKeys": left})
        busy.add_response("batch_get_item", {"Responses": {"songs": [two]}}, {"RequestItems": left})
        puts = [{"PutRequest": {"Item": item}} for item in (one, two)]
        busy.add_response("batch_write_item", {"UnprocessedItems": {"songs": puts[1:]}})
        busy.add_response("batch_write_item", {}, {"RequestItems": {"songs": puts[1:]}})
        table = Table(aws.dynamodb, "songs")
        assert list(table.get_many(rows)) == rows
        table.put_many(rows)
        busy.assert_no_pending_responses()
