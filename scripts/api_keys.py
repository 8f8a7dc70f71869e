"""The keys of a stage's API for a deployment: `python -m scripts.api_keys dev` prints what EARSHOT_API_KEYS is to be.

A stage is closed unless somebody says otherwise: where neither the environment nor the deployed stage has keys, one is
made, and shown here once.
"""

import hashlib
import os
import secrets
import sys
from collections.abc import Mapping

import boto3

from ops.aws import Session

_SETTING = "EARSHOT_API_KEYS"


def keys_of(session: Session, stage: str, settings: Mapping[str, str]) -> tuple[str, str | None]:
    """What `EARSHOT_API_KEYS` is to be, and the key that was made for it, if one was.

    What `settings` say, else what the deployed stage has. An empty value is as good as none: workflows set those.
    """
    if given := settings.get(_SETTING, "").strip():
        return given, None
    functions = session.client("lambda")
    try:
        deployed = functions.get_function_configuration(FunctionName=f"earshot-{stage}-api")
    except functions.exceptions.ResourceNotFoundException:
        kept = ""
    else:
        kept = deployed.get("Environment", {}).get("Variables", {}).get(_SETTING, "")
    if kept:
        return kept, None
    key = secrets.token_urlsafe(24)
    return hashlib.sha256(key.encode()).hexdigest(), key


def main(stage: str) -> int:
    """Print the value; a key that was made goes to stderr."""
    value, made = keys_of(boto3.Session(), stage, os.environ)
    if made and os.environ.get("CI"):  # whose log others read, and keep
        print(
            f"error: stage {stage} has no API key yet, and a log is no place for one\n"
            "Set the variable EARSHOT_API_KEYS to the SHA-256 of a key of your own, or to the word open.",
            file=sys.stderr,
        )
        return 1
    if made:
        print(
            f"The API key of stage {stage}, shown this once: {made}\n"
            "Who sends it as X-Api-Key may have work done that costs money. EARSHOT_API_KEYS=open lets everybody.",
            file=sys.stderr,
        )
    elif value == "open":
        print(f"The API of stage {stage} is open: everybody may have work done that costs money.", file=sys.stderr)
    print(value)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
