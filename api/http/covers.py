"""The pictures of covers, which never change under their name."""

from base64 import b64encode
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import BaseRouter

from api.http.caching import is_known
from api.http.services import services_of
from earshot.covers import MEDIA_TYPE, size_for
from earshot.errors import CoverNotFound

_YEAR_S = 365 * 24 * 3600


def picture(router: BaseRouter, cover: str, pixels: int) -> Response[str]:
    """A cover in the size that is enough for `pixels`, or 304 for who has it.

    Raises:
        CoverNotFound
    """
    size = size_for(pixels)
    kept_by = "private" if router.current_event.headers.get("x-api-key") else "public"
    headers: dict[str, str | list[str]] = {
        "ETag": f'"{cover}-{size}"',
        "Cache-Control": f"{kept_by}, max-age={_YEAR_S}, immutable",
    }
    if is_known(str(headers["ETag"]), router.current_event.headers.get("if-none-match")):
        return Response(status_code=HTTPStatus.NOT_MODIFIED.value, headers=headers, body="")
    covers = services_of(router).covers
    found = covers.get(cover, size) if covers else None
    if found is None:
        raise CoverNotFound(f"no cover {cover}")
    response = Response(
        status_code=HTTPStatus.OK.value, content_type=MEDIA_TYPE, headers=headers, body=b64encode(found).decode()
    )
    response.base64_encoded = True  # validated as text: Powertools takes bytes for UTF-8
    return response
