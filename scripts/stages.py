"""How the scripts reach a stage: the stack that runs on this machine, or one in the cloud."""

import boto3

from config.local import LocalSettings
from local.commands import connect
from local.deployment import Deployment


def deployment_of(stage: str) -> Deployment:
    """The stage's tables, queues and buckets; credentials and region come from the usual AWS settings.

    Raises:
        LocalStackError: `local`, and no stack runs.
    """
    if stage == "local":
        return connect(LocalSettings.load()).deployment
    return Deployment(boto3.Session(), stage)
