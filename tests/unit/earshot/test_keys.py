"""Keys and their wheel."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.keys import FARTHEST, KEYS, Key, camelot, key_named, steps_between

keys = st.sampled_from(KEYS)


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("C major", "8B"), ("A minor", "8A"), ("G major", "9B"), ("E minor", "9A"), ("F major", "7B"),
        ("B major", "1B"), ("G# minor", "1A"), ("C# major", "3B"), ("F# minor", "11A"),
        ("D# minor", "2A"), ("E major", "12B"),
    ],
)  # fmt: skip
def test_codes_are_those_that_djs_write(key: str, code: str) -> None:
    assert camelot(Key(key)) == code
    assert key_named(code) == key_named(code.lower()) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Am", "A minor"), ("a minor", "A minor"), ("A", "A major"), ("A min", "A minor"), ("CM", "C major"),
        ("Bb", "A# major"), ("B♭m", "A# minor"), ("f♯ Minor", "F# minor"), ("Cb", "B major"), ("E# minor", "F minor"),
        ("H", None), ("13A", None), ("0B", None), ("A dorian", None), ("", None), ("Amm", None),
    ],
)  # fmt: skip
def test_keys_are_read_as_people_write_them(text: str, key: str | None) -> None:
    assert key_named(text) == key


def test_every_key_has_a_code_of_its_own_and_is_read_back_from_both() -> None:
    assert len({camelot(key) for key in KEYS}) == len(KEYS) == 24
    assert [key_named(key) for key in KEYS] == list(KEYS)
    assert [key_named(camelot(key)) for key in KEYS] == list(KEYS)


@given(keys, keys, keys)
def test_steps_on_the_wheel_are_a_distance(a: Key, b: Key, c: Key) -> None:
    assert steps_between(a, b) == steps_between(b, a) <= FARTHEST
    assert (steps_between(a, b) == 0) == (a == b)
    assert steps_between(a, c) <= steps_between(a, b) + steps_between(b, c)


@given(keys)
def test_a_key_has_three_neighbours(key: Key) -> None:
    assert sum(steps_between(key, other) == 1 for other in KEYS) == 3
