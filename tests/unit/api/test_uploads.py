"""Where a page is told to put a clip."""

from urllib.parse import urlsplit

from tests.unit.api.world import World


def test_the_address_of_an_upload_names_the_region_of_its_bucket(world: World) -> None:
    address = world.post("/queries", {}).json()["upload"]["url"]
    assert urlsplit(address).hostname == "previews.s3.eu-central-1.amazonaws.com"
