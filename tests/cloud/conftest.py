"""The whole of serverless.yml, deployed with the real tool into an AWS account on this machine."""

import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import package
from scripts.template import osls
from tests.cloud.account import Account, account, create_state
from tests.corpus import clips
from tests.stubs.web import Answer, serve

STAGE = "dev"
TRACKS = 10
KEY = "who has it may have work done"


@dataclass(frozen=True, slots=True)
class Deployment:
    """What `make deploy` leaves behind."""

    account: Account
    api_url: str
    music: Path
    playlist: str
    """A list of that music, which is served over HTTP: the functions of a stage hold no decoder to cut files with."""
    calls: Path
    """Where every AWS call of every function is noted (recorder/sitecustomize.py)."""
    functions: frozenset[str]
    """Names in serverless.yml."""

    def client(self, service: str) -> Any:
        """A boto3 client of the account."""
        return self.account.session.client(service)


def _functions() -> list[str]:
    document = yaml.safe_load((package.ROOT / "serverless.yml").read_text(encoding="utf-8"))
    return list(document["functions"])


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of real tracks."""
    folder = tmp_path_factory.mktemp("music")
    for clip in clips()[:TRACKS]:
        shutil.copy(clip.path, folder)
    return folder


@pytest.fixture(scope="session")
def playlist(tmp_path_factory: pytest.TempPathFactory, music: Path) -> Iterator[Path]:
    """A manifest of the tracks, whose previews are served on this machine."""
    files = {f"/{path.name}": path.read_bytes() for path in sorted(music.iterdir())}
    manifest = tmp_path_factory.mktemp("playlist") / "list.csv"
    with serve(lambda request: Answer(body=files[request.path])) as previews:
        rows = [f"{name[1:-4]},Somebody,{previews.url}{name}" for name in files]
        manifest.write_text("\n".join(["title,artist,preview_url", *rows, ""]), encoding="utf-8")
        yield manifest


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory, music: Path, playlist: Path) -> Iterator[Deployment]:
    """serverless.yml in an account, packaged for this machine's Python and processor."""
    architecture = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    for service in package.handlers_by_service():
        package.build(service, architecture=architecture, python=python)
    calls = tmp_path_factory.mktemp("calls")
    settings = {
        "EARSHOT_FOLDER_ROOTS": str(playlist.parent),
        "EARSHOT_ALLOW_LOOPBACK": "true",
        "EARSHOT_RECORD_AWS_CALLS": str(calls),
        "PYTHONPATH": str(Path(__file__).parent / "recorder"),
    }
    with account(tmp_path_factory.mktemp("account") / "state", **settings) as own:
        create_state(own, STAGE)
        build = {
            "EARSHOT_ARCHITECTURE": architecture,
            "EARSHOT_PACKAGE": f"{architecture}-python{python}",
            "EARSHOT_PROVIDERS": "manifest",
            "EARSHOT_ALLOWED_HOSTS": "127.0.0.1",
            "EARSHOT_API_KEYS": sha256(KEY.encode()).hexdigest(),
        }
        osls("deploy", "--stage", STAGE, environment={**own.environment, **build})
        (api,) = own.session.client("apigatewayv2").get_apis()["Items"]
        yield Deployment(
            own,
            f"http://127.0.0.1:{own.port}/_aws/execute-api/{api['ApiId']}",
            music,
            str(playlist),
            calls,
            frozenset(_functions()),
        )
