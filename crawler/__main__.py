"""The crawler's commands: ``python -m crawler spotify-login``."""

import argparse
import sys
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from config.spotify_login import SpotifyLoginSettings
from crawler.spotify.login import PORT, log_in
from crawler.spotify.login_store import login_store
from earshot.errors import EarshotError


def main(words: Sequence[str] | None = None) -> int:
    """Run what `words`, or the command line, say; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m crawler", description="Commands of the crawler.")
    commands = parser.add_subparsers(dest="command", required=True)
    login = commands.add_parser("spotify-login", help="log in to Spotify, once")
    login.add_argument("--port", type=int, default=PORT, help="port of the redirect URI registered with the app")
    login.add_argument("--no-browser", action="store_true", help="only print the page's address")
    arguments = parser.parse_args(words)
    try:
        return _spotify_login(arguments.port, open_browser=not arguments.no_browser)
    except EarshotError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 1
    except (BotoCoreError, ClientError) as error:
        sys.stderr.write(f"The login cannot be kept: {error}\nCheck your credentials and region of AWS.\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _spotify_login(port: int, *, open_browser: bool) -> int:
    settings = SpotifyLoginSettings.load()
    store = login_store(settings.login_place)
    log_in(
        store,
        client_id=settings.spotify_client_id,
        accounts_url=settings.spotify_accounts_url,
        port=port,
        open_browser=open_browser,
    )
    sys.stdout.write(f"Logged in; kept in {store}. The login lasts six months.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
