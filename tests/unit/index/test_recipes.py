"""The tables of networks and recipes, and what a setting makes of them."""

import pytest

from annoy_service.fit import channel_of, prior_of
from config.index_tracks import RecipeSettings
from earshot.errors import InvalidSettings
from earshot.networks import CHOI, DEFAULT_NETWORK, MUSICNN, NETWORKS, network_named
from earshot.recipes import RECIPES, Recipe, default_recipe, first_recipe, kept_recipes, recipe_of_model


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_a_recipe_can_be_carried_out(recipe: Recipe) -> None:
    if recipe.transform == "centred":
        assert recipe.dim == recipe.network.dimensions
        assert recipe.prior is None
    else:
        assert recipe.dim <= recipe.network.dimensions
        assert prior_of(recipe).mean.shape == (recipe.network.dimensions,)
        assert channel_of(recipe).shape == (recipe.network.dimensions, recipe.network.dimensions)


def test_every_network_has_a_default_recipe() -> None:
    assert [default_recipe(network).name for network in NETWORKS.values()] == [
        "musicnn-msd@1-128d-channel",
        "musicnn-mn04@2-128d",
        "choi-2017@1-160d",
    ]
    assert network_named(DEFAULT_NETWORK) == MUSICNN


def test_a_model_of_an_older_index_means_its_first_recipe_whatever_the_default_is_today() -> None:
    assert recipe_of_model("musicnn-msd@1") == first_recipe(MUSICNN).name == "musicnn-msd@1-128d"
    assert recipe_of_model("choi-2017@1") == "choi-2017@1-160d"
    assert recipe_of_model("of some later day@7") == "of some later day@7"


def test_without_recipes_the_default_one_of_the_network_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARSHOT_RECIPES", raising=False)
    monkeypatch.setenv("EARSHOT_MODEL", CHOI.name)
    assert RecipeSettings.load().kept == (default_recipe(CHOI),)


def test_recipes_are_kept_in_the_order_of_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARSHOT_MODEL", raising=False)
    monkeypatch.setenv("EARSHOT_RECIPES", " musicnn-msd@1-64d, musicnn-msd@1-128d ")
    assert [recipe.dim for recipe in RecipeSettings.load().kept] == [64, 128]


@pytest.mark.parametrize(
    ("model", "recipes", "problem"),
    [
        ("vgg", "", r"EARSHOT_MODEL='vgg' is none of musicnn-msd@1, musicnn-mn04@2, choi-2017@1"),
        ("musicnn-msd@1", "musicnn-msd@1-7d", r"no recipe 'musicnn-msd@1-7d'"),
        (
            "musicnn-msd@1",
            "choi-2017@1-160d",
            r"160d is of choi-2017@1, and musicnn-msd@1 is what is heard",
        ),
        ("choi-2017@1", "choi-2017@1-160d,choi-2017@1-160d", r"names a recipe twice"),
    ],
)
def test_a_setting_that_cannot_work_is_named_at_start(
    model: str, recipes: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARSHOT_MODEL", model)
    monkeypatch.setenv("EARSHOT_RECIPES", recipes)
    with pytest.raises(InvalidSettings, match=problem):
        RecipeSettings.load()
    with pytest.raises(InvalidSettings, match=problem):
        kept_recipes(model, tuple(filter(None, recipes.split(","))))
