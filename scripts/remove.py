"""Removes what a stage has besides Terraform's state: its functions and its logins. `python -m scripts.remove STAGE`.

May be repeated: what is gone already is passed over, so that a removal that was cut short can be run again. That is why
it does without `osls remove`, which ends with an error where there is no stack or its SSM parameters are gone.
"""

import argparse
import sys
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from ops.aws import Session

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef

_DEPLOYMENT_BUCKET = "ServerlessDeploymentBucket"


def remove(session: Session, stage: str) -> bool:
    """Remove the stack `earshot-<stage>` with its packages, then the logins that functions kept in SSM.

    Returns:
        Whether there was a stack.

    Raises:
        ClientError: AWS refuses.
        WaiterError: CloudFormation could not delete the stack.
    """
    cloudformation, stack = session.client("cloudformation"), f"earshot-{stage}"
    resources = _resources(cloudformation, stack)
    if resources is not None:
        if bucket := resources.get(_DEPLOYMENT_BUCKET):
            _empty(session.client("s3"), bucket)
        cloudformation.delete_stack(StackName=stack)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack)
    session.client("ssm").delete_parameters(Names=[f"/earshot/{stage}/secrets/spotify_login"])
    return resources is not None


def _resources(cloudformation: "CloudFormationClient", stack: str) -> dict[str, str] | None:
    """The names of what the stack holds by their names in the template, or None where there is no stack."""
    try:
        pages = list(cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack))
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    return {
        resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceStatus"] != "DELETE_COMPLETE"
    }


def _empty(s3: "S3Client", bucket: str) -> None:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        objects: list[ObjectIdentifierTypeDef] = [{"Key": entry["Key"]} for entry in page.get("Contents", ())]
        if objects:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})


def main() -> int:
    """Remove, and say what was there."""
    parser = argparse.ArgumentParser(description="Remove a stage's functions and logins.")
    parser.add_argument("stage")
    stage = parser.parse_args().stage
    try:
        found = remove(boto3.Session(), stage)
    except (BotoCoreError, ClientError, WaiterError) as error:
        print(f"error: the functions of {stage} could not be removed: {error}", file=sys.stderr)
        return 1
    print(f"the functions of {stage} are removed" if found else f"{stage} has no functions (any more)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
