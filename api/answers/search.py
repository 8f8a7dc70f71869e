"""Search by words: tags that the network heard, and text in title, artists and album."""

from collections.abc import Sequence
from heapq import nsmallest

import numpy as np

from api.answers.catalogue import known_tags, shelves
from api.answers.found import Found, SharedTag
from earshot.index.rows import IndexedTrack
from earshot.index.searcher import Searcher
from earshot.recordings import plain

MAX_WORDS = 8


def search(
    searcher: Searcher, *, text: str, tags: Sequence[str], source: str | None, limit: int, offset: int
) -> tuple[int, list[Found]]:
    """How many tracks match, and `limit` of them from `offset` on.

    Every word of `text` must begin a word of title, artists or album; every tag must be among the track's strongest.
    Titles that match as a whole come first, then titles that begin with the text, then titles that hold all words;
    with tags the strongest come first among equals; ties go by title.

    Raises:
        UnknownTag: no track has one of the tags.
    """
    wanted_text = plain(text)
    words = wanted_text.split()[:MAX_WORDS]
    wanted_tags = known_tags(searcher, tags)
    if text.strip() and not words:
        return 0, []
    found = []
    for number, (_, shelf, live) in enumerate(shelves(searcher)):
        strengths = shelf.tag_strengths(wanted_tags)
        mask = live & (strengths > 0)
        if words:
            mask &= shelf.with_words(words)
        if source is not None:
            mask &= shelf.of_source(source)
        for row in np.flatnonzero(mask).tolist():
            line = shelf.line(row)
            rank = _text_rank(line, wanted_text, words) if words else 0
            found.append((rank, -float(strengths[row]), line, number, row))
    best = nsmallest(offset + limit, found)[offset:]
    segments = [segment for segment, _, _ in shelves(searcher)]
    tracks = [segments[number].track(row) for *_, number, row in best]
    return len(found), [Found(track, None, None, _matched(track, wanted_tags)) for track in tracks]


def _text_rank(line: str, text: str, words: Sequence[str]) -> int:
    title = line.partition("\t")[0]
    if title[1:] == text:
        return 0
    if title.startswith(f" {text}"):
        return 1
    return 2 if all(f" {word}" in title for word in words) else 3


def _matched(track: IndexedTrack, wanted: Sequence[str]) -> list[SharedTag]:
    return [SharedTag(tag.name, tag.probability) for tag in track.tags if plain(tag.name) in wanted]
