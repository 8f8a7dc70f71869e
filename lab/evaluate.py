"""Judges a recipe on a corpus: everything that can be asked of it, query by query."""

from pathlib import Path

from earshot.recipes import Recipe
from lab.corpus import Corpus
from lab.judgement import Judgement


def judge(recipe: Recipe, corpus: Corpus, *, work_dir: Path) -> Judgement:
    """The judgement of `recipe` on `corpus`.

    Args:
        recipe: of a network whose files are built.
        corpus: the music.
        work_dir: where what was heard is kept: a second judgement hears nothing twice.

    Raises:
        InvalidSettings: the network's files are missing.
        InvalidInput: a clip cannot be heard.
    """
    raise NotImplementedError
