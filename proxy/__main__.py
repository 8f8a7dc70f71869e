"""``python -m proxy --upstream http://nas.local:4533``: the proxy on a port of this machine, until Ctrl-C."""

import argparse
import os
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

import uvicorn

from config.media_servers import MediaServerSettings
from earshot.api_client import ApiClient
from earshot.errors import EarshotError
from proxy.app import Proxy

_PORT = 4534
_GRACE_S = 3


def main(words: Sequence[str] | None = None) -> int:
    """Serve; the exit status: 2 for a wrong call."""
    options = _parser().parse_args(words)
    try:
        settings = MediaServerSettings.load()
        upstream = options.upstream or settings.subsonic_url
        api = ApiClient(options.api, key=os.environ.get("EARSHOT_API_KEY"))
    except EarshotError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 2
    if urlsplit(upstream).scheme not in ("http", "https") or not urlsplit(upstream).hostname:
        sys.stderr.write("Which media server? make proxy UPSTREAM=http://nas.local:4533 says it.\n")
        return 2
    sys.stderr.write(
        f"Players find {upstream} with Earshot's ears at http://{options.host}:{options.port} (Ctrl-C ends it).\n"
    )
    config = uvicorn.Config(
        Proxy(upstream, api, {user: key.get_secret_value() for user, key in settings.listener_keys.items()}),
        host=options.host,
        port=options.port,
        access_log=False,  # addresses carry what proves who asks
        log_level="warning",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    uvicorn.Server(config).run()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="earshot proxy", description="A media server with Earshot's ears.")
    parser.add_argument(
        "--upstream", default=os.environ.get("UPSTREAM", ""), help="address of the OpenSubsonic server (UPSTREAM)"
    )
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0: for all devices of your network (%(default)s)")
    parser.add_argument("--port", type=int, default=_PORT, help="where players find it (%(default)s)")
    port = os.environ.get("PORT", "8000")
    parser.add_argument(
        "--api",
        default=os.environ.get("EARSHOT_API_URL", f"http://127.0.0.1:{port}"),
        help="address of Earshot's API (EARSHOT_API_URL; %(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
