"""`python -m batch.submit JOB …`: a job on the EMR Serverless of a stage (`make batch STAGE=prod JOB=… INPUT=s3://…`).

Needs neither Spark nor Java here.
"""

import argparse
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from batch.submitting import Emr, follow, place_of, submit
from config.local import LocalSettings
from earshot.errors import EarshotError, InvalidSettings, JobFailed
from earshot.stores.parts import S3


def main(arguments: Sequence[str]) -> int:
    """Submit, follow, and say what it cost; 1 when the job failed, 2 when it cannot be submitted."""
    parser = argparse.ArgumentParser(prog="python -m batch.submit", description="A job on EMR Serverless.")
    parser.add_argument("--executors", type=int, default=8, help="of four cores each, at most (default: %(default)s)")
    parser.add_argument("job", help="as python -m batch has them")
    options, job_arguments = parser.parse_known_args(arguments)
    try:
        stage = LocalSettings.load().stage
        _check(job_arguments)
        place = place_of(boto3.client("ssm"), stage)
        emr = cast("Emr", boto3.client("emr-serverless"))
        name = f"earshot-{stage}-{options.job}"
        run_id = submit(emr, place, options.job, job_arguments, name=name, executors=max(1, options.executors))
        _say(f"run {run_id} of application {place.application_id}")
        try:
            bill = follow(emr, place, run_id, _say)
        except KeyboardInterrupt:
            emr.cancel_job_run(applicationId=place.application_id, jobRunId=run_id)
            _say(f"run {run_id} is cancelled; what is done is not done again")
            return 130
    except EarshotError as error:
        _say(f"{error.message}. {error.hint}".rstrip())
        return 1 if isinstance(error, JobFailed) else 2
    except (BotoCoreError, ClientError) as error:
        _say(f"AWS: {error}")
        return 2
    _say(f"{bill.vcpu_hours:.3f} vCPU-hours and {bill.gb_hours:.3f} GB-hours billed: {bill.usd:.4f} USD at list price")
    return 0


def _check(arguments: Sequence[str]) -> None:
    for option, value in pairwise(arguments):
        if option in ("--input", "--output") and not value.startswith(S3):
            raise InvalidSettings(f"{option} {value} is on this machine", hint="AWS reads and writes s3://bucket/key.")


def _say(line: str) -> None:
    sys.stderr.write(f"batch: {line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
