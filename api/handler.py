"""Lambda entry point: HTTP API events, the index topic's news, and the clock that sweeps queries by sound.

On Lambda the index is opened while the container starts, so that its first request finds it open.
"""

import os
from collections.abc import Mapping, Sized
from typing import cast

from aws_lambda_powertools.utilities.typing import LambdaContext

from api.bootstrap import services
from api.http.app import respond
from api.http.events import HttpEvent, HttpReply
from api.start import SNAPSHOT, wake, warm_up
from earshot.telemetry import logger


def api(event: Mapping[str, object], context: LambdaContext) -> HttpReply | dict[str, object]:
    """Answer an HTTP request, look for the index version that SNS announces, or sweep when the clock says so."""
    if "Records" in event:
        logger().info("index published", messages=len(cast(Sized, event["Records"])))
        services().index.refresh()
        return {}
    if event.get("source") == "aws.events":
        logger().info("queries swept", objects=services().queries.sweep())
        return {}
    return respond(cast(HttpEvent, event), context, services())


if kind := os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE"):
    warm_up(kind, services)
    if kind == SNAPSHOT:
        from snapshot_restore_py import register_after_restore  # of Lambda's Python, nowhere else

        register_after_restore(lambda: wake(services()))
