"""What of a crawl the caller may see."""

from dataclasses import replace

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter

from api.http.crawl_contract import CrawlAnswer, CrawlCounts
from api.http.keys import is_let_in
from earshot.crawls import CrawlProgress, CrawlSummary
from earshot.errors import InvalidPlaylist
from earshot.playlists import parse_playlist, without_secrets
from earshot.stores.playlists import playlist_id_of


def shown(router: BaseRouter, summary: CrawlSummary) -> CrawlAnswer:
    """Nothing that leads to a private list, unless a key says who asks."""
    answer = CrawlAnswer.model_validate(_seen(router, summary), from_attributes=True)
    if summary.place and is_let_in(router):  # others would soon guess what it is the digest of
        answer.playlist_id = playlist_id_of(summary.place)
    return answer


def counted(router: BaseRouter, progress: CrawlProgress) -> CrawlCounts:
    """The same, with how far it has come."""
    return CrawlCounts(
        **dict(shown(router, progress.summary)),
        total=progress.total,
        pending=progress.pending,
        done=progress.done,
        states={state.value: count for state, count in progress.states.items()},
        reasons={reason.value: count for reason, count in progress.reasons.items()},
    )


def _seen(router: BaseRouter, summary: CrawlSummary) -> CrawlSummary:
    if is_let_in(router):
        return replace(summary, playlist=without_secrets(summary.playlist))
    withheld = replace(summary.withheld, names=()) if summary.withheld else None
    error = {**summary.error, "message": "see it with a key", "hint": ""} if summary.error else None
    return replace(summary, playlist=_veiled(summary.playlist), withheld=withheld, error=error)


def _veiled(playlist: str) -> str:
    """What kind of playlist it is; a digest of its number would soon be guessed."""
    try:
        return parse_playlist(playlist).kind_for_people
    except InvalidPlaylist:
        return "playlist"
