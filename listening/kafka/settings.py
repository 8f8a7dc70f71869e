"""Settings of librdkafka in a file."""

from pathlib import Path

from earshot.errors import InvalidSettings


def settings_in(path: Path | None) -> dict[str, str]:
    """Settings of librdkafka in a file, one a line: ``sasl.username=me``. Secrets belong there.

    Raises:
        InvalidSettings: a line is none.
    """
    if path is None:
        return {}
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    settings = {}
    for number, line in enumerate(lines, 1):
        name, equals, value = line.partition("=")
        if line and not line.startswith("#"):
            if not equals:
                raise InvalidSettings(f"line {number} of {path} is no setting", hint="Write name=value.")
            settings[name.strip()] = value.strip()
    return settings
