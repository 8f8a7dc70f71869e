"""What libraries write into a function's log."""

import logging
import sys

from earshot.telemetry import logger


def warnings_as_json() -> None:
    """From here on, what libraries warn of becomes a JSON line, like the function's own entries."""
    handler = logging.StreamHandler(sys.stdout)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])  # first: the logger then keeps its own entries out
    handler.setFormatter(logger().registered_formatter)
    logging.captureWarnings(True)
