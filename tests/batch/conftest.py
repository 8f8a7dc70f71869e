"""One Spark for all of these tests: it takes a dozen CPU seconds to start. Its workers see an AWS on this machine."""

import logging
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer
from pyspark.sql import SparkSession

from batch.session import local_session
from tests.aws import Account, Endpoint, environment


@pytest.fixture(scope="session")
def aws() -> Iterator[Account]:
    """An empty account, to which this process and the workers have access."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        with environment(**Endpoint(server.get_host_and_port()[1]).environment):
            yield Account()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def spark(aws: Account) -> Iterator[SparkSession]:
    """Two tasks at a time."""
    with local_session("tests", cores=2) as session:
        yield session
