"""What Earshot costs on AWS: `make cost TRACKS=1000000 QUERIES=1000000`.

Prices are list prices of one region at one date; quantities follow from what one track and one query do, each with its
source beside it. Nothing is asked of AWS. `docs/cost.md` holds the comparison and what to switch at each step.
"""

import argparse
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from batch.submitting import GB_HOUR_USD, VCPU_HOUR_USD

ROOT = Path(__file__).resolve().parents[1]
PRICES_OF = "eu-central-1, list prices as of 2026-01; check them before you rely on them"
MONTH_S = 30 * 24 * 3600
_GB = 1e9

# USD per unit.
LAMBDA_GB_S = 0.0000133334  # arm64
LAMBDA_REQUEST = 0.20 / 1e6
DYNAMODB_WRITE_UNIT = 0.7625 / 1e6
DYNAMODB_READ_UNIT = 0.1525 / 1e6
DYNAMODB_GB_MONTH = 0.306
DYNAMODB_PITR_GB_MONTH = 0.2448
S3_PUT = 0.0054 / 1e3
S3_GET = 0.00043 / 1e3
S3_GB_MONTH = 0.0245
SQS_REQUEST = 0.40 / 1e6
HTTP_API_REQUEST = 1.20 / 1e6
LOGS_GB = 0.63
METRIC_MONTH = 0.30
ALARM_MONTH = 0.10
TRAFFIC_OUT_GB = 0.09
TRACE = 5.0 / 1e6
SNS_PUBLISH = 0.50 / 1e6

# Granted every month without end, per account.
FREE = {
    "Lambda": 400_000 * LAMBDA_GB_S + 1e6 * LAMBDA_REQUEST,
    "SQS": 1e6 * SQS_REQUEST,
    "DynamoDB storage": 25 * DYNAMODB_GB_MONTH,
    "Alarms": 10 * ALARM_MONTH,
    "Metrics": 10 * METRIC_MONTH,
    "Logs": 5 * LOGS_GB,
    "Traffic out": 100 * TRAFFIC_OUT_GB,
    "X-Ray": 100_000 * TRACE,
}

# One track, from the playlist to the index.
EXTRACT_S = 0.15
"""36 to 51 ms of one core measured per clip, twice that on Lambda's vCPU, 50 ms of S3 and DynamoDB."""
EXTRACT_GB = 1769 / 1024
FETCH_S = 0.4  # one search at a provider and one download of 480 kB
FETCH_GB = 256 / 1024
TRACK_WRITE_UNITS = 1 + 4 + 1 + 2 + 0.2
"""Registered (1 KB), embedded (3.4 KB), entry of the crawl, lease taken and returned, rate limits."""
TRACK_READ_UNITS = 3.0
TRACK_S3_PUTS, TRACK_S3_GETS = 1.0, 2.0
TRACK_SQS_REQUESTS = 2.1 + 1.5  # sent in tens, fetched one by one; S3's own message, then in fours to extract
TRACK_LOG_BYTES = 1500.0
TRACK_TABLE_BYTES = 3600.0
TRACK_INDEX_BYTES = 2496 + 256 + 150 + 800.0  # raw and transformed vectors, description, tree
SAMPLED = 0.05  # of all requests are traced

# One batch of the index. Tracks come as fast as they are fetched, and the builder takes what a second or two bring.
INDEX_BATCH_TRACKS = 10
INDEX_BATCH_PUTS, INDEX_BATCH_GETS = 9, 3
"""A delta's files, the manifest, the pointer; the pointer and the manifest before. A test counts."""
INDEX_BATCH_S, INDEX_GB = 1.0, 1769 / 1024
INDEX_BATCH_REQUESTS = 3  # a run of queue_changes, one of the builder, one of the api that hears of it
INDEX_BATCH_SQS = 3  # told, received, removed
WAKING_S, WAKING_GETS = 0.3, 8  # of the api: it downloads the delta

