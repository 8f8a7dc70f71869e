"""Whether a stage works: `/health`, and with a playlist also one crawl and one query."""

import argparse
import sys
import time
from http import HTTPStatus

import boto3

from config.local import LocalSettings
from earshot.errors import EarshotError, LocalStackError
from earshot.track import Status
from local import commands
from local.api_client import ApiClient
from local.deployment import Deployment

_ANSWERS_WITHIN_S = 60.0
_PAUSE_S = 3.0


def api_url(cloudformation: object, stage: str) -> str:
    """Where the stage's HTTP API answers, from the outputs of its stack.

    Raises:
        LocalStackError: the stack has no HTTP API.
    """
    (stack,) = cloudformation.describe_stacks(StackName=f"earshot-{stage}")["Stacks"]  # type: ignore[attr-defined]
    for output in stack.get("Outputs", ()):
        if output["OutputKey"] == "HttpApiUrl":
            return str(output["OutputValue"])
    raise LocalStackError(f"the stack earshot-{stage} names no HttpApiUrl", hint="Deploy it again.")


def healthy(api: ApiClient) -> bool:
    """Whether the API answers within a minute: a fresh function takes some seconds."""
    deadline = time.monotonic() + _ANSWERS_WITHIN_S
    while time.monotonic() < deadline:
        try:
            if api.get("/health")[0] == HTTPStatus.OK:
                return True
        except LocalStackError as error:
            print(f"waiting: {error.message}")
        time.sleep(_PAUSE_S)
    return False


def main() -> int:
    """Run the checks; 0 when all passed."""
    parser = argparse.ArgumentParser(description="Check that a deployed stage works.")
    parser.add_argument("stage")
    parser.add_argument("--playlist", help="one to crawl; a small one")
    wanted = parser.parse_args()
    try:
        session = boto3.Session()
        url = api_url(session.client("cloudformation"), wanted.stage)
        print(f"the API of {wanted.stage} is at {url}")
        if not healthy(ApiClient(url)):
            print("it does not answer /health with 200", file=sys.stderr)
            return 1
        if not wanted.playlist:
            print("/health answers. For one crawl and one query: make deploy … SMOKE_PLAYLIST=…")
            return 0
        connection = commands.Connection(
            Deployment(session, wanted.stage), ApiClient(url), LocalSettings.load().local_dir
        )
        if code := commands.crawl(connection, [wanted.playlist], print):
            return code
        ready = next((track for track in connection.deployment.tracks.scan() if track.status is Status.READY), None)
        if ready is None:
            print("the crawl left no track that can be searched", file=sys.stderr)
            return 1
        return commands.similar(connection, ready.track_id, 5)
    except EarshotError as error:
        print(f"error: {error}\n{error.hint}".rstrip(), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
