"""What is measured: an index of any size on an S3 that listens on this machine, and the api's settings for it."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

from bench.index.updates import BUCKET

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


def build(tracks: int, folder: Path) -> None:
    """Build an index of `tracks` synthetic tracks below `folder`, where it is not there yet."""
    done = folder / f"{tracks}.done"
    if not done.exists():
        subprocess.run(
            [sys.executable, "-m", "bench.index.updates", str(tracks), str(folder), "prepare"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        done.touch()


@contextmanager
def serving(folder: Path) -> Iterator[dict[str, str]]:
    """An embedded AWS that holds the index; yields the environment of an api that answers from it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        **os.environ,
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "EARSHOT_STAGE": "bench",
        "EARSHOT_API_KEYS": "open",  # whoever asks for folders needs a key else
        "EARSHOT_TRACKS_TABLE": "tracks",
        "EARSHOT_CRAWLS_TABLE": "crawls",
        "EARSHOT_INDEX_BUCKET": BUCKET,
        "EARSHOT_PREVIEWS_BUCKET": "previews",
        "EARSHOT_CRAWL_QUEUE_URL": "http://127.0.0.1/crawl",
        "EARSHOT_FETCH_NOW_QUEUE_URL": "http://127.0.0.1/fetch-now",
        "EARSHOT_LISTENERS_TABLE": "listeners",
        "EARSHOT_PLAYS_QUEUE_URL": "http://127.0.0.1/plays",
        "EARSHOT_INDEX_CACHE_DIR": str(folder / "reader"),
        "POWERTOOLS_LOG_LEVEL": "WARNING",
        "OPENBLAS_NUM_THREADS": "1",
    }
    session = boto3.Session("local", "local", region_name="eu-central-1")
    s3 = session.client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"])
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    root = folder / "s3" / BUCKET
    for path in root.rglob("*"):
        if path.is_file() and path.name not in ("raw.npy", "fingerprints.npy"):  # a reader needs neither
            s3.upload_file(str(path), BUCKET, path.relative_to(root).as_posix())
    try:
        yield environment
    finally:
        server.stop()
