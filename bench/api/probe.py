"""Runs in a process of its own: `overhead`, `cold` and `first` print JSON.

`overhead`: the handler with an authentic event against the bare search for the same tracks, in turns.
`cold`: seconds from the start of the interpreter to the first answer.
`first`: seconds of the first request of its kind in a container that opened the index while it started, and the bytes
that it left behind.
"""

import json
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:  # what is imported here would be missing from a cold start
    from api.http.events import HttpEvent

QUERIES = 400
_WARM_UP = 20
K = 10


def event(path: str, parameters: dict[str, str]) -> "HttpEvent":
    """GET as API Gateway sends it."""
    from api.http.app import OWN_ROUTES

    return {
        "version": "2.0",
        "routeKey": own if (own := f"GET {path}") in OWN_ROUTES else "$default",
        "rawPath": path,
        "rawQueryString": urlencode(parameters),
        "queryStringParameters": parameters,
        "headers": {"host": "127.0.0.1", "accept": "application/json", "accept-encoding": "gzip"},
        "requestContext": {"http": {"method": "GET", "path": path}, "stage": "$default", "requestId": "1"},
        "isBase64Encoded": False,
    }


def similar(track_id: str) -> "HttpEvent":
    """GET /similar."""
    return event("/similar", {"track_id": track_id, "k": str(K)})


def overhead() -> dict[str, float]:
    """Milliseconds of the handler and of the bare search."""
    import numpy as np
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from api.answers.catalogue import whole
    from api.bootstrap import services
    from api.handler import api

    searcher = whole(services().index.current())
    segment, _ = searcher.segments[0]
    ids = [segment.track_id(row) for row in np.linspace(0, segment.rows - 1, QUERIES + _WARM_UP).astype(int).tolist()]
    bare, handled = [], []
    for number, track_id in enumerate(ids):
        vector = searcher.vector(track_id)
        assert vector is not None
        started = time.perf_counter()
        searcher.search(vector, K + 1)
        between = time.perf_counter()
        answer = api(similar(track_id), LambdaContext())
        ended = time.perf_counter()
        assert answer["statusCode"] == 200, answer["body"]
        if number >= _WARM_UP:
            bare.append(between - started)
            handled.append(ended - between)
    return {
        "search_p50_ms": float(np.median(bare)) * 1e3,
        "handler_p50_ms": float(np.median(handled)) * 1e3,
        "handler_p95_ms": float(np.percentile(handled, 95)) * 1e3,
        "tracks": searcher.size,
    }


def cold(started: float, track_id: str) -> dict[str, float]:
    """Seconds since `started` (time.time() of the parent, just before this process) until a track's neighbours."""
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from api.handler import api

    imported = time.time()
    answer = api(similar(track_id), LambdaContext())
    assert answer["statusCode"] == 200, answer["body"]
    return {"import_s": imported - started, "first_answer_s": time.time() - started}


def first(path: str, **parameters: str) -> dict[str, float]:
    """Seconds of the first request, megabytes more than before."""
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from api.handler import api
    from bench.memory import own_bytes

    assert api(event("/health", {}), LambdaContext())["statusCode"] == 200  # the routes are there
    before, cpu, started = own_bytes(), time.process_time(), time.perf_counter()
    answer = api(event(path, parameters), LambdaContext())
    spent = {"first_s": time.perf_counter() - started, "cpu_s": time.process_time() - cpu}
    assert answer["statusCode"] == 200, answer["body"]
    return {**spent, "mb": (own_bytes() - before) / 1e6}


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["overhead"]:
            result = overhead()
        case ["cold", since, of]:
            result = cold(float(since), of)
        case [_, where, *pairs]:
            result = first(where, **dict(pair.split("=", 1) for pair in pairs))
    sys.stdout.write(json.dumps(result))
