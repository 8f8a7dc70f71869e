import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.board import Board
from local.functions import Worker, function_environment
from local.serverless import Function
from tests.aws import REGION, account


class Notes:
    """What the handlers wrote down."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, name: str) -> list[Any]:
        path = self._folder / f"{name}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def until(self, name: str, enough: Callable[[list[Any]], bool], timeout_s: float = 20) -> list[Any]:
        deadline = time.monotonic() + timeout_s
        while not enough(notes := self.of(name)):
            assert time.monotonic() < deadline, f"{name} wrote only {notes}"
            time.sleep(0.02)
        return notes


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def board(said: list[str]) -> Board:
    return Board(said.append)


@pytest.fixture
def make_worker(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    workers: list[Worker] = []

    def make(handler: str, *, timeout_s: float = 20, name: str = "tiny") -> Worker:
        function = Function(name, f"tests.unit.local.tiny_handlers.{handler}", timeout_s=timeout_s)
        base = {**os.environ, "TINY_DIR": str(tmp_path), "AWS_REGION": REGION}
        worker = Worker(function, function_environment(function, base, tmp_path), tmp_path / "logs")
        workers.append(worker)
        return worker

    yield make
    for worker in workers:
        worker.close()


@pytest.fixture
def aws() -> Iterator[Any]:
    with account():
        yield boto3.Session()
