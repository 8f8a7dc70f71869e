"""API keys: who may have work done that costs money. Only digests of the keys are configured."""

import hashlib
import hmac

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

from api.http.services import services_of
from earshot.errors import KeyRequired


def key_required(app: ApiGatewayResolver, next_middleware: NextMiddleware) -> Response[object]:
    """Route middleware: unless everybody may have work done, a key must be in X-Api-Key.

    Raises:
        KeyRequired: the key is missing or unknown, or none has been made yet.
    """
    rules = services_of(app).rules
    if not rules.is_open:
        digest = hashlib.sha256((app.current_event.headers.get("x-api-key") or "").encode()).hexdigest()
        if not any(hmac.compare_digest(digest, known.lower()) for known in rules.api_keys):
            raise KeyRequired("this needs a valid API key")
    response: Response[object] = next_middleware(app)
    return response
