"""One Spark for all of these tests: it takes a dozen CPU seconds to start."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from batch.session import local_session


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Two tasks at a time."""
    with local_session("tests", cores=2) as session:
        yield session
