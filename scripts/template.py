"""Turns serverless.yml into CloudFormation without an AWS account and checks it: `python -m scripts.template dev prod`.

osls looks SSM parameters up while it packages. Here a pretended SSM answers with made-up values under exactly the names
that infra/ writes, so that a name which only one side knows ends in an error. Needs Node.js and the zips of
`python -m scripts.package`.
"""

import argparse
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

from ops.queue_table import queue_table

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "build" / "cloudformation"
REGION = "eu-central-1"
_ACCOUNT = "123456789012"
_TOPICS = {"index-topic-arn": "index-published", "alarm-topic-arn": "alarms"}
_TEMPLATE = "cloudformation-template-update-stack.json"


def contract_keys() -> list[str]:
    """Keys of the SSM parameters /earshot/<stage>/<key> that infra/ writes: of every queue, and those listed there."""
    listed = r"^  contract = merge\(local\.queue_contract, local\.dead_letter_contract, \{\n(.*?)^  \}"
    block = re.search(listed, (ROOT / "infra" / "contract.tf").read_text(), re.M | re.S)
    keys = re.findall(r"^    ([a-z0-9-]+) += ", block[1], re.M) if block else []
    if not keys:
        raise ValueError("infra/contract.tf holds no `contract = merge(…, { key = … })`")
    queues = [f"{queue}-queue-{part}" for queue in queue_table().names for part in ("url", "arn")]
    return [*keys, *queues, *(f"{queue}-dlq-arn" for queue in queue_table().work)]


def placeholder(key: str, stage: str) -> str:
    """A value of the form that the real parameter has."""
    name = f"earshot-{stage}-{re.sub(r'-(table|bucket|queue|topic|stream)?-?(url|arn)?$', '', key)}"
    if key.endswith("stream-arn"):
        return f"arn:aws:dynamodb:{REGION}:{_ACCOUNT}:table/{name}/stream/2026-01-01T00:00:00.000"
    if key.endswith("topic-arn"):
        return f"arn:aws:sns:{REGION}:{_ACCOUNT}:earshot-{stage}-{_TOPICS[key]}"
    if key.endswith("dlq-arn"):
        return f"arn:aws:sqs:{REGION}:{_ACCOUNT}:{queue_table().dead_name(key.removesuffix('-dlq-arn'), stage)}"
    if key.endswith("queue-arn"):
        return f"arn:aws:sqs:{REGION}:{_ACCOUNT}:{queue_table().name(key.removesuffix('-queue-arn'), stage)}"
    if key.endswith("queue-url"):
        queue = queue_table().name(key.removesuffix("-queue-url"), stage)
        return f"https://sqs.{REGION}.amazonaws.com/{_ACCOUNT}/{queue}"
    return name


def osls(*arguments: str, environment: Mapping[str, str]) -> None:
    """Run osls from node_modules, installing it first where it is missing.

    Raises:
        subprocess.CalledProcessError: it failed; its own message is on the terminal.
    """
    program = ROOT / "node_modules" / ".bin" / "osls"
    if not program.exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=ROOT, check=True)
    quiet = {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off", "NODE_NO_WARNINGS": "1"}
    subprocess.run([str(program), *arguments], cwd=ROOT, env={**environment, **quiet}, check=True)


@contextmanager
def pretended_ssm(stages: list[str]) -> Iterator[dict[str, str]]:
    """The environment of a process that finds every parameter of `stages`, and nothing else of AWS."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # one line per request otherwise
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        pretended = {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",  # moto asks for no real ones
            "AWS_REGION": REGION,
        }
        ssm = boto3.client(
            "ssm",
            endpoint_url=pretended["AWS_ENDPOINT_URL"],
            region_name=REGION,
            aws_access_key_id=pretended["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=pretended["AWS_SECRET_ACCESS_KEY"],
        )
        for stage in stages:
            for key in contract_keys():
                ssm.put_parameter(
                    Name=f"/earshot/{stage}/{key}", Value=placeholder(key, stage), Type="String", Overwrite=True
                )
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        yield own | pretended
    finally:
        server.stop()


def build(stages: list[str], output: Path = OUTPUT) -> dict[str, Path]:
    """The CloudFormation template of each stage."""
    templates = {}
    with pretended_ssm(stages) as environment:
        for stage in stages:
            folder = output / stage
            shutil.rmtree(folder, ignore_errors=True)
            osls("package", "--stage", stage, "--package", str(folder), environment=environment)
            templates[stage] = folder / _TEMPLATE
    return templates


def lint(template: Path) -> int:
    """Exit status of cfn-lint; its warnings are shown, its errors count."""
    program = Path(sys.executable).with_name("cfn-lint")
    # W3005: osls states dependencies twice, which does no harm.
    command = [str(program), "--non-zero-exit-code", "error", "--ignore-checks", "W3005", "--regions", REGION]
    return subprocess.run([*command, "--template", str(template)], check=False).returncode


def main() -> int:
    """Build and lint the templates of the stages named."""
    parser = argparse.ArgumentParser(description="Build and lint the CloudFormation template of each stage.")
    parser.add_argument("stages", nargs="*", default=["dev", "prod"], metavar="STAGE")
    stages = parser.parse_args().stages
    failed = [stage for stage, template in build(stages).items() if lint(template)]
    print(f"cfn-lint finds errors: {', '.join(failed)}" if failed else f"cfn-lint: {', '.join(stages)} passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
