"""The terminal of a person who runs a command."""

import os


def spare_the_terminal() -> None:
    """For the door of a command, before it imports any work: a person sees warnings and no metrics, unless they ask."""
    os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "WARNING")
    os.environ.setdefault("POWERTOOLS_METRICS_DISABLED", "true")
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "earshot")
