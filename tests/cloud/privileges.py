"""What a function's role grants and what the function called, in the same words: (action, resource ARN)."""

import fnmatch
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Operations that are not called like the action that permits them.
_ACTIONS = {
    ("s3", "HeadObject"): "s3:GetObject",
    ("s3", "HeadBucket"): "s3:ListBucket",
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("s3", "DeleteObjects"): "s3:DeleteObject",
    ("s3", "CreateMultipartUpload"): "s3:PutObject",
    ("s3", "UploadPart"): "s3:PutObject",
    ("s3", "CompleteMultipartUpload"): "s3:PutObject",
    ("sqs", "SendMessageBatch"): "sqs:SendMessage",
    ("sqs", "DeleteMessageBatch"): "sqs:DeleteMessage",
    ("sqs", "ChangeMessageVisibilityBatch"): "sqs:ChangeMessageVisibility",
}


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """One kind of call to one resource."""

    action: str
    resource: str


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One action on one pattern of resources."""

    action: str
    resource: str

    def covers(self, call: Call) -> bool:
        """Whether the grant permits `call`."""
        return self.action == call.action and fnmatch.fnmatchcase(call.resource, self.resource)


def recorded_calls(folder: Path, prefix: str) -> dict[str, set[Call]]:
    """Calls by function. `prefix` is cut off the functions' names.

    Raises:
        KeyError: a call names no resource that is known here.
    """
    found: dict[str, set[Call]] = {}
    for file in folder.glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            calls = found.setdefault(record["function"].removeprefix(prefix), set())
            action = _ACTIONS.get(
                (record["service"], record["operation"]), f"{record['service']}:{record['operation']}"
            )
            calls |= {Call(action, resource) for resource in _resources(action, record["params"])}
    return found


def _resources(action: str, params: Mapping[str, str]) -> list[str]:
    match action.partition(":")[0]:
        case "s3":
            object_name = "" if action == "s3:ListBucket" else "/" + params["Key"] if "Key" in params else "/*"
            return [f"arn:aws:s3:::{params['Bucket']}{object_name}"]
        case "dynamodb":
            index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
            return [f"table/{name}{index}" for name in params["TableName"].split(",")]
        case "sqs":
            return [params["QueueUrl"].rpartition("/")[2] if "QueueUrl" in params else params["QueueName"]]
        case "sns":
            return [params["TopicArn"].rpartition(":")[2]]
        case "ssm":
            return [f"parameter{name}" for name in params["Names"].split(",")]
    raise KeyError(f"{action}: teach this test how its resources are named")


def grants(template: Mapping[str, Any]) -> dict[str, set[Grant]]:
    """What the role of each function allows, by function, with ARNs shortened to what a call can be compared with."""
    resources = template["Resources"]
    found = {}
    for resource in resources.values():
        if resource["Type"] != "AWS::Lambda::Function":
            continue
        name = resource["Properties"]["Handler"].rpartition(".")[2]
        role = resources[resource["Properties"]["Role"]["Fn::GetAtt"][0]]
        found[name] = {
            Grant(action, _short(arn))
            for policy in role["Properties"]["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
            for action in _listed(statement["Action"])
            for arn in _listed(statement["Resource"])
        }
    return found


def _short(arn: str | Mapping[str, str]) -> str:
    """The part of an ARN that names the resource; all of it for S3, whose ARNs hold no account."""
    text = re.sub(r"\$\{AWS::(\w+)\}", r"\1", arn if isinstance(arn, str) else arn["Fn::Sub"])
    parts = text.split(":", 5)
    if len(parts) < 6:
        return text
    return f"arn:aws:s3:::{parts[5]}" if parts[2] == "s3" else parts[5]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
