"""Clips of queries by sound that are given as a URL."""

from aws_lambda_powertools import Logger

from crawler.download import Downloader
from earshot.errors import EarshotError
from earshot.messages import FetchClip
from earshot.sound_queries import Heard, SoundQueries

logger = Logger(service="crawler")


def fetch_clip(message: FetchClip, downloader: Downloader, queries: SoundQueries) -> None:
    """Put the clip where an upload would have put it; what stands in the way becomes the query's answer.

    Nobody waits for a second try of an interactive question: a provider that is away is told at once.
    """
    try:
        clip = downloader.fetch(message.url)
    except EarshotError as error:
        logger.info("clip refused", query_id=message.query_id, reason=error.code)
        queries.answer(message.query_id, Heard(model="", reason=error.code, message=error.message))
    else:
        queries.put_clip(message.query_id, clip)
