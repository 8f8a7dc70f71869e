"""What every command does at its edge: lines that appear at once, and errors in words."""

import sys
from collections.abc import Callable

from config.local import LocalSettings
from earshot.errors import EarshotError, InvalidSettings

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


def only_local(settings: LocalSettings) -> None:
    """Refuse what makes sense on this machine alone.

    Raises:
        InvalidSettings: the settings name a stage in the cloud.
    """
    if settings.stage != "local":
        raise InvalidSettings(
            f"STAGE={settings.stage}: only the stage `local` runs on this machine", hint="Leave STAGE out."
        )
