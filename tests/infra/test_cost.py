"""The price of a catalogue: targets, and that the page says what the script computes."""

import re

import pytest
import yaml

from annoy_service.reconcile import EVERY_S, SLICES
from scripts import cost
from tests.infra import terraform


def test_a_million_tracks_cost_no_more_than_twenty_five_dollars_once() -> None:
    assert cost.total(cost.embedding(1_000_000), free_tier=True) <= 25


def test_a_hundred_thousand_tracks_cost_less_than_two_dollars_a_month_when_nobody_asks_or_plays() -> None:
    assert cost.total(cost.month(100_000, 0), free_tier=True) < 1.75


def test_the_page_says_what_a_million_plays_cost() -> None:
    listed, free = (cost.total(cost.listening(1_000_000), free_tier=free) for free in (False, True))
    text = (terraform.ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
    assert f"A million plays, taken in one by one, cost {listed:.2f} USD at list price" in text
    assert f"and {free:.2f} after a free tier that nothing else uses" in text
    functions = yaml.safe_load((terraform.ROOT / "serverless.yml").read_text(encoding="utf-8"))["functions"]
    assert functions["keep_plays"]["events"] == [{"schedule": {"rate": f"rate({30 * 24 // cost.KEEP_RUNS} hours)"}}]
    assert functions["record_plays"]["memorySize"] / 1024 == cost.PLAY_GB
    assert functions["keep_plays"]["memorySize"] / 1024 == cost.KEEP_GB


def test_the_bill_counts_every_queue_that_lambda_looks_into() -> None:
    document = yaml.safe_load((terraform.ROOT / "serverless.yml").read_text(encoding="utf-8"))
    triggers = [
        event["sqs"] for function in document["functions"].values() for event in function["events"] if "sqs" in event
    ]
    limited = sum("maximumConcurrency" in trigger for trigger in triggers)
    assert cost.polls() == (2 * len(triggers) + 3 * limited) * 30 * 24 * 3600 / 20


def test_the_bill_counts_the_runs_of_reconcile() -> None:
    functions = yaml.safe_load((terraform.ROOT / "serverless.yml").read_text(encoding="utf-8"))["functions"]
    rates = [event["schedule"]["rate"] for event in functions["reconcile"]["events"]]
    assert rates == ["rate(15 minutes)", "rate(1 day)"]
    assert functions["reconcile"]["memorySize"] / 1024 == cost.RECONCILE_GB
    assert functions["reconcile_index"]["events"] == [
        {"schedule": {"rate": f"rate({30 * 24 // cost.COMPARE_RUNS} hours)"}}
    ]
    assert cost.COMPARED == 30 * 24 * 3600 / (SLICES * EVERY_S)
    assert functions["reconcile_index"]["memorySize"] / 1024 == cost.COMPARE_GB


def test_no_service_costs_less_than_nothing_after_the_free_tier() -> None:
    assert cost.total(cost.month(0, 0), free_tier=True) >= 0
    assert cost.total(cost.embedding(1), free_tier=True) >= 0


@pytest.mark.parametrize("free_tier", [True, False])
def test_more_tracks_and_more_queries_never_cost_less(free_tier: bool) -> None:
    sizes = [0, 1_000, 100_000, 10_000_000]
    once = [cost.total(cost.embedding(size), free_tier=free_tier) for size in sizes]
    monthly = [cost.total(cost.month(size, size), free_tier=free_tier) for size in sizes]
    assert once == sorted(once)
    assert monthly == sorted(monthly)


def test_every_part_of_the_free_tier_belongs_to_a_line_of_the_bill() -> None:
    services = {line.service for line in [*cost.embedding(1), *cost.month(1, 1)]}
    assert set(cost.FREE) <= services


def test_the_bill_counts_the_alarms_and_sweeps_that_a_stage_has() -> None:
    standing = [alarm for alarm in terraform.alarms().values() if not alarm.is_attended]
    assert sum(len(alarm.metrics) for alarm in standing) + 1 == cost.ALARMS  # and the one in serverless.resources.yml
    resources = yaml.safe_load((terraform.ROOT / "serverless.resources.yml").read_text(encoding="utf-8"))["Resources"]
    minutes = cost.SWEEP_EVERY_S / 60
    assert resources["SweepQueries"]["Properties"]["ScheduleExpression"] == f"rate({minutes:.0f} minutes)"


def test_the_page_says_what_it_costs_that_somebody_is_written_to() -> None:
    metrics = sum(len(alarm.metrics) for alarm in terraform.alarms().values() if alarm.is_attended)
    text = (terraform.ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
    assert f"`alarm_email` adds {metrics * cost.ALARM_MONTH:.2f} USD a month" in text


def test_the_page_shows_what_the_script_computes() -> None:
    text = (terraform.ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
    shown = re.findall(
        r"^\| ([\d,]+) \| (.+) \|$", text.split("<!-- cost:begin -->")[1].split("<!-- cost:end")[0], re.M
    )
    assert [size for size, _ in shown] == ["10,000", "100,000", "1,000,000", "10,000,000"]
    for size, row in shown:
        tracks = int(size.replace(",", ""))
        once, monthly = cost.embedding(tracks), cost.month(tracks, 1_000_000)
        sums = [cost.total(lines, free_tier=free) for lines in (once, monthly) for free in (False, True)]
        assert row == " | ".join([*(f"{usd:.2f}" for usd in sums), f"{cost.index_gb(tracks):.2f} GB"])


def test_the_page_says_what_standing_still_costs() -> None:
    free, listed = (cost.total(cost.month(100_000, 0), free_tier=free) for free in (True, False))
    text = (terraform.ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
    assert f"100,000 tracks cost {free:.2f} USD a month after the free tier and {listed:.2f} USD at list price" in text
