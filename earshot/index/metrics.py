"""The numbers that alarms watch, written as CloudWatch embedded metrics."""

from aws_lambda_powertools.metrics import MetricUnit, single_metric

NAMESPACE = "Earshot"


def emit(name: str, value: float, unit: MetricUnit = MetricUnit.Count) -> None:
    """Write one value of the metric `name`, with the service as its dimension."""
    with single_metric(name=name, unit=unit, value=value, namespace=NAMESPACE):
        pass
