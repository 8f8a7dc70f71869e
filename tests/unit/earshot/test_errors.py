import re
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from earshot import errors
from earshot.errors import EarshotError, ProviderThrottled, TrackNotFound, http_status, is_worth_retrying
from earshot.reasons import Reason


def tree(kind: type[EarshotError] = EarshotError) -> Iterator[type[EarshotError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree(child)


def test_the_tree_drawn_at_the_top_is_the_tree_in_the_code() -> None:
    assert errors.__doc__ is not None
    drawn = re.findall(r"^[│ ]*[├└]── (\w+)", errors.__doc__, flags=re.M)
    assert drawn == [kind.__name__ for kind in tree()][1:]


@pytest.mark.parametrize("kind", list(tree()))
def test_every_error_has_a_code_of_its_own_a_docstring_and_a_status(kind: type[EarshotError]) -> None:
    assert [other for other in tree() if other.code == kind.code] == [kind]
    assert kind.__doc__
    assert http_status(kind.__new__(kind)) in HTTPStatus


def test_statuses_follow_the_nearest_ancestor() -> None:
    assert http_status(TrackNotFound("x")) == HTTPStatus.NOT_FOUND
    assert http_status(ProviderThrottled("x", retry_after_s=1)) == HTTPStatus.SERVICE_UNAVAILABLE


def test_final_answers_are_not_retried_and_unknown_errors_are() -> None:
    assert not is_worth_retrying(errors.NoPreview("x", reason=Reason.MISS))
    assert is_worth_retrying(ProviderThrottled("x", retry_after_s=1))
    assert is_worth_retrying(MemoryError())
