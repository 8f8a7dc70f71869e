"""`python -m api`: the HTTP API from an index bucket, until SIGTERM. What the container image runs.

Settings: config/api.env.example. The index is open before the port is.
"""

import signal
import sys

from api.bootstrap import connected
from api.index_alone import index_alone
from api.service import Server, application, following
from api.start import open_index
from config.service import ServiceSettings
from earshot.errors import InvalidSettings
from earshot.telemetry import logger


def main() -> int:
    """Serve."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # the first process of a container has no such default
    try:
        settings = ServiceSettings.load()
    except InvalidSettings as error:
        sys.stderr.write(f"earshot: {error.message}\n{error.hint}\n")
        return 2
    services = connected(settings)
    if not settings.has_stores:
        services = index_alone(services)
    open_index(services)
    with following(services):
        server = Server(
            application(services),
            services.index.current,
            str(settings.service_host),
            settings.service_port,
            drain_s=settings.service_drain_s,
            grace_s=settings.service_grace_s,
        )
        logger().info("serving", port=settings.service_port, stage=settings.stage, alone=not settings.has_stores)
        server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
