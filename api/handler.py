"""Lambda entry point: HTTP API events, the index topic's news, and the clock that sweeps queries by sound."""

from typing import Any

from aws_lambda_powertools import Logger

from api.app import respond
from api.bootstrap import services

_logger = Logger(service="api")


def api(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer an HTTP request, look for the index version that SNS announces, or sweep when the clock says so."""
    if "Records" in event:
        _logger.info("index published", messages=len(event["Records"]))
        services().index.refresh()
        return {}
    if event.get("source") == "aws.events":
        _logger.info("queries swept", objects=services().queries.sweep())
        return {}
    return respond(event, context)
