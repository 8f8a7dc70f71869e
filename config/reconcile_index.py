"""Settings of the function `reconcile_index`."""

from config.queue_changes import QueueChangesSettings


class ReconcileIndexSettings(QueueChangesSettings):
    """Where it finds what failed, besides what `index_tracks` needs."""

    index_failed_queue_arn: str
    changes_dlq_arn: str
    compact_dlq_arn: str
