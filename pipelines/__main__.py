"""`python -m pipelines run` and `step`: the whole pipeline on this machine, or one step, as any runner calls it."""

import argparse
import sys
import time
from collections.abc import Sequence

from config.local import LocalSettings
from earshot.errors import EarshotError, LocalStackError, is_worth_retrying
from earshot.playlists import playlist_from_command_line
from earshot.terminal import spare_the_terminal
from ops.terminal import complain, say
from pipelines.run import Pipeline, run
from pipelines.steps import FINAL, steps


def main(arguments: Sequence[str]) -> int:
    """Do what the words say; errors that people can mend become two lines."""
    options = _parser().parse_args(arguments)
    try:
        settings = LocalSettings.load()
        playlist = playlist_from_command_line(options.playlist) if options.playlist else ""
        if options.what == "run":
            from ops.connection import reach  # late: so is whatever else it takes to reach a stage

            reach(settings)  # where nothing runs it is of no use to try again
            pipeline = Pipeline(settings.local_dir / "pipelines", settings.stage, playlist, options.recipe)
            return run(pipeline, steps(), say)
        return _step(settings, options.name, options.run, playlist, options.recipe)
    except KeyboardInterrupt:
        return 130
    except EarshotError as error:
        complain(f"error: {error.message}\n{error.hint}".rstrip())
        return 1 if is_worth_retrying(error) or isinstance(error, LocalStackError) else FINAL


def _step(settings: LocalSettings, name: str, run_name: str, playlist: str, recipe: str) -> int:
    """Do one step and wait until it is done; the last line says what has become of it."""
    from botocore.exceptions import BotoCoreError, ClientError  # late, as whatever it takes to reach a stage

    from pipelines.shell import learn, reach_stage, until_done
    from pipelines.work import WORK, Inputs, Look

    try:
        stage, deployment = reach_stage(settings)
        inputs = Inputs(run_name, playlist, recipe)

        def look() -> Look:
            return WORK[name](stage, inputs)

        if name == "train":
            if not look().done:
                learn(deployment, settings.local_dir / "cache" / "pipeline")
            say(look().said)  # whatever the verdict was: nobody waits for a better one
        else:
            say(until_done(look, say, time.sleep))
    except (BotoCoreError, ClientError, OSError) as error:
        raise LocalStackError(f"stage {settings.stage}: {error}", hint="Another try takes it up.") from None
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipelines", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB", dest="what")
    whole = verbs.add_parser("run", help="all steps; what is done for this playlist and recipe is not done again")
    one = verbs.add_parser("step", help="one step, until it is done")
    one.add_argument("name", choices=[step.name for step in steps()])
    one.add_argument("--run", required=True, help="as in 2026-11-27T13:17:28Z/nightly: the same for each try")
    for each in (whole, one):
        each.add_argument("--playlist", default="", help="a folder, or a playlist id, URI or URL")
        each.add_argument("--recipe", default="", help="whose index is to serve (empty: the one that serves)")
    return parser


if __name__ == "__main__":
    spare_the_terminal()
    sys.exit(main(sys.argv[1:]))
