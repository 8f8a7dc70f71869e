"""What a person who types a command wrongly, or into the void, is told."""

import shlex
import subprocess
from pathlib import Path

import pytest

from config.local import ROOT
from local.__main__ import main


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("STAGE", "EARSHOT_STAGE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("EARSHOT_LOCAL_DIR", str(tmp_path))


@pytest.mark.parametrize(("name", "value"), [("PORT", "http"), ("EARSHOT_LOCAL_AWS_PORT", "0")])
def test_a_bad_setting_is_called_by_its_own_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert main(["up"]) == 1
    assert capsys.readouterr().err.startswith(f"error: {name}: ")


@pytest.mark.parametrize("verb", [["crawl", "/music"], ["extract"], ["similar", "deezer:1"], ["repair"]])
def test_without_a_stack_every_command_says_how_to_start_one(
    capsys: pytest.CaptureFixture[str], verb: list[str]
) -> None:
    assert main(verb) == 1
    assert "make up" in capsys.readouterr().err


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


@pytest.mark.parametrize("name", ["/music/Ke$ha", "/music/Guns N' Roses", '/music/"Heroes"', "/music/`x` $(y) ", "-x"])
def test_make_hands_on_names_as_they_are(name: str) -> None:
    run = subprocess.run(
        ["make", "-n", "crawl", "similar", f"PLAYLIST={name}", f"TRACK={name}"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    commands = [shlex.split(line) for line in run.stdout.splitlines() if "-m local" in line]
    assert [command[-1] for command in commands] == [name, name]
