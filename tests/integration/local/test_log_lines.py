"""What functions write into their logs: a JSON line per entry, and nothing else."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from config.local import ROOT
from earshot.ids import CrawlId, TrackId
from earshot.messages import CrawlPlaylist
from earshot.uploads import PreviewUploaded
from local.channel import Event
from local.functions import Worker, function_environment
from local.resources import create_all
from local.serverless import Function, read_functions
from ops.connection import aws_environment
from ops.deployment import Deployment
from tests.aws import REGION

MakeWorker = Callable[..., Worker]


@dataclass(frozen=True, slots=True)
class Stage:
    """The functions of serverless.yml, and the environment of an AWS in which they find their queues and tables."""

    functions: Mapping[str, Function]
    environment: Mapping[str, str]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """On an AWS of moto that listens."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = aws_environment(f"http://{host}:{port}", REGION)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        session = boto3.Session()
        create_all(session, "local")
        parameters = Deployment(session, "local").parameters

    def lookup(name: str) -> str:
        return parameters[name.removeprefix("/earshot/local/")]

    functions = read_functions(ROOT / "serverless.yml", stage="local", ssm=lookup)
    yield Stage({function.name: function for function in functions}, environment)
    server.stop()


def _message(body: str) -> Event:
    record = {"messageId": "1", "receiptHandle": "1", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
    source = {"eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-central-1:0:q", "awsRegion": REGION}
    return {"Records": [{**record, **source, "md5OfBody": "", "messageAttributes": {}}]}


_PREVIEW = PreviewUploaded("earshot-local-previews", TrackId("deezer:1"), REGION)
_CLOCK: Event = {"source": "aws.events", "detail-type": "Scheduled Event"}


@pytest.mark.parametrize(
    ("function", "service", "event"),
    [
        ("crawl_playlist", "crawler", _message(CrawlPlaylist(CrawlId("c1"), "/no/such/folder").to_json())),
        ("extract", "extractor", _message(_PREVIEW.to_json())),
        ("api", "api", _CLOCK),
    ],
)
def test_every_line_of_a_function_is_json_in_the_name_of_its_service(
    stage: Stage, tmp_path: Path, function: str, service: str, event: Event
) -> None:
    known = stage.functions[function]
    worker = Worker(known, function_environment(known, stage.environment, tmp_path), tmp_path / "logs")
    outcome = worker.invoke(event)
    worker.close()
    assert not outcome.failed, outcome.error
    lines = [json.loads(line) for line in (tmp_path / "logs" / f"{function}.log").read_text().splitlines()]
    assert {line["service"] for line in lines} == {service}
    assert "INFO" in {line.get("level") for line in lines}


def test_what_a_function_raises_and_what_libraries_warn_of_are_json_too(
    make_worker: MakeWorker, tmp_path: Path
) -> None:
    outcome = make_worker("warned").invoke({})
    assert outcome.error_type == "ValueError"
    first, second, last = map(json.loads, (tmp_path / "logs" / "tiny.log").read_text().splitlines())
    assert (first["level"], first["message"]) == ("WARNING", "of a library")
    assert "an old call" in second["message"]
    assert last["exception_name"] == "ValueError"
    assert "tiny_handlers.py" in last["exception"]
