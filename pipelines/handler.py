"""Lambda entry point of the pipeline."""

from typing import TypedDict

from annoy_service import bootstrap as indexes
from earshot.errors import EarshotError, StepFailed, is_worth_retrying
from earshot.telemetry import logger
from pipelines import bootstrap
from pipelines.work import WORK, Inputs


class _Input(TypedDict, total=False):
    playlist: str
    recipe: str


class _Event(TypedDict):
    step: str
    run: str
    input: _Input


class _Answer(TypedDict):
    done: bool
    said: str


def pipeline_step(event: _Event, _context: object) -> _Answer:
    """Step Functions -> one look of a step. It is asked again until it is done.

    Raises:
        StepFailed: trying again would not help. Anything else may pass.
    """
    given = event["input"]
    inputs = Inputs(event["run"], given.get("playlist", ""), given.get("recipe", ""))
    try:
        look = WORK[event["step"]](bootstrap.stage(indexes.services()), inputs)
    except EarshotError as error:
        if is_worth_retrying(error) or isinstance(error, StepFailed):
            raise
        raise StepFailed(error.message, hint=error.hint) from error
    logger().info(look.said, step=event["step"], run=event["run"], done=look.done)
    return {"done": look.done, "said": look.said}
