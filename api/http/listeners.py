"""Who listens: a key names its listener, and nobody without it may see, change or delete what is known of them."""

import re

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter

from api.http.keys import digest_of, is_known
from api.http.services import Rules, Services, services_of
from earshot.errors import KeyRequired
from earshot.plays import ListenerId, listener_of

_TOKEN = re.compile(r"Token +(\S.*)", re.IGNORECASE)
NO_KEY = ""
FOR_THE_LISTENER = {"Cache-Control": "private, no-store", "Vary": "Authorization, X-Api-Key"}
"""Headers of answers that are nobody else's."""
_EVERYBODY = "everybody"


def listener_of_request(router: BaseRouter) -> ListenerId:
    """The listener whose key came with the request: as `Authorization: Token <key>`, or in X-Api-Key.

    Raises:
        KeyRequired: the stage has keys and this is none of them; or there is none, on a stage that others share.
    """
    return listener_of_key(services_of(router).rules, key_of_request(router))


def key_of_request(router: BaseRouter) -> str:
    """The key that came with the request; empty: none."""
    headers = router.current_event.headers
    token = _TOKEN.fullmatch((headers.get("authorization") or "").strip())
    return token[1] if token else headers.get("x-api-key") or NO_KEY


def paying_listener(router: BaseRouter) -> ListenerId:
    """The same, of a request that has work done: it is charged to the key's quota, where quotas hold.

    Raises:
        KeyRequired
        QuotaExceeded: the key has had as much done as it may in an hour; where everybody may, all together have.
    """
    listener = listener_of_request(router)
    charge(services_of(router), listener)
    return listener


def charge(services: Services, listener: ListenerId) -> None:
    """Charge a request that has work done to its listener's quota, where quotas hold.

    Raises:
        QuotaExceeded
    """
    if services.rules.quota_per_hour is not None:
        who = _EVERYBODY if services.rules.is_open else listener
        services.quotas.take(f"requests of {who}", services.rules.quota_per_hour)


def listener_of_key(rules: Rules, key: str) -> ListenerId:
    """The listener of a key. Where everybody is let in any word is one; on one machine none is, too: the house's.

    Raises:
        KeyRequired
    """
    digest = digest_of(key)
    if not rules.is_open and not is_known(rules, digest):
        raise KeyRequired("plays need a valid API key")
    if key == NO_KEY and rules.stage != "local":
        raise KeyRequired("plays need a key: without one nobody knows whose they are", hint="Choose any long word.")
    return listener_of(digest)
