"""Lambda entry point: HTTP API events and the index topic's news."""

from typing import Any

from aws_lambda_powertools import Logger

from api.app import respond
from api.bootstrap import services

_logger = Logger(service="api")


def api(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer an HTTP request, or look for the index version that an SNS event announces."""
    if "Records" in event:
        _logger.info("index published", messages=len(event["Records"]))
        services().index.refresh()
        return {}
    return respond(event, context)
