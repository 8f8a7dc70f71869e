"""What the functions of annoy_service work with, and how they give every recipe its turn."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol, TypeVar

from annoy_service.builder import Builder
from annoy_service.policy import UpkeepRequests
from earshot.errors import IndexVersionError
from earshot.messages import IndexPublished, TrackNotIndexed
from earshot.networks import Network
from earshot.recipes import Recipe, recipe_named
from earshot.stores.tracks_table import TracksTable

_T = TypeVar("_T")


class MakeBuilder(Protocol):
    """Makes the builder of a recipe; see `Builder.leads`."""

    def __call__(self, recipe: Recipe, *, leads: bool) -> Builder:
        """The builder of `recipe`."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything is kept for each of `builders`' recipes, which are of one network; the leading one comes first."""

    table: TracksTable
    builders: tuple[Builder, ...]
    builder_of: Callable[[str], Builder]
    """For a recipe that serves but is not kept any more, by name."""
    announce: Callable[[IndexPublished], None]
    park: Callable[[TrackNotIndexed], None]
    """Keeps a track that cannot be indexed for a person to look at."""
    upkeep: UpkeepRequests

    @property
    def leading(self) -> Builder:
        """Of the recipe that serves where none does yet, or where one does that is not kept any more."""
        return self.builders[0]

    @property
    def network(self) -> Network:
        """Whose embeddings are indexed."""
        return self.leading.recipe.network

    def kept(self, recipe: str) -> Builder | None:
        """The builder of the recipe of this name, if that is one of those that are kept."""
        return next((builder for builder in self.builders if builder.recipe.name == recipe), None)


def make_services(
    *,
    table: TracksTable,
    make_builder: MakeBuilder,
    recipes: Sequence[Recipe],
    announce: Callable[[IndexPublished], None],
    park: Callable[[TrackNotIndexed], None],
    request_upkeep: Callable[[], None],
) -> Services:
    """Services around these parts; one builder, and so one cache, per recipe. `recipes`: the leading one first."""
    builders = tuple(make_builder(recipe, leads=number == 0) for number, recipe in enumerate(recipes))

    @cache
    def builder_of(name: str) -> Builder:
        return make_builder(recipe_named(name), leads=False)

    upkeep = UpkeepRequests(request_upkeep, builders[0].policy)
    return Services(table, builders, builder_of, announce, park, upkeep)


def in_turn(builders: Iterable[Builder], do: Callable[[Builder], _T]) -> list[_T]:
    """What `do` makes of each builder. One whose index is damaged does not keep the others from their turn.

    Raises:
        IndexVersionError: the first there was, after all have had their turn.
    """
    done: list[_T] = []
    failed: list[IndexVersionError] = []
    for builder in builders:
        try:
            done.append(do(builder))
        except IndexVersionError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return done
