"""Lambda entry point: HTTP API events, the index topic's news, and the clock that sweeps queries by sound."""

from collections.abc import Mapping, Sized
from typing import cast

from aws_lambda_powertools.utilities.typing import LambdaContext

from api.bootstrap import services
from api.http.app import respond
from api.http.events import HttpEvent, HttpReply
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
