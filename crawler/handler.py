"""The crawler's functions: two take SQS batches and report which messages failed, two are woken by the clock."""

from collections.abc import Mapping
from functools import partial

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from crawler import bootstrap
from earshot.messages import CountCrawl, FetchClip, FetchCover, ForgetPlaylist, parse_crawl, parse_fetch
from earshot.telemetry import logger

_RESERVE_MS = 60_000
_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def crawl_playlist(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    """Reads playlists (registers tracks, asks for previews), counts crawls and forgets playlists.

    SQS: `CrawlPlaylist`, `CountCrawl`, `ForgetPlaylist`.
    """
    answer = process_partial_response(event, _crawl, _processor, context)
    return dict(answer)


def fetch_preview(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    """Gives tracks their previews. SQS, `FetchPreview`, `FetchClip` and `FetchCover` messages."""
    answer = process_partial_response(event, _fetch, _processor, context)
    return dict(answer)


def reconcile(event: Mapping[str, object], context: LambdaContext) -> None:
    """Gives back what was lost, ends what is dead, crawls again what is due.

    Woken with ``{"what": "crawls"}`` often, "tracks" once a day.
    """
    if event.get("what") == "crawls":
        done = bootstrap.reconcile().resume_crawls()
        logger().info("reconciled", crawls=done.crawls, ended=done.ended)
        logger().info("dead letters read", ended=bootstrap.dead_letters().read())
        logger().info("crawled again", begun=bootstrap.schedules().run())
    else:
        time_is_up = partial(_is_up, context)
        done = bootstrap.reconcile().give_back_tracks(time_is_up=time_is_up)
        logger().info("reconciled", previews=len(done.to_extract), tracks=len(done.to_fetch), ended=done.ended)
        swept = bootstrap.cover_sweep().run()
        logger().info("covers swept", removed=swept.removed, asked=swept.asked)


def learn_facts(_event: object, context: LambdaContext) -> None:
    """Asks providers what they know of tracks, for as long as it may run. Woken by the clock."""
    asked = bootstrap.learning().run(lambda: (context.get_remaining_time_in_millis() - _RESERVE_MS) / 1000)
    logger().info("facts were asked for", tracks=asked)


def _is_up(context: LambdaContext) -> bool:
    return context.get_remaining_time_in_millis() < _RESERVE_MS


def _crawl(record: SQSRecord) -> None:
    message = parse_crawl(record.body)
    log = logger()
    log.set_correlation_id(message.crawl_id)
    if isinstance(message, CountCrawl):
        counting = bootstrap.counting()
        bootstrap.deliveries().attempt(record, partial(counting.run, message), lambda _: counting.give_up(message))
        return
    if isinstance(message, ForgetPlaylist):
        forgetting = bootstrap.forgetting()
        bootstrap.deliveries().attempt(record, partial(forgetting.run, message), lambda _: forgetting.give_up(message))
        return
    log.info("crawl", crawl_id=message.crawl_id, cursor=message.cursor, message_id=record.message_id)
    crawl = bootstrap.crawl()
    bootstrap.deliveries().attempt(record, partial(crawl.run, message), partial(crawl.give_up, message))


def _fetch(record: SQSRecord) -> None:
    message = parse_fetch(record.body)
    if isinstance(message, FetchClip):
        clips = bootstrap.clips()
        bootstrap.deliveries().attempt(record, partial(clips.run, message), lambda _: clips.give_up(message))
        return
    if isinstance(message, FetchCover):
        covering = bootstrap.covering()
        bootstrap.deliveries().attempt(record, partial(covering.run, message), lambda _: covering.give_up(message))
        return
    log = logger()
    log.set_correlation_id(message.track_id)
    log.info("fetch", track_id=message.track_id, crawl_id=message.crawl_id, message_id=record.message_id)
    fetch = bootstrap.fetch()
    bootstrap.deliveries().attempt(record, partial(fetch.run, message), partial(fetch.give_up, message))
