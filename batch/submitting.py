"""Jobs on EMR Serverless: submitted, followed until they end, and what they cost."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from earshot.errors import InvalidSettings, JobFailed

VCPU_HOUR_USD, GB_HOUR_USD = 0.0421, 0.0046
"""List prices of ARM64, as of 2026-01: check them. The 20 GB of disk that a worker has are free."""
_PYTHON = "/opt/earshot/bin/python"
_ENTRY = "local:///app/batch/__main__.py"
_EVERY_S = 10.0
_OVER = frozenset({"SUCCESS", "FAILED", "CANCELLED"})
_LONGEST_MINUTES = 12 * 60
_ABSENT = "ParameterNotFound"
_SPARK: Mapping[str, str] = {
    # Four tasks in 8 GB. Python's memory lies outside of Java's: two processes of 250 MB a task, and the clips at hand.
    "spark.executor.cores": "4",
    "spark.executor.memory": "2g",
    "spark.executor.memoryOverhead": "6g",
    "spark.driver.cores": "2",
    "spark.driver.memory": "2g",
    "spark.driver.memoryOverhead": "2g",
    "spark.emr-serverless.driverEnv.PYSPARK_PYTHON": _PYTHON,
    "spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON": _PYTHON,
    "spark.executorEnv.PYSPARK_PYTHON": _PYTHON,
    "spark.executorEnv.OPENBLAS_NUM_THREADS": "1",
}


class Emr(Protocol):
    """The part of boto3's client `emr-serverless` that is used."""

    def start_job_run(self, **request: Any) -> dict[str, Any]:
        """See AWS."""

    def get_job_run(self, *, applicationId: str, jobRunId: str) -> dict[str, Any]:  # noqa: N803 (AWS's)
        """See AWS."""

    def cancel_job_run(self, *, applicationId: str, jobRunId: str) -> dict[str, Any]:  # noqa: N803 (AWS's)
        """See AWS."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stage's jobs run, as Terraform made it (infra/modules/batch)."""

    application_id: str
    role_arn: str
    log_group: str
    bucket: str


@dataclass(frozen=True, slots=True)
class Bill:
    """What AWS bills a job for."""

    vcpu_hours: float
    gb_hours: float

    @property
    def usd(self) -> float:
        """At list price."""
        return self.vcpu_hours * VCPU_HOUR_USD + self.gb_hours * GB_HOUR_USD


class Parameters(Protocol):
    """The part of boto3's client `ssm` that is used."""

    def get_parameter(self, *, Name: str) -> Any:  # noqa: N803 (AWS's)
        """See AWS."""


def place_of(ssm: Parameters, stage: str) -> Place:
    """Where the jobs of a stage run.

    Raises:
        InvalidSettings: the stage has no such place.
    """
    try:
        said = json.loads(ssm.get_parameter(Name=f"/earshot/{stage}/batch")["Parameter"]["Value"])
    except ClientError as error:
        if error.response["Error"]["Code"] != _ABSENT:
            raise
        raise InvalidSettings(
            f"stage {stage} has no application for jobs in bulk",
            hint="Deploy it with the Terraform variable batch, once its image is pushed (docs/batch.md).",
        ) from None
    return Place(**said)


def submit(emr: Emr, place: Place, job: str, options: Sequence[str], *, name: str, executors: int) -> str:
    """Start `python -m batch JOB OPTIONS` there; the run's id.

    Args:
        emr: AWS.
        place: where.
        job: see `batch.__main__`.
        options: of the job.
        name: what the run is called.
        executors: of four cores each; so many at most.
    """
    settings = {**_SPARK, "spark.dynamicAllocation.maxExecutors": str(executors)}
    answer = emr.start_job_run(
        applicationId=place.application_id,
        executionRoleArn=place.role_arn,
        name=name,
        executionTimeoutMinutes=_LONGEST_MINUTES,
        jobDriver={
            "sparkSubmit": {
                "entryPoint": _ENTRY,
                "entryPointArguments": [job, "--on-cluster", *options],
                "sparkSubmitParameters": " ".join(f"--conf {name}={value}" for name, value in settings.items()),
            }
        },
        configurationOverrides={
            "monitoringConfiguration": {
                "managedPersistenceMonitoringConfiguration": {"enabled": False},
                "cloudWatchLoggingConfiguration": {"enabled": True, "logGroupName": place.log_group},
            }
        },
        tags={"earshot": name},
    )
    return str(answer["jobRunId"])


def follow(
    emr: Emr, place: Place, run_id: str, say: Callable[[str], None], wait: Callable[[float], None] = time.sleep
) -> Bill:
    """Say how the run goes until it is over; what it is billed for.

    Raises:
        JobFailed: it failed, or somebody cancelled it.
    """
    said = ""
    while True:
        run = emr.get_job_run(applicationId=place.application_id, jobRunId=run_id)["jobRun"]
        used = run.get("totalResourceUtilization") or {}
        now = str(run["state"]).lower() + (
            f", {used['vCPUHour']:.2f} vCPU-hours so far" if used.get("vCPUHour") else ""
        )
        if now != said:
            said = now
            say(now)
        if run["state"] in _OVER:
            break
        wait(_EVERY_S)
    if run["state"] != "SUCCESS":
        details = str(run.get("stateDetails") or "no details").strip()
        raise JobFailed(f"run {run_id} {run['state'].lower()}: {details} (log group {place.log_group})")
    billed = run.get("billedResourceUtilization") or {}
    return Bill(float(billed.get("vCPUHour", 0)), float(billed.get("memoryGBHour", 0)))
