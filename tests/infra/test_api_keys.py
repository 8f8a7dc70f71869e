"""The API keys of a deployment: a stage is closed until somebody opens it; a key is shown to nobody but its owner."""

from hashlib import sha256
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from scripts import api_keys
from scripts.api_keys import keys_of


class _Deployed:
    """A stage whose api function has these variables, or None where there is no such function."""

    region_name = "eu-central-1"

    def __init__(self, variables: dict[str, str] | None) -> None:
        self._lambda = boto3.client("lambda", region_name="eu-central-1")
        stubber = Stubber(self._lambda)
        if variables is None:
            stubber.add_client_error("get_function_configuration", "ResourceNotFoundException")
        else:
            stubber.add_response("get_function_configuration", {"Environment": {"Variables": variables}})
        stubber.activate()

    def client(self, _: str) -> Any:
        return self._lambda


_DIGEST = {"EARSHOT_API_KEYS": "ab" * 32}


@pytest.mark.parametrize("settings", [{}, {"EARSHOT_API_KEYS": ""}, {"EARSHOT_API_KEYS": "  "}])
def test_a_setting_that_was_forgotten_or_is_empty_leaves_the_keys_of_a_stage_as_they_are(
    settings: dict[str, str],
) -> None:
    assert keys_of(_Deployed(_DIGEST), "dev", settings) == (_DIGEST["EARSHOT_API_KEYS"], None)


def test_keys_are_replaced_and_an_api_is_opened_by_saying_so() -> None:
    assert keys_of(_Deployed(_DIGEST), "dev", {"EARSHOT_API_KEYS": "cd" * 32}) == ("cd" * 32, None)
    assert keys_of(_Deployed(_DIGEST), "dev", {"EARSHOT_API_KEYS": "open"}) == ("open", None)


@pytest.mark.parametrize("variables", [None, {}, {"EARSHOT_API_KEYS": ""}])
def test_a_stage_without_keys_gets_one_of_its_own(variables: dict[str, str] | None) -> None:
    value, key = keys_of(_Deployed(variables), "dev", {})
    assert key is not None
    assert len(key) >= 32
    assert value == sha256(key.encode()).hexdigest()
    assert keys_of(_Deployed(variables), "dev", {}) != (value, key)


@pytest.mark.parametrize(("settings", "status"), [({"CI": "true"}, 1), ({}, 0)])
def test_a_key_is_made_in_a_terminal_and_not_in_the_log_of_a_workflow(
    settings: dict[str, str],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(boto3, "Session", lambda: _Deployed(None))
    for name in ("CI", "EARSHOT_API_KEYS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert api_keys.main("dev") == status
    shown = capsys.readouterr()
    assert ("shown this once" in shown.err) == (status == 0)
    assert ("EARSHOT_API_KEYS to the SHA-256" in shown.err) == (status == 1)
