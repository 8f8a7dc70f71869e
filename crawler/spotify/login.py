"""`make spotify-login`: logs in to Spotify once and keeps the login where the stage keeps secrets.

Authorization code with PKCE and a loopback redirect: the app's secret is not needed.
"""

import secrets
import sys
import webbrowser
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import requests
import spotipy
from spotipy.oauth2 import SpotifyOauthError, SpotifyPKCE

from crawler.spotify.login_store import SCOPE, LoginStore
from earshot.errors import InvalidSettings, ProviderRefused, ProviderUnavailable

PORT = 8888
_TIMEOUT_S = 300.0


def log_in(
    store: LoginStore, *, client_id: str, accounts_url: str, port: int = PORT, open_browser: bool = True
) -> None:
    """Have the user of the app `client_id` agree in a browser, and keep the login in `store`.

    Raises:
        InvalidSettings: no client id is set.
        ProviderRefused: the user or Spotify said no. ProviderUnavailable: nobody answered within five minutes.
    """
    if not client_id:
        raise InvalidSettings(
            "EARSHOT_SPOTIFY_CLIENT_ID is not set",
            hint="Create an app at https://developer.spotify.com/dashboard (it is free), put its client id into "
            f"config/crawler.env and add the redirect URI http://127.0.0.1:{port}/callback to it.",
        )
    state = secrets.token_urlsafe(16)
    manager = SpotifyPKCE(
        client_id=client_id,
        redirect_uri=f"http://127.0.0.1:{port}/callback",
        scope=SCOPE,
        open_browser=False,
        requests_timeout=10,
        cache_handler=spotipy.MemoryCacheHandler(),
    )
    manager.OAUTH_AUTHORIZE_URL = f"{accounts_url}/authorize"
    manager.OAUTH_TOKEN_URL = f"{accounts_url}/api/token"
    url = manager.get_authorize_url(state=state)
    sys.stdout.write(f"Open this page and agree:\n\n  {url}\n\n")
    sys.stdout.flush()
    if open_browser:
        webbrowser.open(url)
    code = _code_from_redirect(port, state)
    try:
        manager.get_access_token(code, check_cache=False)
    except SpotifyOauthError as error:
        raise ProviderRefused(f"Spotify refused the login: {error.error or 'no reason given'}") from None
    except requests.RequestException as error:
        raise ProviderUnavailable(f"Spotify did not answer: {type(error).__name__}") from None
    token = manager.cache_handler.get_cached_token()
    if not token or not token.get("refresh_token"):
        raise ProviderRefused("Spotify gave no refresh token")
    store.save_token_to_cache(token)


def _code_from_redirect(port: int, state: str) -> str:
    """Wait on 127.0.0.1 for the browser to bring the authorization code."""
    answers: list[dict[str, list[str]]] = []

    class Redirect(BaseHTTPRequestHandler):
        timeout = 2.0  # browsers open connections that they never use

        def do_GET(self) -> None:
            """Take the answer if it is meant for this login."""
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            mine = parts.path == "/callback" and query.get("state") == [state]
            if mine:
                answers.append(query)
            body = b"Earshot has your answer. You can close this page." if mine else b"This is not the answer awaited."
            self.send_response(200 if mine else 400)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the path holds the code."""

    try:
        listener = HTTPServer(("127.0.0.1", port), Redirect)
    except OSError as error:
        raise InvalidSettings(
            f"port {port} of this machine cannot be used: {error.strerror}",
            hint="Stop what listens there, or register another redirect URI with the app and give its --port.",
        ) from None
    with listener as server:
        server.timeout = 1.0
        for _ in range(int(_TIMEOUT_S)):
            server.handle_request()
            if answers:
                break
        else:
            raise ProviderUnavailable("nobody agreed within five minutes", hint="Run `make spotify-login` again.")
    if "code" not in answers[0]:
        raise ProviderRefused(f"the login was refused: {''.join(answers[0].get('error', ['no code']))[:80]}")
    return answers[0]["code"][0]
