"""API keys: who may have work done that costs money. Only digests of the keys are configured."""

import hashlib
import hmac

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

from api.http.services import services_of
from earshot.errors import KeyRequired


def key_required(app: ApiGatewayResolver, next_middleware: NextMiddleware) -> Response[object]:
    """Route middleware: where keys are configured, one of them must be in X-Api-Key.

    Raises:
        KeyRequired: the key is missing or unknown.
    """
    allowed = services_of(app).rules.api_keys
    if allowed:
        digest = hashlib.sha256((app.current_event.headers.get("x-api-key") or "").encode()).hexdigest()
        if not any(hmac.compare_digest(digest, known.lower()) for known in allowed):
            raise KeyRequired("this needs a valid API key")
    response: Response[object] = next_middleware(app)
    return response
