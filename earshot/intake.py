"""How work enters Earshot: what the API and the command line call to have something crawled."""

from earshot.crawls_table import CrawlsTable, new_crawl_id
from earshot.message_queue import MessageQueue
from earshot.messages import CrawlPlaylist
from earshot.playlist import parse_playlist


def start_crawl(playlist: str, *, crawls: CrawlsTable, crawl_queue: MessageQueue) -> str:
    """Have `playlist` crawled.

    The message goes out first: a process that dies between the two steps leaves a crawl that runs and lists itself,
    never one that is listed and does not run.

    Returns:
        The crawl's id.

    Raises:
        InvalidPlaylist: no source understands `playlist`.
    """
    parse_playlist(playlist)
    crawl_id = new_crawl_id()
    crawl_queue.send(CrawlPlaylist(crawl_id=crawl_id, playlist=playlist))
    crawls.start(crawl_id, playlist)
    return crawl_id
