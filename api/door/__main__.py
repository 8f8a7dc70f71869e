"""`python -m api.door`: the front door of a catalogue in shards, until SIGTERM (docs/scaling.md).

Settings: config/api.env.example, at its end. Every shard has been asked how it is before the port is open.
"""

import signal
import sys

import httpx

from api.door.app import Door
from api.door.fleet import Fleet
from api.door.replica import Replica
from api.door.replicas import Replicas
from api.service import Server
from config.door import DoorSettings
from earshot.errors import InvalidSettings
from earshot.shards import Shard
from earshot.telemetry import logger

_KEPT_S = 60.0
"""Less than shards keep an idle connection: who asks ends it."""
_MOST_CONNECTIONS = 512


def fleet_of(settings: DoorSettings, client: httpx.AsyncClient) -> Fleet:
    """The shards that `settings` name."""
    shards = []
    for number, addresses in enumerate(settings.shards):
        shard = Shard(number, len(settings.shards))
        replicas = [Replica(client, address, shard) for address in addresses]
        shards.append(Replicas(shard, replicas, timeout_s=settings.door_timeout_s, hedge_s=settings.door_hedge_s))
    return Fleet(shards, least_share=settings.door_least_share, check_every_s=settings.door_check_every_s)


def client_of(settings: DoorSettings) -> httpx.AsyncClient:
    """Connections to shards: no redirect is followed, no proxy of the environment used."""
    key = settings.shards_key.get_secret_value()
    return httpx.AsyncClient(
        headers={"X-Api-Key": key} if key else {},
        timeout=httpx.Timeout(settings.door_timeout_s),
        limits=httpx.Limits(
            max_connections=_MOST_CONNECTIONS, max_keepalive_connections=_MOST_CONNECTIONS, keepalive_expiry=_KEPT_S
        ),
        follow_redirects=False,
        trust_env=False,
    )


def main() -> int:
    """Serve."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # the first process of a container has no such default
    try:
        settings = DoorSettings.load()
    except InvalidSettings as error:
        sys.stderr.write(f"earshot: {error.message}\n{error.hint}\n")
        return 2
    client = client_of(settings)
    fleet = fleet_of(settings, client)
    server = Server(
        Door(fleet, client, stage=settings.stage, cache_max_age_s=settings.cache_max_age_s),
        fleet.check,
        str(settings.service_host),
        settings.service_port,
        drain_s=settings.service_drain_s,
        grace_s=settings.service_grace_s,
    )
    logger().info("serving", port=settings.service_port, stage=settings.stage, shards=len(settings.shards))
    server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
