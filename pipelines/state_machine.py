"""The steps as a state machine of AWS Step Functions: `make pipeline-states` writes infra/pipeline.asl.json.

Terraform fills in ${partition}, ${pipeline_step} and ${learn_listening}. The execution's input is an object with a
`playlist`, and perhaps a `recipe`, and `spark`: `application_id` and `role_arn` of an application of EMR Serverless,
with the job drivers of the steps that are to run there. A step that waits is a function that looks, and is asked again:
so waiting costs a transition, and is no failure that anybody is told of.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from pipelines.steps import Step, steps

FILE = Path(__file__).resolve().parents[1] / "infra" / "pipeline.asl.json"
LOOK_EVERY_S = 20
_LONGEST_CALL_S = 900
_RUN = "States.Format('{}/{}', $$.Execution.StartTime, $$.Execution.Name)"

State = dict[str, Any]


def definition() -> dict[str, Any]:
    """The whole machine, as the Amazon States Language has it."""
    every = steps()
    following = {step.name: _entry(after) for step, after in pairwise(every)}
    states: dict[str, State] = {}
    for step in every:
        states |= _states(step, following.get(step.name))
    return {
        "Comment": "Earshot: from a playlist to a promoted index version. Written by make pipeline-states.",
        "StartAt": _entry(every[0]),
        "TimeoutSeconds": sum(step.timeout_s for step in every),
        "States": states,
    }


def _states(step: Step, following: str | None) -> dict[str, State]:
    """The states of a step, which lead to the state `following`; None: to the end."""
    goes_on: State = {"Next": following} if following else {"End": True}
    if step.function:  # looked at, and done where it is to be done
        work = f"{step.name}: {step.function}"
        states = {
            step.name: _look(step, {"Next": _asked(step)}),
            _asked(step): _choice(f"$.{step.name}.done", goes_on, _spark(step) if step.spark else work),
            work: _call(step, step.function, {}) | {"ResultPath": None} | goes_on,
        }
        return states | (_on_spark(step, work, goes_on) if step.spark else {})
    if not step.waits:
        return {step.name: _look(step, goes_on)}
    later = f"{step.name}: later"
    states = {
        step.name: _look(step, {"Next": _asked(step)}),
        _asked(step): _choice(f"$.{step.name}.done", goes_on, later),
        later: {"Type": "Wait", "Seconds": LOOK_EVERY_S, "Next": step.name},
    }
    # What Spark has done is looked at as if the functions had done it.
    return (_on_spark(step, step.name, {"Next": step.name}) if step.spark else {}) | states


def _choice(variable: str, goes_on: State, otherwise: str) -> State:
    """On to what comes next where `variable` is true. (A choice cannot end a machine: the last step makes none.)"""
    return {
        "Type": "Choice",
        "Choices": [{"Variable": variable, "BooleanEquals": True, **goes_on}],
        "Default": otherwise,
    }


def _look(step: Step, goes_on: State) -> State:
    payload = {"step": step.name, "run.$": _RUN, "input.$": "$"}
    answer: State = {"done.$": "$.Payload.done", "said.$": "$.Payload.said"}
    state = _call(step, "pipeline_step", payload) | {"ResultSelector": answer, "ResultPath": f"$.{step.name}"}
    return {"Comment": f"{step.does}. Again: {step.again}."} | state | goes_on


def _call(step: Step, function: str, payload: State) -> State:
    return {
        "Type": "Task",
        "Resource": "arn:${partition}:states:::lambda:invoke",
        "Parameters": {"FunctionName": f"${{{function}}}", "Payload": payload},
        "TimeoutSeconds": min(step.timeout_s, _LONGEST_CALL_S),
        "Retry": _retry(step),
    }


def _on_spark(step: Step, otherwise: str, goes_on: State) -> dict[str, State]:
    job = f"{step.name}: Spark"
    chosen = {"Variable": f"$.spark.{step.name}", "IsPresent": True, "Next": job}
    return {
        _spark(step): {"Type": "Choice", "Choices": [chosen], "Default": otherwise},
        job: _job(step, goes_on),
    }


def _job(step: Step, goes_on: State) -> State:
    return {
        "Type": "Task",
        "Resource": "arn:${partition}:states:::emr-serverless:startJobRun.sync",
        "Parameters": {
            "ApplicationId.$": "$.spark.application_id",
            "ExecutionRoleArn.$": "$.spark.role_arn",
            "Name": f"earshot-{step.name}",
            "JobDriver.$": f"$.spark.{step.name}",
        },
        "ResultPath": None,
        "TimeoutSeconds": step.timeout_s,
        "Retry": _retry(step),
        **goes_on,
    }


def _retry(step: Step) -> list[State]:
    return [
        {"ErrorEquals": ["StepFailed"], "MaxAttempts": 0},
        {
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": step.pause_s,
            "BackoffRate": 2.0,
            "MaxAttempts": step.retries,
        },
    ]


def _entry(step: Step) -> str:
    """The state by which the step begins."""
    return _spark(step) if step.spark and not step.function else step.name


def _asked(step: Step) -> str:
    return f"{step.name}: done?"


def _spark(step: Step) -> str:
    return f"{step.name}: on Spark?"


def text() -> str:
    """The file's content."""
    return json.dumps(definition(), indent=2) + "\n"


def main() -> int:
    """Write it."""
    FILE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
