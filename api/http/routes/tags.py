"""GET /tags."""

from aws_lambda_powertools.event_handler.api_gateway import Router

from api.answers.commonness import Commonness, commonness_of
from api.http.caching import by_spaces
from api.http.contract import TagCount, TagsAnswer
from api.http.routes.documented import answers
from api.http.services import catalogue_of
from earshot.tags import measured

router = Router()


@router.get(
    "/tags",
    summary="The tags of the catalogue",
    operation_id="tags",
    tags=["explore"],
    responses=answers(TagsAnswer, 304, 503),
    middlewares=[by_spaces],
)
def tags() -> TagsAnswer:
    """What is said of any track and `tags` filters by, the commonest first; how common it is here, and at large."""
    searcher = catalogue_of(router)
    common = commonness_of(searcher)
    listed = sorted((_count(name, sum(counts), common) for name, counts in common.tags.items()), key=_order)
    return TagsAnswer(index_version=searcher.version, tracks=common.tracks, tags=listed)


def _count(name: str, tracks: int, common: Commonness) -> TagCount:
    found = measured(name)
    return TagCount(
        name=found.name or name,
        tracks=tracks,
        share=common.of_tag(name),
        base_rate=found.base_rate,
        threshold=found.threshold,
    )


def _order(tag: TagCount) -> tuple[int, str]:
    return -tag.tracks, tag.name
