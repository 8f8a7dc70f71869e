"""The API as a service from a bucket in a folder: `python -m bench.scale.process FOLDER BUCKET PORT`, until SIGTERM."""

import sys
from dataclasses import replace
from pathlib import Path

from api.bootstrap import connected
from api.index_alone import index_alone
from api.service import Server, application
from bench.index.folder_s3 import FolderS3
from config.service import ServiceSettings
from earshot.index.reader import IndexReader


def main() -> None:
    """Serve, as `python -m api` does."""
    folder, bucket, port = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    settings = ServiceSettings.of({"EARSHOT_INDEX_BUCKET": bucket, "EARSHOT_API_KEYS": "open"})
    index = IndexReader(FolderS3(folder / "s3").as_client(), bucket, folder / "cache" / bucket, check_every_s=3600)
    services = index_alone(replace(connected(settings), index=index))
    index.current()
    Server(application(services), index.current, "127.0.0.1", port, drain_s=0, grace_s=1).run()


if __name__ == "__main__":
    main()
