"""What an AWS account and region must offer before anything is made in them. Every question only reads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from earshot.errors import InvalidSettings
from ops.aws import Session

_LEAST_UNRESERVED = 50
"""Concurrent executions that Lambda keeps for functions that reserve none: 100 as documented, 50 in some accounts."""
_ROOMY = 100
_DEPLOYMENT_BYTES = 300e6
"""More than the zips of one deployment, which stand beside those of the one before."""
_STUCK: Final = {
    "CREATE_FAILED": "delete it (make destroy), and deploy again",
    "ROLLBACK_COMPLETE": "its first deployment failed: delete it (make destroy), and deploy again",
    "ROLLBACK_FAILED": "its first deployment failed: delete it (make destroy), and deploy again",
    "DELETE_FAILED": "delete it (make destroy), and deploy again",
    "UPDATE_ROLLBACK_FAILED": "aws cloudformation continue-update-rollback, and deploy again",
}
# A harmless question to every service whose resources a stage has. Being refused is an answer: the service is there.
_QUESTIONS: Final[dict[str, Callable[[Any], object]]] = {
    "apigatewayv2": lambda client: client.get_apis(MaxResults="1"),
    "cloudwatch": lambda client: client.describe_alarms(MaxRecords=1),
    "dynamodb": lambda client: client.list_tables(Limit=1),
    "events": lambda client: client.list_rules(Limit=1),
    "logs": lambda client: client.describe_log_groups(limit=1),
    "sns": lambda client: client.list_topics(),
    "sqs": lambda client: client.list_queues(MaxResults=1),
    "ssm": lambda client: client.describe_parameters(MaxResults=1),
}


@dataclass(frozen=True, slots=True)
class Account:
    """`concurrent`: functions that may run at a time, of all stages and everything else in the account and region."""

    number: str
    region: str
    concurrent: int

    @property
    def is_narrow(self) -> bool:
        """Whether it works, but a crawl takes its time: new accounts have ten executions."""
        return self.concurrent < _ROOMY


def check(session: Session, stage: str, *, reserved: int = 0) -> Account:
    """The account, if a stage can be put into it.

    Args:
        session: of whoever deploys.
        stage: to be made, or updated.
        reserved: concurrent executions that its functions keep for themselves.

    Raises:
        InvalidSettings: what is in the way, and what to do.
    """
    try:
        number = session.client("sts").get_caller_identity()["Account"]
        settings = session.client("lambda").get_account_settings()
        for service, ask in _QUESTIONS.items():
            _ask(session, service, ask)
        account = Account(number, session.region_name, settings["AccountLimit"]["ConcurrentExecutions"])
        _may_reserve(account, reserved)
        kept, most = settings["AccountUsage"]["TotalCodeSize"], settings["AccountLimit"]["TotalCodeSize"]
        if kept + _DEPLOYMENT_BYTES > most:
            raise InvalidSettings(
                f"Lambda keeps {kept / 1e9:.1f} GB of code in {session.region_name}, of {most / 1e9:.1f} allowed",
                hint="Delete versions of functions that nobody uses, or ask for more: Service Quotas, AWS Lambda.",
            )
        _lives_here(session, stage, account)
        _can_be_updated(session, stage)
    except (BotoCoreError, ClientError) as error:
        raise InvalidSettings(
            f"AWS does not answer: {error}", hint="Check the credentials (AWS_PROFILE) and AWS_REGION."
        ) from None
    return account


def _ask(session: Session, service: str, ask: Callable[[Any], object]) -> None:
    client: Any = session.client(service)  # type: ignore[call-overload]  # any service
    try:
        ask(client)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (400, 403) or "OptIn" in str(error):
            raise
    except BotoCoreError as error:
        raise InvalidSettings(
            f"{service} does not answer in {session.region_name}: {error}",
            hint="Earshot needs it; choose a region that has it, and check the spelling of AWS_REGION.",
        ) from None


def _may_reserve(account: Account, reserved: int) -> None:
    if reserved and account.concurrent - reserved < _LEAST_UNRESERVED:
        raise InvalidSettings(
            f"account {account.number} may run {account.concurrent} functions at a time in {account.region}: too few "
            f"to keep {reserved} of them for the API",
            hint="Set apiWarm to 0, or ask for more: Service Quotas, AWS Lambda, Concurrent executions, 1,000.",
        )


def _lives_here(session: Session, stage: str, account: Account) -> None:
    """Buckets are named by account, not by region: a stage that is elsewhere would be torn out of there."""
    bucket = f"earshot-{stage}-index-{account.number}"
    try:
        place = session.client("s3").get_bucket_location(Bucket=bucket).get("LocationConstraint")
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchBucket", "AccessDenied"):
            return
        raise
    region = {None: "us-east-1", "EU": "eu-west-1"}.get(place, place)
    if region != account.region:
        raise InvalidSettings(
            f"stage {stage} lives in {region}, and AWS_REGION says {account.region}",
            hint=f"Set AWS_REGION={region}, or give the other stage another name.",
        )


def _can_be_updated(session: Session, stage: str) -> None:
    stack = f"earshot-{stage}"
    try:
        status = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in str(error):
            return
        raise
    if status in _STUCK:
        raise InvalidSettings(f"the stack {stack} cannot be updated: {status}", hint=_STUCK[status].capitalize() + ".")
    if status.endswith("IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        raise InvalidSettings(
            f"the stack {stack} is being changed right now: {status}", hint="Wait until that deployment has ended."
        )
