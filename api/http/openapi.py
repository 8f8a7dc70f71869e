"""``python -m api.http.openapi > docs/openapi.json`` writes the copy of the document that a test compares."""

import sys

from api.http import document
from api.http.app import resolver


def document_text() -> str:
    """The document of this api, as it is committed."""
    return document.text_of(resolver())


if __name__ == "__main__":
    sys.stdout.write(document_text())
