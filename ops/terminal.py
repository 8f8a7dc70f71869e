"""What every command does at its edge: lines that appear at once, and errors in words."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from config.local import LocalSettings
from earshot.errors import EarshotError, InvalidSettings, LocalStackError

Say = Callable[[str], None]
"""Prints a line for the user."""


def say(text: str) -> None:
    """A line on the terminal, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """A line on the terminal about what went wrong."""
    sys.stderr.write(f"{text}\n")


def in_words(command: Callable[[LocalSettings], int]) -> int:
    """The exit code of `command`; errors that people can mend become two lines."""
    try:
        return command(LocalSettings.load())
    except KeyboardInterrupt:
        return 130
    except EarshotError as error:
        complain(f"error: {error.message}\n{error.hint}".rstrip())
        return 1


@contextmanager
def aws_in_words(stage: str) -> Iterator[None]:
    """What AWS or the disk refuses, or the end of the stack in the middle of a command, is no defect of the command.

    Raises:
        LocalStackError: says what was refused.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # late: a refusal answers at once

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        hint = "See what runs: make status." if stage == "local" else "Check your AWS credentials and region."
        raise LocalStackError(f"stage {stage}: {error}", hint=hint) from None
    except OSError as error:
        raise LocalStackError(str(error)) from None


def only_local(settings: LocalSettings) -> None:
    """Refuse what makes sense on this machine alone.

    Raises:
        InvalidSettings: the settings name a stage in the cloud.
    """
    if settings.stage != "local":
        raise InvalidSettings(
            f"STAGE={settings.stage}: only the stage `local` runs on this machine", hint="Leave STAGE out."
        )
