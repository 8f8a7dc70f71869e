"""An AWS account on this machine, in a virtual environment that holds nothing but the embedded AWS.

Functions run under the Python of that environment, so a zip that lacks something fails here as it would in Lambda.
"""

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from local.resources import create_all
from scripts.template import REGION, contract_keys
from tests.aws import Endpoint, free_ports

ROOT = Path(__file__).resolve().parents[2]
_START_S = 30.0
_STOP_S = 20.0


@dataclass(frozen=True, slots=True)
class Account:
    """Where the account is reached, and as whom."""

    session: Endpoint
    state: Path

    @property
    def port(self) -> int:
        """Of this machine."""
        return self.session.port

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find it."""
        return self.session.environment

    @property
    def log(self) -> Path:
        """What the embedded AWS prints."""
        return self.state / "ministack.log"

    def logged(self, function: str) -> list[str]:
        """Every line that a function has logged."""
        pages = self.session.client("logs").get_paginator("filter_log_events")
        return [
            line
            for page in pages.paginate(logGroupName=f"/aws/lambda/{function}")
            for event in page["events"]
            for line in event["message"].splitlines()
        ]

    def function_logs(self, last: int = 40) -> str:
        """The last lines of each function that has logged anything."""
        groups = self.session.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]
        names = [group["logGroupName"].rpartition("/")[2] for group in groups]
        return "\n".join(line for name in names for line in [name, *self.logged(name)[-last:]])


@contextmanager
def account(state: Path, **environment: str) -> Iterator[Account]:
    """A fresh account; `environment` is added to that of every function."""
    (port,) = free_ports(1)
    own = Account(Endpoint(port, REGION), state)
    (state / "tmp").mkdir(parents=True)
    settings = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "TMPDIR": str(state / "tmp"),
        "LOG_LEVEL": "WARNING",
        "POWERTOOLS_TRACE_DISABLED": "true",
    }
    with own.log.open("wb") as log:
        process = subprocess.Popen(
            [str(_python() / "ministack")],
            env={**own.environment, **settings, **environment},
            cwd=state,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_healthy(process, own)
        yield own
    finally:
        _stop(process)


def create_state(own: Account, stage: str) -> None:
    """What `terraform apply` makes, under the names that infra/ gives it."""
    create_all(own.session, stage)
    topic = own.session.client("sns").create_topic(Name=f"earshot-{stage}-alarms")["TopicArn"]
    ssm = own.session.client("ssm")
    ssm.put_parameter(Name=f"/earshot/{stage}/alarm-topic-arn", Value=topic, Type="String")
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=f"/earshot/{stage}/")
    names = {entry["Name"].rpartition("/")[2] for page in pages for entry in page["Parameters"]}
    assert names >= set(contract_keys()), "the local stack lacks a parameter that infra/ writes"


def _python() -> Path:
    """The bin folder of the environment that holds only the embedded AWS; made on first use."""
    pinned = re.search(r"^ministack==\S+", (ROOT / "requirements" / "local.txt").read_text(), re.MULTILINE)
    assert pinned
    folder = ROOT / "build" / "embedded-aws" / f"{pinned[0]}-{sys.version_info.major}.{sys.version_info.minor}"
    if not (folder / "bin" / "ministack").exists():
        uv = str(Path(sys.executable).with_name("uv"))
        subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, str(folder)], check=True)
        listing = folder / "requirements.in"
        listing.write_text(pinned[0])
        locked = ["--constraint", str(ROOT / "requirements" / "local.txt"), "--require-hashes"]
        python = str(folder / "bin" / "python")
        subprocess.run([uv, "pip", "install", "-q", "--python", python, "-r", str(listing), *locked], check=True)
    return folder / "bin"


def _wait_healthy(process: subprocess.Popen[bytes], own: Account) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", own.port, timeout=2)
        try:
            connection.request("GET", "/_ministack/health")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise RuntimeError(f"the embedded AWS did not start:\n{own.log.read_text()[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End it and the functions it started, which are in its process group."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_S)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()