# One query.
QUERY_S, QUERY_GB = 0.015, 1.0
QUERY_LOG_BYTES = 700.0
QUERY_ANSWER_BYTES = 4000.0
QUERY_READ_UNITS = 0.1

# One play, sent on its own: the request that takes it in is a query's. A test holds sizes and schedules.
PLAYS_AT_A_TIME = 10
"""That one run of record_plays keeps, where a few hundred listen; 100 at most."""
PLAY_RUN_S, PLAY_GB = 0.3, 1769 / 1024
PLAY_WRITE_UNITS = 1.0
PLAY_READ_UNITS = 4.0  # twice who asked to be forgotten; names of a song that was not asked for lately, and its track
PLAY_SQS_REQUESTS = 1 + 2 / PLAYS_AT_A_TIME  # sent, received and removed
PLAY_LAKE_BYTES = 30.0  # bench.listening.lake
PLAY_ROW_BYTES = 500.0
RECENT_MONTHS = 3
KEEP_RUNS, KEEP_S, KEEP_GB = 4 * 30, 30.0, 3008 / 1024

# One track of a job in bulk on EMR Serverless (docs/batch.md): keys to embeddings in Parquet, and these to an index.
BULK_CLIP_S = 0.09
"""62 to 66 ms of one core measured per clip, half as much again on a vCPU of ARM."""
BULK_INDEX_S = 0.0012  # 73 s of CPU for 60,000 rows
BULK_GB_PER_VCPU = 2.0
BULK_VCPUS, BULK_DRIVER_VCPUS = 32, 2
BULK_GETS = 1.0
BULK_CLIPS_A_PART, BULK_PART_REQUESTS = 500, 2  # looked for, then written

