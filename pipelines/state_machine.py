"""The steps as a state machine of AWS Step Functions: `python -m pipelines.state_machine` writes infra/pipeline.asl.json.

Terraform fills in ${partition}, ${pipeline_step} and ${learn_listening}. The execution's input is an object with a
`playlist`, and perhaps a `recipe`, and `spark`: `application_id` and `role_arn` of an application of EMR Serverless, with
the job drivers of the steps that are to run there. A step that waits is a function that looks, and is asked again: so
waiting costs a transition, and is no failure that anybody is told of.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.steps import Step, steps

FILE = Path(__file__).resolve().parents[1] / "infra" / "pipeline.asl.json"
LOOK_EVERY_S = 20
_LONGEST_CALL_S = 900
_RUN = "States.Format('{}/{}', $$.Execution.StartTime, $$.Execution.Name)"

State = Mapping[str, Any]


def definition() -> dict[str, Any]:
    """The whole machine, as the Amazon States Language has it."""
    every = steps()
    following = {step.name: _entry(after) for step, after in zip(every, every[1:], strict=False)}
    states: dict[str, State] = {}
    for step in every:
        states |= _states(step, following.get(step.name))
    return {
        "Comment": "Earshot: from a playlist to a promoted index version. Written by python -m pipelines.state_machine.",
        "StartAt": _entry(every[0]),
        "TimeoutSeconds": sum(step.timeout_s for step in every),
        "States": states,
    }


def _states(step: Step, following: str | None) -> dict[str, State]:
    """The states of a step, which lead to the state `following`; None: to the end."""
    goes_on: State = {"Next": following} if following else {"End": True}
    states: dict[str, State] = {}
    if step.spark:
        # What Spark has done is looked at as if the functions had; nobody but Spark learns where Spark does.
        after: State = goes_on if step.function == "learn_listening" else {"Next": step.name}
        states |= {
            _entry(step): {
                "Type": "Choice",
                "Choices": [{"Variable": f"$.spark.{step.name}", "IsPresent": True, "Next": _on_spark(step)}],
                "Default": step.name,
            },
            _on_spark(step): _job(step, after),
        }
    if not step.waits:
        return states | {step.name: _call(step, goes_on)}
    asked, later = f"{step.name}: done?", f"{step.name}: later"
    done: State = {"Variable": f"$.{step.name}.done", "BooleanEquals": True, **goes_on}
    return states | {
        step.name: _call(step, {"Next": asked}),
        asked: {"Type": "Choice", "Choices": [done], "Default": later},
        later: {"Type": "Wait", "Seconds": LOOK_EVERY_S, "Next": step.name},
    }


def _call(step: Step, goes_on: State) -> State:
    looks = step.function == "pipeline_step"
    payload = {"step": step.name, "run.$": _RUN, "input.$": "$"} if looks else {}
    answer: State = {"done.$": "$.Payload.done", "said.$": "$.Payload.said"}
    return {
        "Type": "Task",
        "Comment": f"{step.does}. Again: {step.again}.",
        "Resource": "arn:${partition}:states:::lambda:invoke",
        "Parameters": {"FunctionName": f"${{{step.function}}}", "Payload": payload},
        **({"ResultSelector": answer, "ResultPath": f"$.{step.name}"} if looks else {"ResultPath": None}),
        "TimeoutSeconds": min(step.timeout_s, _LONGEST_CALL_S),
        "Retry": _retry(step),
        **goes_on,
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
    return f"{step.name}: on Spark?" if step.spark else step.name


def _on_spark(step: Step) -> str:
    return f"{step.name}: on Spark"


def text() -> str:
    """The file's content."""
    return json.dumps(definition(), indent=2) + "\n"


def main() -> int:
    """Write it."""
    FILE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
