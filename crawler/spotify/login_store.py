"""Keeps a user's Spotify login: a file that only its owner can read, or an encrypted SSM parameter."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from spotipy import CacheHandler

from earshot.errors import ProviderRefused

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

SCOPE = "playlist-read-private playlist-read-collaborative user-library-read"
_SSM = "ssm:"


class LoginStore(CacheHandler):  # type: ignore[misc]
    """What spotipy asks for the token and tells of every new one: Spotify may replace the refresh token each time."""

    def get_cached_token(self) -> dict[str, object] | None:
        """The token, or None when nobody has logged in.

        Raises:
            ProviderRefused: what is kept there is no token.
        """
        kept = self._read()
        if kept is None:
            return None
        try:
            token = json.loads(kept)
            return {
                "scope": SCOPE,
                "access_token": "",
                "expires_at": 0,
                **token,
                "refresh_token": token["refresh_token"],
            }
        except (ValueError, TypeError, KeyError):
            raise ProviderRefused(f"what {self} holds is no Spotify login", hint="Run `make spotify-login`.") from None

    def save_token_to_cache(self, token_info: Mapping[str, object]) -> None:
        """Replace the token."""
        names = ("access_token", "refresh_token", "expires_at", "scope")
        self._write(json.dumps({name: token_info[name] for name in names if name in token_info}))

    def _read(self) -> str | None:
        raise NotImplementedError

    def _write(self, text: str) -> None:
        raise NotImplementedError


class FileLoginStore(LoginStore):
    """In a file with mode 600, replaced in one step."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def _read(self) -> str | None:
        try:
            return self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def _write(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        new.replace(self._path)


class SsmLoginStore(LoginStore):
    """In an SSM parameter of type SecureString.

    Args:
        client: a boto3 SSM client.
        name: the parameter's name.
    """

    def __init__(self, client: "SSMClient", name: str) -> None:
        self._client = client
        self._name = name

    def __str__(self) -> str:
        return f"the SSM parameter {self._name}"

    def _read(self) -> str | None:
        found = self._client.get_parameters(Names=[self._name], WithDecryption=True)["Parameters"]
        return str(found[0]["Value"]) if found else None

    def _write(self, text: str) -> None:
        self._client.put_parameter(Name=self._name, Value=text, Type="SecureString", Overwrite=True)


def login_store(place: str) -> LoginStore:
    """The store at `place`: a path, or ``ssm:`` and the name of a parameter."""
    if place.startswith(_SSM):
        return SsmLoginStore(boto3.client("ssm"), place.removeprefix(_SSM))
    return FileLoginStore(Path(place).expanduser())
