"""How a stage that runs is reached: the stack on this machine, or a deployment in the cloud."""

import os
from dataclasses import dataclass

import boto3
from botocore.exceptions import ClientError

from config.local import LocalSettings
from earshot.api_client import ApiClient
from earshot.errors import InvalidSettings, LocalStackError
from earshot.running_stack import RunningStack, running
from ops.aws import Session
from ops.deployment import Deployment

REGION = "eu-central-1"
"""Where the embedded AWS says it is."""
_ACCESS_KEY = "earshot-local"  # the embedded AWS derives the account from it, so everybody uses this one


def aws_environment(aws_url: str, region: str) -> dict[str, str]:
    """This process's environment, with nothing in it that could lead to anybody's real AWS account."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    hosts = {*filter(None, env.get("NO_PROXY", env.get("no_proxy", "")).split(",")), "127.0.0.1", "localhost"}
    return env | {
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_ACCESS_KEY_ID": _ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": _ACCESS_KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": ",".join(sorted(hosts)),
        "no_proxy": ",".join(sorted(hosts)),
    }


def use_local_aws(aws_url: str) -> None:
    """From here on, every AWS client of this process talks to the embedded AWS and to nothing else."""
    environment = aws_environment(aws_url, REGION)
    for name in set(os.environ) - set(environment):
        del os.environ[name]
    os.environ.update(environment)


@dataclass(frozen=True, slots=True)
class Connection:
    """A stage that runs."""

    deployment: Deployment
    api: ApiClient


def connect(settings: LocalSettings) -> Connection:
    """The stage that the settings name, with its HTTP API.

    Raises:
        LocalStackError: it is `local`, and no stack runs on the settings' directory.
        InvalidSettings: the stage has no HTTP API, or AWS cannot be asked where it answers.
    """
    if settings.stage == "local":
        stack = _running(settings)
        deployment = Deployment(boto3.Session(), settings.stage)
        return Connection(deployment, ApiClient(stack.api_url))
    session = boto3.Session()
    url = settings.api_url_of_stage or _api_url(session, settings.stage)
    return Connection(Deployment(session, settings.stage), ApiClient(url))


def reach(settings: LocalSettings) -> Deployment:
    """The tables, queues and buckets of the stage that the settings name.

    Raises:
        LocalStackError: it is `local`, and no stack runs on the settings' directory.
    """
    if settings.stage == "local":
        _running(settings)
    return Deployment(boto3.Session(), settings.stage)


def _running(settings: LocalSettings) -> RunningStack:
    """The stack on this machine; from here on this process talks to its AWS."""
    stack = running(settings.local_dir)
    if stack is None:
        raise LocalStackError(f"no stack runs on {settings.local_dir}", hint="Start it: make up (in another terminal).")
    use_local_aws(stack.aws_url)
    return stack


def _api_url(session: Session, stage: str) -> str:
    """Where the stage's HTTP API answers, from the outputs of its stack."""
    try:
        (stack,) = session.client("cloudformation").describe_stacks(StackName=f"earshot-{stage}")["Stacks"]
        urls = [output["OutputValue"] for output in stack.get("Outputs", ()) if output["OutputKey"] == "HttpApiUrl"]
    except ClientError as error:
        if "does not exist" not in error.response["Error"]["Message"]:
            raise
        urls = []
    if not urls:
        raise InvalidSettings(
            f"where does the API of stage {stage} answer? No stack earshot-{stage} in {session.region_name} says so",
            hint=f"Deploy it (make deploy STAGE={stage}), check AWS_REGION, or set EARSHOT_API_URL.",
        )
    return urls[0]
