"""Settings of every function that takes messages of a queue."""

from pydantic import Field

from config.base import FunctionSettings


class DeliverySettings(FunctionSettings):
    """How patient the function is. Set by serverless.yml, from infra/queues.json."""

    max_tries: int = Field(ge=1)
    """Deliveries after which a message is given up: the receives of the queue."""