# Standing still.
ALARMS = 13
METRICS = 12  # written while a crawl runs
POLL_S = 20.0
POLLERS, POLLERS_WITH_A_LIMIT = 2, 5
"""Lambda keeps long polls of 20 s open on every queue it reads, five; as few as two when it is quiet, but not where a
maximum concurrency is set: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""
RECONCILE_RUNS, RECONCILE_S, RECONCILE_GB, RECONCILE_SQS = 4 * 24 * 30, 1.0, 0.5, 10
"""A month: every quarter of an hour, it looks for dead letters in five queues."""
COMPARED, COMPARE_RUNS, COMPARE_S, COMPARE_GB = 30 / 7, 4 * 30, 3.0, 1769 / 1024
"""A month: how often all tracks are compared with the index, in how many runs of reconcile_index."""
SWEEP_EVERY_S, SWEEP_LISTS = 600.0, 2
"""Queries by sound that are over are looked for on a schedule; S3 bills a LIST like a PUT."""


@cache
def polls() -> float:
    """Requests of a month with which Lambda looks into the queues that serverless.yml has it read."""
    document = yaml.safe_load((ROOT / "serverless.yml").read_text(encoding="utf-8"))
    triggers = [
        event["sqs"] for function in document["functions"].values() for event in function["events"] if "sqs" in event
    ]
    pollers = sum(POLLERS_WITH_A_LIMIT if "maximumConcurrency" in trigger else POLLERS for trigger in triggers)
    return pollers * MONTH_S / POLL_S


@dataclass(frozen=True, slots=True)
class Line:
    """USD for one service."""

    service: str
    usd: float


def embedding(tracks: int) -> list[Line]:
    """Crawling, extracting and indexing `tracks` once, at list price."""
    batches = tracks / INDEX_BATCH_TRACKS
    indexing = batches * (INDEX_BATCH_S * INDEX_GB + WAKING_S * QUERY_GB)
    compute = tracks * (EXTRACT_S * EXTRACT_GB + FETCH_S * FETCH_GB) + indexing + compaction_gb_s(tracks)
    requests = tracks * (1 / 4 + 1) + batches * INDEX_BATCH_REQUESTS
    puts = tracks * TRACK_S3_PUTS + batches * INDEX_BATCH_PUTS
    gets = tracks * TRACK_S3_GETS + batches * (INDEX_BATCH_GETS + WAKING_GETS)
    return [
        Line("Lambda", compute * LAMBDA_GB_S + requests * LAMBDA_REQUEST),
        Line("DynamoDB", tracks * (TRACK_WRITE_UNITS * DYNAMODB_WRITE_UNIT + TRACK_READ_UNITS * DYNAMODB_READ_UNIT)),
        Line("S3", puts * S3_PUT + gets * S3_GET),
        Line("SQS", (tracks * TRACK_SQS_REQUESTS + batches * INDEX_BATCH_SQS) * SQS_REQUEST),
        Line("Logs", tracks * TRACK_LOG_BYTES / _GB * LOGS_GB),
        Line("SNS", batches * SNS_PUBLISH),
        Line("Metrics", METRICS * METRIC_MONTH if tracks else 0.0),
        Line("X-Ray", requests * SAMPLED * TRACE),
    ]


def compaction_gb_s(tracks: int) -> float:
    """Of all compactions while a catalogue grows: one per 5 % or 50,000, each 60 s and 3 GB per million tracks."""
    total, size = 0.0, 1_000.0
    while size < tracks:
        total += 60 * size / 1e6 * 3
        size += min(max(0.05 * size, 500.0), 50_000.0)
    return total


def in_bulk(tracks: int) -> list[Line]:
    """Once, from clips in a bucket to an index, by jobs in bulk, at list price. The table is not written."""
    vcpu_hours = tracks * (BULK_CLIP_S + BULK_INDEX_S) / 3600 * (1 + BULK_DRIVER_VCPUS / BULK_VCPUS)
    parts = tracks / BULK_CLIPS_A_PART
    return [
        Line("EMR Serverless", vcpu_hours * (VCPU_HOUR_USD + BULK_GB_PER_VCPU * GB_HOUR_USD)),
        Line("S3", tracks * BULK_GETS * S3_GET + parts * BULK_PART_REQUESTS * S3_PUT),
    ]


def month(tracks: int, queries: int) -> list[Line]:
    """A month of keeping `tracks` and answering `queries`, at list price; nothing new is crawled."""
    table_gb, index_gb = tracks * TRACK_TABLE_BYTES / _GB, tracks * TRACK_INDEX_BYTES / _GB
    scanned = 30 * tracks * TRACK_TABLE_BYTES / 4096 / 2  # once a day by reconcile, eventually consistent
    scanned += COMPARED * tracks * (TRACK_TABLE_BYTES / 4096 + 1 / 2)  # consistent, and the index's tracks one by one
    reconcile = RECONCILE_RUNS * (RECONCILE_S * RECONCILE_GB * LAMBDA_GB_S + LAMBDA_REQUEST)
    reconcile += COMPARE_RUNS * (COMPARE_S * COMPARE_GB * LAMBDA_GB_S + LAMBDA_REQUEST)
    return [
        Line("Lambda", queries * (QUERY_S * QUERY_GB * LAMBDA_GB_S + LAMBDA_REQUEST) + reconcile),
        Line("HTTP API", queries * HTTP_API_REQUEST),
        Line(
            "DynamoDB",
            (queries * QUERY_READ_UNITS + scanned) * DYNAMODB_READ_UNIT + table_gb * DYNAMODB_PITR_GB_MONTH,
        ),
        Line("DynamoDB storage", table_gb * DYNAMODB_GB_MONTH),
        # Old versions of a week are among what is stored.
        Line("S3", index_gb * 1.5 * S3_GB_MONTH + MONTH_S / SWEEP_EVERY_S * SWEEP_LISTS * S3_PUT),
        Line("SQS", (polls() + RECONCILE_RUNS * RECONCILE_SQS) * SQS_REQUEST),
        Line("Alarms", ALARMS * ALARM_MONTH),
        Line("Logs", queries * QUERY_LOG_BYTES / _GB * LOGS_GB),
        Line("X-Ray", queries * SAMPLED * TRACE),
        Line("Traffic out", queries * QUERY_ANSWER_BYTES / _GB * TRAFFIC_OUT_GB),
    ]


def listening(plays: int) -> list[Line]:
    """A month in which `plays` are taken in one by one and kept, at list price; those of a year are there."""
    runs = plays / PLAYS_AT_A_TIME
    compute = plays * QUERY_S * QUERY_GB + runs * PLAY_RUN_S * PLAY_GB + KEEP_RUNS * KEEP_S * KEEP_GB
    units = PLAY_WRITE_UNITS * DYNAMODB_WRITE_UNIT + PLAY_READ_UNITS * DYNAMODB_READ_UNIT
    return [
        Line("Lambda", compute * LAMBDA_GB_S + (plays + runs + KEEP_RUNS) * LAMBDA_REQUEST),
        Line("HTTP API", plays * HTTP_API_REQUEST),
        Line("SQS", plays * PLAY_SQS_REQUESTS * SQS_REQUEST),
        Line("DynamoDB", plays * units),
        Line("DynamoDB storage", RECENT_MONTHS * plays * PLAY_ROW_BYTES / _GB * DYNAMODB_GB_MONTH),
        # Each part is written once, and read and removed once, when its day is merged; a day is read again by each run.
        Line("S3", runs * (S3_PUT + S3_GET) + 12 * plays * PLAY_LAKE_BYTES / _GB * S3_GB_MONTH),
        Line("Logs", plays * QUERY_LOG_BYTES / _GB * LOGS_GB),
        Line("X-Ray", (plays + runs) * SAMPLED * TRACE),
    ]


def total(lines: Iterable[Line], *, free_tier: bool) -> float:
    """USD in all, with or without what AWS grants every account every month."""
    return sum(max(0.0, line.usd - (FREE.get(line.service, 0.0) if free_tier else 0.0)) for line in lines)


def index_gb(tracks: int) -> float:
    """What an API container downloads into /tmp and maps: transformed vectors, descriptions and tree."""
    return tracks * (256 + 150 + 800) / _GB


def table(lines: list[Line]) -> str:
    """Two columns of dollars."""
    rows = [f"{'':18}{'list price':>12}{'after free tier':>17}"]
    rows += [
        f"{line.service:18}{line.usd:12.2f}{max(0.0, line.usd - FREE.get(line.service, 0.0)):17.2f}" for line in lines
    ]
    rows.append(f"{'USD':18}{total(lines, free_tier=False):12.2f}{total(lines, free_tier=True):17.2f}")
    return "\n".join(rows)


def main() -> int:
    """Print the bill."""
    parser = argparse.ArgumentParser(description="What a catalogue costs on AWS.")
    parser.add_argument("--tracks", type=float, default=100_000)
    parser.add_argument("--queries", type=float, default=0, help="a month")
    parser.add_argument("--plays", type=float, default=0, help="a month")
    wanted = parser.parse_args()
    if not all(math.isfinite(number) and number >= 0 for number in (wanted.tracks, wanted.queries, wanted.plays)):
        parser.error("tracks, queries and plays must be numbers from 0 up")
    tracks, queries, plays = int(wanted.tracks), int(wanted.queries), int(wanted.plays)
    print(f"Prices: {PRICES_OF}\n")
    print(f"Once, to crawl, extract and index {tracks:,} tracks:\n{table(embedding(tracks))}\n")
    print(f"The same {tracks:,} tracks in bulk, from clips in a bucket (docs/batch.md):\n{table(in_bulk(tracks))}\n")
    print(f"Every month, to keep them and answer {queries:,} queries:\n{table(month(tracks, queries))}\n")
    if plays:
        print(f"Every month besides, to take in and keep {plays:,} plays:\n{table(listening(plays))}\n")
    print(f"An API container holds {index_gb(tracks):.2f} GB of index in /tmp.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
