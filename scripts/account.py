"""Whether an AWS account can take a deployment, asked before anything is made: `python -m scripts.account`."""

import sys

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


def main() -> int:
    """Say whose account it is; 1 when it cannot take a deployment."""
    session = boto3.Session()
    try:
        print(f"AWS account {check(session)}, region {session.region_name}")
    except EarshotError as error:
        print(f"error: {error.message}\n{error.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
