"""Secrets reach a function through SSM, and infra/ makes a place for every one of them."""

import re

import boto3
import pytest
from moto import mock_aws
from pydantic import SecretStr

from config.base import FunctionSettings
from config.crawler import CrawlerSettings
from config.learn_facts import LearnFactsSettings
from config.secrets import PATH_VARIABLE, UNSET, is_secret
from tests.infra import terraform


class _Settings(FunctionSettings):
    token: SecretStr = SecretStr("")
    colour: str = "grey"


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv(PATH_VARIABLE, "/earshot/dev/secrets")


def _store(**values: str) -> None:
    for name, value in values.items():
        boto3.client("ssm").put_parameter(Name=f"/earshot/dev/secrets/{name}", Value=value, Type="SecureString")


@mock_aws
def test_a_secret_comes_decrypted_from_its_parameter_and_is_never_printed() -> None:
    _store(token="hush", colour="red")
    settings = _Settings.load()
    assert settings.token.get_secret_value() == "hush"
    assert settings.colour == "grey", "only secrets are looked up"
    assert "hush" not in repr(settings)


@mock_aws
def test_the_environment_wins_over_the_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    _store(token="hush")
    monkeypatch.setenv("EARSHOT_TOKEN", "own")
    assert _Settings.load().token.get_secret_value() == "own"


@mock_aws
def test_a_parameter_that_is_unset_or_missing_leaves_the_default() -> None:
    assert _Settings.load().token.get_secret_value() == ""
    _store(token=UNSET)
    assert _Settings.load().token.get_secret_value() == ""


def test_without_a_path_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PATH_VARIABLE)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")  # where a request would fail
    assert _Settings.load().token.get_secret_value() == ""


def test_infra_makes_a_parameter_for_every_secret() -> None:
    listing = re.search(r"^  secrets = \[(.*?)\]", (terraform.INFRA / "contract.tf").read_text(), re.M | re.S)
    assert listing
    settings = (CrawlerSettings, LearnFactsSettings)
    secrets = {name for one in settings for name, field in one.model_fields.items() if is_secret(field)}
    assert set(re.findall(r'"(\w+)"', listing[1])) == secrets
