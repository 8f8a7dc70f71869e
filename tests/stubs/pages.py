"""A playlist as a source reads it, page by page."""

from crawler.source import PAGE_SIZE, ReadPage
from earshot.playlists import parse_playlist


def titles_of(read_page: ReadPage, playlist: str) -> list[str]:
    """Titles to the end; entries are numbered without a gap."""
    titles: list[str] = []
    cursor = None
    while True:
        page = read_page(parse_playlist(playlist), cursor)
        assert len(page.entries) <= PAGE_SIZE
        assert [entry.number for entry in page.entries] == list(range(len(titles), len(titles) + len(page.entries)))
        titles += [entry.info.title for entry in page.entries if entry.info]
        cursor = page.next_cursor
        if cursor is None:
            return titles
