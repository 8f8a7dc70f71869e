"""Whether an AWS account can take a deployment, asked before anything is made: `python -m scripts.account dev`."""

import os
import sys
from collections.abc import Mapping

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from earshot.errors import EarshotError, InvalidSettings
from ops.aws import Session

_NEVER_RESERVED = 10
"""Concurrent executions that Lambda keeps for functions without a reservation; `index_tracks` reserves one."""


def check(session: Session) -> str:
    """The account's id.

    Raises:
        InvalidSettings: there are no valid credentials, or the account's quota is too small.
    """
    try:
        account = session.client("sts").get_caller_identity()["Account"]
        limit = session.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    except (BotoCoreError, ClientError) as error:
        raise InvalidSettings(
            f"AWS does not answer: {error}", hint="Check the credentials (AWS_PROFILE) and AWS_REGION."
        ) from None
    if limit <= _NEVER_RESERVED:
        raise InvalidSettings(
            f"account {account} may run {limit} functions at a time, which is too few to reserve one for index_tracks",
            hint="Ask for more first: Service Quotas, AWS Lambda, Concurrent executions, 1,000 (docs/operations.md).",
        )
    return account


def check_keys_stay(session: Session, stage: str, settings: Mapping[str, str]) -> None:
    """A stage whose API asks for keys must not be opened to everybody by a setting that somebody forgot.

    Raises:
        InvalidSettings: the stage has API keys, and `settings` do not say what becomes of them.
    """
    functions = session.client("lambda")
    try:
        deployed = functions.get_function_configuration(FunctionName=f"earshot-{stage}-api")
    except functions.exceptions.ResourceNotFoundException:
        return
    variables = deployed.get("Environment", {}).get("Variables", {})
    if variables.get("EARSHOT_API_KEYS") and "EARSHOT_API_KEYS" not in settings:
        raise InvalidSettings(
            f"stage {stage} has API keys, and this deployment would remove them",
            hint="Set EARSHOT_API_KEYS as before, or to nothing (EARSHOT_API_KEYS=) to open the API to everybody.",
        )


def main(stage: str) -> int:
    """Say whose account it is; 1 when it cannot take a deployment of `stage`."""
    session = boto3.Session()
    try:
        print(f"AWS account {check(session)}, region {session.region_name}")
        check_keys_stay(session, stage, os.environ)
    except EarshotError as error:
        print(f"error: {error.message}\n{error.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
