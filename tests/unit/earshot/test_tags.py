"""Which tags are said."""

from hypothesis import given
from hypothesis import strategies as st

from earshot.tags import is_said, measured, measured_tags, said, threshold_of
from earshot.titles import plain
from earshot.track import Tag

names = st.sampled_from([one.name for one in measured_tags().values()])
probabilities = st.floats(0, 1)


@given(st.lists(st.builds(Tag, names, probabilities), max_size=10))
def test_what_is_said_is_among_what_was_kept_in_the_same_order(tags: list[Tag]) -> None:
    kept = iter(tags)
    assert all(tag in kept for tag in said(tags))


@given(names, probabilities, probabilities)
def test_a_likelier_tag_is_said_wherever_a_less_likely_one_is(name: str, one: float, other: float) -> None:
    if is_said(Tag(name, min(one, other))):
        assert is_said(Tag(name, max(one, other)))


def test_every_tag_must_be_likelier_than_it_is_by_chance_and_none_has_to_be_certain() -> None:
    assert len(measured_tags()) == 50
    for tag in measured_tags().values():
        assert 0 <= tag.base_rate < tag.threshold <= 0.5, tag


def test_orchestras_that_look_like_jazz_are_not_called_jazz() -> None:
    assert said([Tag("instrumental", 0.27), Tag("jazz", 0.23), Tag("ambient", 0.21)]) == (
        Tag("instrumental", 0.27),
        Tag("ambient", 0.21),
    )


def test_case_and_signs_of_a_name_do_not_matter_and_a_strange_tag_is_said_whenever_it_was_kept() -> None:
    assert threshold_of("hip hop") == threshold_of("Hip-Hop") == measured("HIP-HOP").threshold > 0
    assert measured(plain("Hip-Hop")).name == "Hip-Hop"
    assert is_said(Tag("polka", 0.01))
