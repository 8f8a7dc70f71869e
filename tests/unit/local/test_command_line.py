"""What a person who types a command wrongly, or into the void, is told."""

import json
import os
import shlex
import subprocess
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from config.local import ROOT, LocalSettings
from earshot.errors import InvalidSettings
from local.__main__ import main as local_main
from ops.__main__ import main
from ops.connection import connect


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("AWS_", "EARSHOT_", "STAGE"))]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("EARSHOT_LOCAL_DIR", str(tmp_path))


@pytest.mark.parametrize(("name", "value"), [("PORT", "http"), ("EARSHOT_LOCAL_AWS_PORT", "0")])
def test_a_bad_setting_is_called_by_its_own_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert local_main(["up"]) == 1
    assert capsys.readouterr().err.startswith(f"error: {name}: ")


@pytest.mark.parametrize(
    "verb", [["crawl", "/music"], ["extract"], ["similar", "deezer:1"], ["repair"], ["redrive"], ["export", "x"]]
)
def test_without_a_stack_every_command_says_how_to_start_one(
    capsys: pytest.CaptureFixture[str], verb: list[str]
) -> None:
    assert main(verb) == 1
    assert "make up" in capsys.readouterr().err


def test_makefiles_are_told_the_folder_that_the_settings_name(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["where"]) == 0
    assert capsys.readouterr().out == f"{tmp_path}\n"


@pytest.mark.parametrize("verb", [["crawl", "/music"], ["extract"], ["repair"]])
def test_what_aws_refuses_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: list[str]
) -> None:
    monkeypatch.setenv("STAGE", "dev")
    monkeypatch.setenv("EARSHOT_API_URL", "https://api.example.org")
    assert main(verb) == 1
    assert capsys.readouterr().err.splitlines() == [
        "error: stage dev: You must specify a region.",
        "Check your AWS credentials and region.",
    ]


def test_a_file_that_is_not_there_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with mock_aws():
        boto3.client("ssm", region_name="eu-central-1").put_parameter(
            Name="/earshot/dev/tracks-table", Value="tracks", Type="String"
        )
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        assert main(["--stage", "dev", "import", str(tmp_path / "nothing.gz")]) == 1
    assert "nothing.gz" in capsys.readouterr().err


def test_a_stage_in_the_cloud_is_asked_where_its_api_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = LocalSettings(stage="dev")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        with pytest.raises(InvalidSettings, match="where does the API of stage dev answer"):
            connect(settings)
        output = {"HttpApiUrl": {"Value": "https://api.example.org"}}
        template = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}, "Outputs": output}
        boto3.client("cloudformation").create_stack(StackName="earshot-dev", TemplateBody=json.dumps(template))
        connection = connect(settings)
    assert connection.api.url == "https://api.example.org"
    told = settings.model_copy(update={"api_url_of_stage": "https://own.example.org"})
    assert connect(told).api.url == "https://own.example.org"


@pytest.mark.parametrize("name", ["/music/Ke$ha", "/music/Guns N' Roses", '/music/"Heroes"', "/music/`x` $(y) ", "-x"])
def test_make_hands_on_names_as_they_are(name: str) -> None:
    run = subprocess.run(
        ["make", "-n", "crawl", "similar", f"PLAYLIST={name}", f"TRACK={name}"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    commands = [shlex.split(line) for line in run.stdout.splitlines() if "-m ops" in line]
    assert [command[-1] for command in commands] == [name, name]
