"""Recipes: what makes vectors that can be compared out of what a network heard. A recipe names an index generation.

Several recipes of one network can be kept side by side from the same embeddings: one serves, others are judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from earshot.errors import InvalidSettings
from earshot.networks import CHOI, MUSICNN, MUSICNN_MN04, NETWORKS, Network, network_named

Fit = Literal["within-class", "centred"]
"""How the catalogue transform is fitted (annoy_service/fit.py)."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """`dim`: length of the vectors. Files are those of annoy_service/data."""

    name: str
    network: Network
    transform: Fit
    dim: int
    prior: str | None = None
    """The file that stands in for what a small catalogue cannot know yet."""
    channel: str | None = None
    """The file that says how features move when the same audio is encoded otherwise; None: they may."""
    spread: float = 0.0
    """Directions are weighted by so high a power of how much the catalogue varies in them; 0: all the same.
    Below 0, what many tracks share counts less, and there are fewer hubs."""


_MUSICNN_PRIOR = "musicnn_msd_prior"

RECIPES: Mapping[str, Recipe] = MappingProxyType({
    recipe.name: recipe
    for recipe in (  # of each network its first one comes first: what indexes mean that name no recipe
        Recipe("musicnn-msd@1-128d", MUSICNN, "within-class", 128, prior=_MUSICNN_PRIOR),
        Recipe("musicnn-msd@1-64d", MUSICNN, "within-class", 64, prior=_MUSICNN_PRIOR),
        Recipe(
            "musicnn-msd@1-128d-channel", MUSICNN, "within-class", 128,
            prior=_MUSICNN_PRIOR, channel="musicnn_msd_channel",
        ),
        Recipe(
            "musicnn-mn04@2-128d", MUSICNN_MN04, "within-class", 128,
            prior="musicnn_mn04_prior", channel="musicnn_mn04_channel", spread=-0.075,
        ),
        Recipe("choi-2017@1-160d", CHOI, "centred", 160),
    )
})  # fmt: skip
_DEFAULTS: Mapping[str, str] = MappingProxyType({
    MUSICNN.name: "musicnn-msd@1-128d-channel",
    MUSICNN_MN04.name: "musicnn-mn04@2-128d",
    CHOI.name: "choi-2017@1-160d",
})  # fmt: skip


def recipe_named(name: str) -> Recipe:
    """The recipe of this name.

    Raises:
        InvalidSettings: there is none.
    """
    if name not in RECIPES:
        raise InvalidSettings(f"no recipe {name!r}", hint=f"Known recipes: {', '.join(RECIPES)}.")
    return RECIPES[name]


def default_recipe(network: Network) -> Recipe:
    """The recipe by which embeddings of `network` are indexed where nothing else is said."""
    return RECIPES[_DEFAULTS[network.name]]


def first_recipe(network: Network) -> Recipe:
    """The recipe by which embeddings of `network` were indexed before recipes had names."""
    return next(recipe for recipe in RECIPES.values() if recipe.network == network)


def recipe_of_model(model: str) -> str:
    """Name of the recipe that an index means which names only a network."""
    return first_recipe(NETWORKS[model]).name if model in NETWORKS else model


def kept_recipes(model: str, names: tuple[str, ...]) -> tuple[Recipe, ...]:
    """The recipes that are kept, the leading one first: those of `names`, or the default one of the network `model`.

    Raises:
        InvalidSettings: no such network or recipe is known, one is named twice, or is of another network.
    """
    network = network_named(model)
    if len(set(names)) != len(names):
        raise InvalidSettings(f"EARSHOT_RECIPES names a recipe twice: {', '.join(names)}")
    recipes = tuple(map(recipe_named, names)) or (default_recipe(network),)
    for recipe in recipes:
        if recipe.network != network:
            raise InvalidSettings(
                f"EARSHOT_RECIPES: {recipe.name} is of {recipe.network.name}, and {model} is what is heard",
                hint="Name recipes of EARSHOT_MODEL, or leave EARSHOT_RECIPES empty.",
            )
    return recipes
