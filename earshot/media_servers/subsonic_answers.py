"""OpenSubsonic, spoken as a server: one content as XML, JSON or JSONP.

Errors travel with status 200. In XML plain values are attributes, objects and lists are elements, and what is called
``value`` is the text of its element.
"""

import json
import re
from collections.abc import Mapping
from typing import NamedTuple
from xml.etree import ElementTree

XML, JSON, SCRIPT = "application/xml", "application/json", "application/javascript"
GENERIC, MISSING_PARAMETER, WRONG_PASSWORD, NOT_FOUND = 0, 10, 40, 70
"""Codes of errors."""
EXTENSION: Mapping[str, object] = {"name": "sonicSimilarity", "versions": [1]}
"""What Earshot adds to the protocol."""
_CALLBACK = re.compile(r"[A-Za-z_$][A-Za-z0-9_.$]{0,99}")


class Written(NamedTuple):
    """What goes out."""

    media_type: str
    text: str


def written(content: Mapping[str, object], asked: Mapping[str, str]) -> Written:
    """`content` of ``subsonic-response`` in the form that the request's parameters ask for (``f``, ``callback``)."""
    form, callback = asked.get("f", "xml"), asked.get("callback", "")
    if form == "jsonp" and _CALLBACK.fullmatch(callback):
        return Written(SCRIPT, f"{callback}({json.dumps({'subsonic-response': content})});")
    if form in ("json", "jsonp"):
        return Written(JSON, json.dumps({"subsonic-response": content}))
    root = _element("subsonic-response", content)
    root.set("xmlns", "http://subsonic.org/restapi")
    return Written(XML, ElementTree.tostring(root, encoding="unicode", xml_declaration=True))


def failure(code: int, message: str) -> dict[str, object]:
    """The part of a content that says what is wrong."""
    return {"status": "failed", "error": {"code": code, "message": message}}


def similarity(cosine: float) -> float:
    """What the protocol calls similarity: 1 is identical, 0 the most different."""
    return round((1 + cosine) / 2, 6)


def _element(name: str, content: Mapping[str, object]) -> ElementTree.Element:
    element = ElementTree.Element(name)
    for key, value in content.items():
        if isinstance(value, Mapping):
            element.append(_element(key, value))
        elif isinstance(value, list | tuple):
            element.extend(_element(key, item if isinstance(item, Mapping) else {"value": item}) for item in value)
        elif key == "value":
            element.text = _text(value)
        elif value is not None:
            element.set(key, _text(value))
    return element


def _text(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return "".join(c for c in text if c.isprintable() or c == " ")  # control characters have no place in XML
