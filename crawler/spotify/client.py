"""spotipy, told not to sleep, not to keep tokens on disk, and to fail in the words of Earshot's errors."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import requests
import spotipy
from requests.adapters import HTTPAdapter
from spotipy.oauth2 import SpotifyAuthBase, SpotifyClientCredentials, SpotifyOAuth, SpotifyOauthError, SpotifyPKCE
from urllib3.util import Retry

from crawler.spotify.login_store import SCOPE, LoginStore
from earshot.errors import (
    NotFound,
    ProviderError,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
)
from earshot.web import retry_after_s

_TIMEOUT_S = 8
_DEFAULT_WAIT_S = 30.0
_QUOTA_WAIT_S = 3600.0
_LOG_IN = "Run `make spotify-login` once."
_OWN_PLAYLISTS = (
    "Spotify lets an app read only playlists that the logged-in user owns or collaborates on, and hides its own "
    f"(ids starting 37i9) from most apps. {_LOG_IN} Or copy the entries into a playlist of yours."
)

# At DEBUG spotipy logs tokens.
for _name in ("spotipy", "spotipy.client", "spotipy.oauth2"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks Spotify: an app, and perhaps a user of it."""

    client_id: str
    client_secret: str
    refresh_token: str
    """Of a user; goes before the login."""
    login: LoginStore
    accounts_url: str


def spotify_client(account: Account, api_url: str, user_agent: str) -> spotipy.Spotify:
    """A client of Spotify's web API: as the user, where one has authorised the app, else as the app.

    Raises:
        ProviderRefused: there are no credentials.
    """
    session = _session(user_agent)
    client = spotipy.Spotify(
        auth_manager=_auth_manager(account, session), requests_session=session, requests_timeout=_TIMEOUT_S
    )
    client.prefix = api_url
    return client


def call(request: Callable[[], object]) -> Mapping[str, object]:
    """The answer to `request`, a call of a spotipy client.

    Raises:
        NotFound: 404. ProviderRefused: other answers that are final.
        ProviderThrottled: 429. ProviderUnavailable: time-outs, 5xx, answers that are no JSON object.
    """
    try:
        answer = request()
    except spotipy.SpotifyException as error:
        raise _translated(error) from None
    except SpotifyOauthError as error:
        raise _login_failed(error) from None
    except requests.RequestException as error:
        raise ProviderUnavailable(f"Spotify did not answer: {type(error).__name__}") from None
    if not isinstance(answer, dict):
        raise ProviderUnavailable("Spotify's answer is no JSON object")
    return answer


def _session(user_agent: str) -> requests.Session:
    session = requests.Session()
    session.max_redirects = 0
    session.trust_env = False
    session.headers["User-Agent"] = user_agent
    retry = Retry(
        total=3,
        connect=2,
        read=0,
        status=2,
        backoff_factor=0.2,
        status_forcelist=(500, 502, 503, 504),
        respect_retry_after_header=False,
        raise_on_status=False,
    )
    session.mount("https://", HTTPAdapter(max_retries=retry))
    session.mount("http://", HTTPAdapter(max_retries=retry))
    return session


def _auth_manager(account: Account, session: requests.Session) -> SpotifyAuthBase:
    app = {"client_id": account.client_id, "requests_session": session, "requests_timeout": _TIMEOUT_S}
    user = {**app, "redirect_uri": "http://127.0.0.1:8888/callback", "scope": SCOPE, "open_browser": False}
    secret = account.client_secret
    if account.client_id and account.refresh_token:
        token = {"access_token": "", "refresh_token": account.refresh_token, "expires_at": 0, "scope": SCOPE}
        user["cache_handler"] = spotipy.MemoryCacheHandler(token)
        manager = SpotifyOAuth(client_secret=secret, **user) if secret else SpotifyPKCE(**user)
    elif account.client_id and account.login.get_cached_token():
        manager = SpotifyPKCE(**user, cache_handler=account.login)
    elif account.client_id and secret:
        manager = SpotifyClientCredentials(client_secret=secret, cache_handler=spotipy.MemoryCacheHandler(), **app)
    else:
        raise ProviderRefused(
            "Spotify needs credentials and none are set",
            hint=f"Set EARSHOT_SPOTIFY_CLIENT_ID of an app of yours (developer.spotify.com). {_LOG_IN}",
        )
    manager.OAUTH_TOKEN_URL = f"{account.accounts_url}/api/token"
    return manager


def _translated(error: spotipy.SpotifyException) -> ProviderError | NotFound:
    status = error.http_status
    if status == 429:
        return ProviderThrottled(
            f"Spotify asks to wait ({error.reason or 'too many requests'})",
            retry_after_s=retry_after_s(
                (error.headers or {}).get("Retry-After"),
                _QUOTA_WAIT_S if error.reason == "QUOTA_EXCEEDED" else _DEFAULT_WAIT_S,
            ),
        )
    if status == 404:
        return NotFound("Spotify does not know it, or does not show it (404)", hint=_OWN_PLAYLISTS)
    if status in (401, 403):
        return ProviderRefused(f"Spotify refused ({status})", hint=_OWN_PLAYLISTS)
    if status >= 500:
        return ProviderUnavailable(f"Spotify answered {status}")
    return ProviderRefused(f"Spotify answered {status}")


def _login_failed(error: SpotifyOauthError) -> ProviderError:
    response = getattr(error.__context__, "response", None)
    status = getattr(response, "status_code", 0)
    if status == 429:
        wait = retry_after_s(response.headers.get("Retry-After"), _DEFAULT_WAIT_S)  # type: ignore[union-attr]
        return ProviderThrottled("Spotify's login asks to wait", retry_after_s=wait)
    if status >= 500:
        return ProviderUnavailable(f"Spotify's login answered {status}")
    if error.error == "invalid_grant":
        return ProviderRefused("Spotify's login has expired (invalid_grant)", hint=_LOG_IN)
    return ProviderRefused(
        f"Spotify refused the credentials ({error.error or status})",
        hint=f"Check EARSHOT_SPOTIFY_CLIENT_ID and EARSHOT_SPOTIFY_CLIENT_SECRET. {_LOG_IN}",
    )
