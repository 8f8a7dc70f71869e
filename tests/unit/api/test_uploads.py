"""Where a page is told to put a clip, and what S3 takes there."""

from urllib.parse import parse_qs, urlsplit

import pytest

from api.bootstrap import services
from earshot.ids import QueryId
from tests.unit.api.world import World

REGIONS = ("us-east-1", "eu-west-1", "us-west-2", "ap-southeast-1", "eu-central-1")


@pytest.mark.parametrize("region", REGIONS)
def test_an_upload_address_names_its_region_and_signs_size_type_and_that_nothing_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch, region: str
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    services.cache_clear()
    upload = services().queries.upload(QueryId("0" * 32), 1234, "audio/mpeg")
    address = urlsplit(upload.url)
    asked = parse_qs(address.query)
    in_the_name = "" if region == "us-east-1" else f".{region}"  # where S3's own name leads
    assert address.hostname == f"previews.s3{in_the_name}.amazonaws.com"
    assert asked["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert asked["X-Amz-SignedHeaders"] == ["content-length;content-type;host;if-none-match"]
    assert upload.headers == {"Content-Type": "audio/mpeg", "If-None-Match": "*"}


def test_the_page_may_talk_to_the_bucket_and_nobody_else(world: World) -> None:
    policy = world.get("/").headers["content-security-policy"]
    connect = next(part.split()[1:] for part in policy.split("; ") if part.startswith("connect-src"))
    assert connect == ["'self'", "https://previews.s3.eu-central-1.amazonaws.com"]
