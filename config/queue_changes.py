"""Settings of the function `queue_changes`."""

from config.base import FunctionSettings


class QueueChangesSettings(FunctionSettings):
    """Where it tells of changed tracks."""

    changes_queue_url: str
    """FIFO queue that wakes `index_tracks`."""
