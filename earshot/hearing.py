"""Who decodes, by version: what could not be heard once cannot be heard until this changes."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version

EDITION = 1
"""Raised with every change of what our own code takes for audio, for silence, or for too short."""
_DECODERS = ("av", "soundfile")


@cache
def hearing_version() -> str:
    """Our own edition and the versions of the decoders, as ``1 av-14.0.0 soundfile-0.13.1``."""
    return " ".join((str(EDITION), *(f"{name}-{_version(name)}" for name in _DECODERS)))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # in the cloud, where other functions decode
        return "none"
