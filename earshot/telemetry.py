"""What the functions tell those who watch them: metrics, and log lines that can be followed from crawl to index.

Metrics are CloudWatch embedded metrics (a JSON line each, no request), in the namespace `Earshot` with the service as
their only dimension: every further one would be billed as a metric of its own. A reason travels as a property that
Logs Insights can count. Log lines about a track carry its id as `correlation_id`.
"""

import os
from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

NAMESPACE = "Earshot"


@cache
def logger() -> Logger:
    """The one logger of this process: a JSON line per entry, in the name of POWERTOOLS_SERVICE_NAME."""
    return Logger()


def emit(name: str, value: float = 1, unit: MetricUnit = MetricUnit.Count, *, reason: str | None = None) -> None:
    """Write one value of the metric `name`, unless POWERTOOLS_METRICS_DISABLED is `true`."""
    if os.environ.get("POWERTOOLS_METRICS_DISABLED") == "true":
        return
    with single_metric(name=name, unit=unit, value=value, namespace=NAMESPACE) as metric:
        if reason is not None:
            metric.add_metadata("reason", reason)
