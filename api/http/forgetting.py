"""Having a playlist forgotten: what two routes ask for, of a playlist and of one of its crawls."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query as Parameter

from api.http.crawl_contract import CrawlForgotten
from api.http.services import Services
from earshot.clock import now_iso
from earshot.ids import CrawlId
from earshot.messages import ForgetPlaylist

RemoveTracks = Annotated[
    bool, Parameter(description="Remove the tracks that no other playlist holds, too; at once, or later.")
]


def accepted(services: Services, crawl_id: CrawlId, remove_tracks: RemoveTracks) -> Response[CrawlForgotten]:
    """The crawler is asked to forget the playlist of that crawl; the answer says where it is told how that went."""
    services.crawl_queue.send(ForgetPlaylist(crawl_id, remove_tracks, now_iso()))
    status_url = f"/crawls/{crawl_id}"
    return Response(
        status_code=HTTPStatus.ACCEPTED.value,
        content_type="application/json",
        headers={"Location": status_url},
        body=CrawlForgotten(crawl_id=crawl_id, status_url=status_url),
    )
