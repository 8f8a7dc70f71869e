"""Requests that mean harm: sizes, encodings, injections, numbers that are none, paths that climb."""

import random
import string
from typing import Any
from urllib.parse import quote

_METHODS = {"GET": 60, "POST": 20, "PUT": 9, "DELETE": 3, "PATCH": 2, "OPTIONS": 2, "HEAD": 3, "X" * 40: 1}
_PATHS = (
    "/similar",
    "/search",
    "/path",
    "/extend",
    "/map",
    "/health",
    "/crawls",
    "/crawls/",
    "/queries",
    "/queries/",
    "/tracks/",
    "/page/",
    "/rest/getSonicSimilarTracks",
    "/rest/findSonicPath.view",
    "/rest/scrobble",
    "/listens",
    "/listens/now",
    "/listens/export",
    "/opinions/",
    "/1/submit-listens",
    "/1/validate-token",
    "/1/user/me/listens",
    "/1/latest-import",
    "/1/feedback/recording-feedback",
    "/openapi.json",
    "/",
    "//",
    "/..",
    "/%2e%2e/etc/passwd",
)
_NAMES = (
    "track_id",
    "track_ids",
    "k",
    "offset",
    "limit",
    "text",
    "tags",
    "from",
    "to",
    "steps",
    "exclude",
    "diversity",
    "min_similarity",
    "source",
    "max_per_artist",
    "id",
    "count",
    "f",
    "startSongId",
    "before",
    "max_ts",
    "min_ts",
    "time",
    "endSongId",
    "__proto__",
)
_NUMBERS = (b"1", b"-1", b"0", b"NaN", b"1e999", b"-Infinity", b'"x"', b"null", b"true", b"[]", b"1" * 5000)
_LISTENS = (
    b"1",
    b"[]",
    b'{"listened_at": 1e999, "track_metadata": {"track_name": "x", "artist_name": "y"}}',
    b'{"listened_at": 1443521965, "track_metadata": {"track_name": "\\ud800", "artist_name": "y"}}',
    b'{"listened_at": 1443521965, "track_metadata": {"track_name": "x", "artist_name": {"$ne": 1}}}',
    b'{"listened_at": 1443521965, "track_metadata": {"track_name": "x", "artist_name": "y", "additional_info": []}}',
)
_PLAYLISTS = (b"/etc/passwd", b"deezer:playlist:1", b"http://127.0.0.1/x.csv", b"\\u0000", b"x" * 3000)
_TYPES = (b"application/json", b"application/json", b"application/json;x=y", b"text/xml", b"\xff\xfe", b"")
_HEADERS = (b"if-none-match", b"x-api-key", b"cookie", b"range", b"accept-encoding", b"origin", b"x-forwarded-for")
_CHARACTERS = (0, 7, 10, 13, 34, 39, 60, 127, 0x301, 0x202E, 0x1F525, 0xFFFF)
_INJECTIONS = (
    "' OR '1'='1",
    '"; DROP TABLE tracks; --',
    "<script>alert(1)</script>",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "%s%s%n",
    "../../../etc/passwd",
    "file:///etc/passwd",
    "http://169.254.169.254/",
    "javascript:alert(1)",
    "(a+)+$",
    "a" * 600,
    "é" * 600,
)


def hostile_request(dice: random.Random, own_track: str) -> dict[str, Any]:
    path = dice.choice(_PATHS)
    if path.endswith("/") and len(path) > 1:
        path += quote(_text(dice), safe="") + dice.choice(("", "/audio"))
    pairs = [(dice.choice(_NAMES), _text(dice, own_track)) for _ in range(dice.randrange(6))]
    safe = "" if dice.random() < 0.8 else string.punctuation
    query = "&".join(f"{name}={quote(text, safe=safe)}" for name, text in pairs)
    body = b""
    method = dice.choices(tuple(_METHODS), tuple(_METHODS.values()))[0]
    if method in ("POST", "PUT"):
        body = _body(dice, own_track)
    headers = [(b"host", b"127.0.0.1")]
    if dice.random() < 0.8:
        headers.append((b"content-type", dice.choice(_TYPES)))
    if dice.random() < 0.2:
        headers.append((dice.choice(_HEADERS), _text(dice).encode("utf-8", "surrogatepass")[:4000]))
    return {"method": method, "path": path, "query": query, "body": body, "headers": headers}


def _text(dice: random.Random, own_track: str = "deezer:1000") -> str:
    return dice.choice(
        (
            lambda: own_track,
            lambda: f"deezer:{dice.randrange(1000, 1250)}",
            lambda: ",".join(f"deezer:{dice.randrange(1000, 1250)}" for _ in range(dice.randrange(1, 40))),
            lambda: str(dice.choice((-1, 0, 1, 5, 100, 101, 2**31, 2**63, 10**400))),
            lambda: dice.choice(("nan", "inf", "-inf", "1e309", "0x10", "1_0", "٣", "true", "null", "[]", "{}", "")),
            lambda: "".join(chr(dice.choice(_CHARACTERS)) for _ in range(9)),
            lambda: dice.choice(_INJECTIONS),
            lambda: "".join(dice.choices(string.printable, k=dice.randrange(60))),
            lambda: "x" * dice.choice((512, 513, 8000)),
        )
    )()


def _body(dice: random.Random, own_track: str) -> bytes:
    return dice.choice(
        (
            lambda: b'{"seeds": [{"track_id": "%s", "weight": %s}]}' % (own_track.encode(), dice.choice(_NUMBERS)),
            lambda: b'{"track_ids": ["deezer:1000"], "k": %s}' % dice.choice(_NUMBERS),
            lambda: b'{"playlist": "%s"}' % dice.choice(_PLAYLISTS),
            lambda: b'{"listens": [{"track_id": "deezer:1", "listened_at": %s}]}' % dice.choice(_NUMBERS),
            lambda: b'{"listen_type": "single", "payload": [%s]}' % dice.choice(_LISTENS),
            lambda: b'{"recording_mbid": %s, "score": %s}' % (dice.choice(_NUMBERS), dice.choice(_NUMBERS)),
            lambda: b"[" * dice.choice((10, 1000, 60_000)),
            lambda: b'{"seeds": ' + b'[{"track_id": "deezer:1000"},' * 400,
            lambda: dice.randbytes(dice.randrange(200)),
            lambda: b'"\\ud800"',
            lambda: b"x" * 70_000,
            lambda: b"",
            lambda: b'{"__proto__": 1, "seeds": [{"track_id": {"$ne": 1}}]}',
        )
    )()
