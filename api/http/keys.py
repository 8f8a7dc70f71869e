"""API keys: who may have work done that costs money, and how much. Only digests of the keys are configured."""

import hashlib
import hmac

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver, BaseRouter
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

from api.http.services import Rules, services_of
from earshot.errors import KeyRequired

_EVERYBODY = "everybody"


def is_let_in(app: BaseRouter) -> bool:
    """Whether who asks may see what others have had crawled: with a key, or where everybody may have work done."""
    return services_of(app).rules.is_open or _digest_of_key(app) is not None


def check_folder(app: BaseRouter, folder: str | None) -> None:
    """Refuse a filter by `folder` to who may not see where files lie: answers would tell which folders there are.

    Raises:
        KeyRequired: the key is missing or unknown.
    """
    if folder is not None and not is_let_in(app):
        raise KeyRequired("asking for a folder needs a valid API key")


def key_checked(app: ApiGatewayResolver, next_middleware: NextMiddleware) -> Response[object]:
    """Route middleware: the same of the key, but nothing is charged. For routes that our own processes ask.

    Raises:
        KeyRequired: the key is missing or unknown, or none has been made yet.
    """
    if not is_let_in(app):
        raise KeyRequired("this needs a valid API key")
    response: Response[object] = next_middleware(app)
    return response


def key_required(app: ApiGatewayResolver, next_middleware: NextMiddleware) -> Response[object]:
    """Route middleware: unless everybody may have work done, a key must be in X-Api-Key. Its quota is charged.

    Raises:
        KeyRequired: the key is missing or unknown, or none has been made yet.
        QuotaExceeded: it has had as much done as it may in an hour; where everybody may, all together have.
    """
    rules = services_of(app).rules
    caller = _EVERYBODY
    if not rules.is_open:
        digest = _digest_of_key(app)
        if digest is None:
            raise KeyRequired("this needs a valid API key")
        caller = digest
    if rules.quota_per_hour is not None:
        services_of(app).quotas.take(f"requests of {caller}", rules.quota_per_hour)
    response: Response[object] = next_middleware(app)
    return response


def digest_of(key: str) -> str:
    """What is kept of a key: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(key.encode()).hexdigest()


def is_known(rules: Rules, digest: str) -> bool:
    """Whether it is the digest of a key that this stage was given."""
    return any(hmac.compare_digest(digest, known.lower()) for known in rules.api_keys)


def _digest_of_key(app: BaseRouter) -> str | None:
    """The digest of the caller's key; None: there is none, or nobody knows it."""
    digest = digest_of(app.current_event.headers.get("x-api-key") or "")
    return digest if is_known(services_of(app).rules, digest) else None
