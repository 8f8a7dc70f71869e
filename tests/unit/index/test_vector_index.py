"""The contract with S3 Vectors: what is put comes back, near first, within the service's limits; errors are ours.

The same tests run against moto, of which they ask what it knows: all but queries.
"""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import numpy as np
import pytest
from botocore.config import Config
from moto import mock_aws

from earshot.errors import DamagedIndex, IndexRefused, IndexUnavailable
from earshot.index.s3_vectors.service import MOST_NEAREST, Carrying, VectorIndex, indexes_in
from tests.stubs.s3_vectors import S3VectorsStub
from tests.stubs.web import serve

BUCKET, NAME, DIM = "earshot-test-vectors", "earshot-20261127t000000z-1", 8
_ACCOUNT = {"region_name": "eu-central-1", "aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
_client: Any = boto3.client  # whose types know this service by no client of its own
_AT_ONCE = Config(retries={"mode": "standard", "total_max_attempts": 2}, read_timeout=2, connect_timeout=1)


@pytest.fixture
def stub() -> S3VectorsStub:
    return S3VectorsStub(buckets={BUCKET: {}})


@pytest.fixture
def asked_of_stub(stub: S3VectorsStub) -> Iterator[Any]:
    with serve(stub) as server:
        client = _client("s3vectors", endpoint_url=server.url, config=_AT_ONCE, **_ACCOUNT)
        yield client
        client.close()


@pytest.fixture(params=["stub", "moto"])
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "stub":
        yield request.getfixturevalue("asked_of_stub")
        return
    with mock_aws():
        made = _client("s3vectors", **_ACCOUNT)
        made.create_vector_bucket(vectorBucketName=BUCKET)
        yield made


def carrying(number: int, vector: list[float] | None = None, text: str = "") -> Carrying:
    given = vector or np.random.default_rng(number).normal(size=DIM).tolist()
    numbers = (np.array(given) / np.linalg.norm(given)).astype(np.float16)
    return Carrying(f"file:{number:016x}", numbers, text or f'{{"n":{number}}}')


def made(client: Any) -> VectorIndex:
    index = VectorIndex(client, BUCKET, NAME)
    index.create(DIM)
    return index


def test_what_was_put_comes_back_as_it_was(client: Any) -> None:
    index = made(client)
    put = [carrying(number) for number in range(5)]
    index.put(put)
    found = index.get([put[3].key, "unknown", put[1].key])
    assert set(found) == {put[1].key, put[3].key}
    assert found[put[3].key].text == put[3].text
    assert np.array_equal(found[put[3].key].vector, put[3].vector)


def test_what_was_put_by_somebody_else_is_no_track(asked_of_stub: Any) -> None:
    index = made(asked_of_stub)
    vector = {"key": "a", "data": {"float32": [1.0] * DIM}, "metadata": {"text": "{}"}}
    asked_of_stub.put_vectors(vectorBucketName=BUCKET, indexName=NAME, vectors=[vector])
    with pytest.raises(DamagedIndex, match="otherwise than it was put"):
        index.get(["a"])


def test_putting_a_key_again_replaces_what_it_had_and_deleting_one_twice_is_no_error(client: Any) -> None:
    index = made(client)
    index.put([carrying(1, text="before")])
    index.put([carrying(1, text="after")])
    assert index.get([carrying(1).key])[carrying(1).key].text == "after"
    index.delete([carrying(1).key])
    index.delete([carrying(1).key, "unknown"])
    assert index.get([carrying(1).key]) == {}


def test_making_an_index_again_leaves_what_it_holds(client: Any) -> None:
    made(client).put([carrying(1)])
    assert len(made(client).get([carrying(1).key])) == 1


def test_an_index_that_was_dropped_is_gone_and_can_be_made_again(client: Any) -> None:
    index = made(client)
    index.put([carrying(1)])
    index.drop()
    index.drop()
    assert list(indexes_in(client, BUCKET, "earshot-")) == []
    with pytest.raises(DamagedIndex, match="could not be found"):
        index.get([carrying(1).key])
    assert made(client).get([carrying(1).key]) == {}


def test_only_indexes_of_the_prefix_are_listed(client: Any) -> None:
    made(client)
    VectorIndex(client, BUCKET, "somebody-elses").create(DIM)
    assert list(indexes_in(client, BUCKET, "earshot-")) == [NAME]


def test_a_vector_of_another_length_is_refused(client: Any) -> None:
    index = made(client)
    with pytest.raises(IndexRefused, match="must have length"):
        index.put([carrying(1, [1.0] * (DIM + 1))])


def test_more_than_one_request_takes_is_put_got_and_deleted_in_several(asked_of_stub: Any, stub: S3VectorsStub) -> None:
    index = made(asked_of_stub)
    put = [carrying(number) for number in range(1_234)]
    index.put(put)
    keys = [one.key for one in put]
    assert set(index.get(keys)) == set(keys)
    index.delete(keys[:1_100])
    assert set(stub.buckets[BUCKET][NAME].vectors) == set(keys[1_100:])


def test_rows_with_much_to_show_are_put_in_requests_that_the_service_takes(asked_of_stub: Any) -> None:
    index = made(asked_of_stub)
    index.put([carrying(number, text="ü" * 19_000) for number in range(500)])  # 19 MB
    assert len(index.get([carrying(499).key])) == 1


def test_a_row_that_is_too_long_for_the_service_is_refused(asked_of_stub: Any) -> None:
    with pytest.raises(IndexRefused, match="too much metadata"):
        made(asked_of_stub).put([carrying(1, text="x" * 41_000)])


def test_the_nearest_come_first_with_their_cosines_and_what_they_show(asked_of_stub: Any) -> None:
    index = made(asked_of_stub)
    index.put([carrying(number) for number in range(50)])
    query = carrying(99).vector
    found = index.nearest(query, 7)
    cosines = sorted((float(carrying(number).vector @ query) for number in range(50)), reverse=True)[:7]
    assert [one.similarity for one in found] == pytest.approx(cosines, abs=1e-6)
    assert [one.carried.text for one in found] == [f'{{"n":{int(one.key[5:], 16)}}}' for one in found]


def test_opposite_vectors_have_a_cosine_of_minus_one(asked_of_stub: Any) -> None:
    index = made(asked_of_stub)
    index.put([carrying(1, [1.0, *[0.0] * 7]), carrying(2, [-1.0, *[0.0] * 7])])
    assert [one.similarity for one in index.nearest(carrying(1, [1.0, *[0.0] * 7]).vector, 2)] == [1.0, -1.0]


def test_results_that_come_in_pages_are_all_there(asked_of_stub: Any) -> None:
    index = made(asked_of_stub)
    index.put([carrying(number) for number in range(321)])
    assert len({one.key for one in index.nearest(carrying(99).vector, 250)}) == 250
    assert len({one.key for one in index.nearest(carrying(99).vector, 2 * MOST_NEAREST)}) == 321


@pytest.mark.parametrize(
    "code",
    ["TooManyRequestsException", "ServiceUnavailableException", "InternalServerException", "RequestTimeoutException"],
)
def test_who_is_turned_away_for_a_while_tries_again_and_then_says_so(
    asked_of_stub: Any, stub: S3VectorsStub, code: str
) -> None:
    index = made(asked_of_stub)
    index.put([carrying(1)])
    stub.failing = [code]
    assert len(index.nearest(carrying(1).vector, 1)) == 1
    stub.failing = [code] * 2
    with pytest.raises(IndexUnavailable, match=code):
        index.nearest(carrying(1).vector, 1)
    stub.failing = []


def test_a_service_that_is_not_there_is_unavailable() -> None:
    client = _client("s3vectors", endpoint_url="http://127.0.0.1:9", config=_AT_ONCE, **_ACCOUNT)
    with pytest.raises(IndexUnavailable, match="EndpointConnectionError"):
        VectorIndex(client, BUCKET, NAME).nearest(carrying(1).vector, 1)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ServiceQuotaExceededException", "ValidationException"])
def test_what_the_service_refuses_is_not_tried_again(asked_of_stub: Any, stub: S3VectorsStub, code: str) -> None:
    index = made(asked_of_stub)
    stub.failing = [code, "TooManyRequestsException"]
    with pytest.raises(IndexRefused, match=code):
        index.get(["a"])
    assert stub.failing == ["TooManyRequestsException"]


READING: dict[str, Callable[[VectorIndex], object]] = {
    "QueryVectors": lambda index: index.nearest(carrying(1).vector, 1),
    "GetVectors": lambda index: index.get([carrying(1).key]),
}


@pytest.mark.parametrize("action", READING)
def test_reading_needs_two_permissions_and_no_more(asked_of_stub: Any, stub: S3VectorsStub, action: str) -> None:
    index = made(asked_of_stub)
    stub.may = {"QueryVectors", "GetVectors"}
    READING[action](index)
    stub.may = {"QueryVectors"}
    with pytest.raises(IndexRefused, match="s3vectors:GetVectors"):
        READING[action](index)
