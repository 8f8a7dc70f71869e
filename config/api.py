"""Settings of the api function."""

from pathlib import Path

from config.base import FunctionSettings


class ApiSettings(FunctionSettings):
    """What the api needs to know. Explained in config/api.env.example."""

    tracks_table: str
    index_bucket: str
    index_cache_dir: Path = Path("/tmp/earshot-index")  # noqa: S108 (the only writable folder of a Lambda function)
    index_check_every_s: float = 3.0
