"""The page asks with a clip: Chromium uploads it over https to the addresses that S3 has in five regions."""

import contextlib
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import numpy as np
import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Page, expect, sync_playwright

from api.bootstrap import services
from earshot.embedding import Embedding
from earshot.ids import QueryId
from earshot.stores.sound_queries import Heard
from earshot.track import Tag
from tests.browser.site import CHROMIUM, FLAGS, Site, running_site, tone
from tests.infra import terraform
from tests.stubs.s3 import S3Door
from tests.stubs.web import StubServer, serve
from tests.unit.api.test_uploads import REGIONS
from tests.unit.api.world import DIM

_CLIP = tone()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The api of a stage in the cloud under uvicorn, with a catalogue of 246 tracks."""
    cloud = {"EARSHOT_STAGE": "dev", "EARSHOT_API_KEYS": "open", "EARSHOT_FOLDER_ROOTS": ""}
    with running_site(tmp_path_factory.mktemp("uploads"), **cloud) as site:
        yield site


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """What makes a server speak https, with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "s3")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "s3.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.fixture(scope="module")
def door() -> S3Door:
    """S3 with the rules that infra/ gives the bucket."""
    return S3Door(terraform.upload_rules())


@pytest.fixture(scope="module")
def s3(door: S3Door, tls: ssl.SSLContext) -> Iterator[StubServer]:
    with serve(door, tls) as server:
        yield server


@pytest.fixture(scope="module")
def page(site: Site, s3: StubServer) -> Iterator[Page]:
    """A page in a browser for which every name of AWS leads to the door."""
    flags = [*FLAGS, f"--host-resolver-rules=MAP *.amazonaws.com 127.0.0.1:{s3.port}", "--ignore-certificate-errors"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=flags)
        page = browser.new_page()
        page.set_default_timeout(8000)
        page.goto(site.url)
        yield page
        browser.close()


@pytest.fixture(params=REGIONS)
def region(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the api believes its bucket to be."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", request.param)
    with contextlib.suppress(ClientError):  # it is there
        boto3.client("dynamodb").create_table(
            TableName="crawls",
            KeySchema=[
                {"AttributeName": "crawl_id", "KeyType": "HASH"},
                {"AttributeName": "entry", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("crawl_id", "entry")],
            BillingMode="PAY_PER_REQUEST",
        )
    services.cache_clear()
    return str(request.param)


def test_a_clip_goes_up_from_the_page_and_its_neighbours_are_shown(
    page: Page, site: Site, door: S3Door, region: str, tmp_path: Path
) -> None:
    page.goto(f"{site.url}/#/")
    page.reload()  # the policy of the page names the bucket
    page.get_by_role("link", name="ask with a clip").click()
    clip = tmp_path / "humming.wav"
    clip.write_bytes(_CLIP)
    with page.expect_request(lambda sent: sent.method == "PUT") as put:
        page.get_by_label("Choose a file").set_input_files(clip)
    page.wait_for_url("**/#/clip?id=*")
    expect(page.get_by_role("status").first).to_contain_text("Listening")
    query_id = QueryId(page.url.partition("id=")[2])
    host = put.value.url.split("/")[2]
    assert host == f"previews.s3{'' if region == 'us-east-1' else f'.{region}'}.amazonaws.com"
    assert door.objects[host, f"/clips/{query_id}"] == _CLIP
    features = np.random.default_rng(3).normal(size=DIM).astype(np.float32)
    heard = Heard("musicnn-msd@1", Embedding(features, np.zeros(DIM, np.float32)), (Tag("jazz", 0.7),))
    services().queries.settle(query_id, heard)
    expect(page.locator(".tracks > .track")).to_have_count(12)
    expect(page.locator(".heard .tag")).to_have_text("jazz")


_PUT = """async ([url, headers, size]) => (await fetch(url, {
  method: "PUT", headers, body: new Blob([new Uint8Array(size)]) })).status"""


def test_nothing_but_what_was_announced_is_taken_and_only_once(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/#/")
    page.reload()

    def put(url: str, headers: dict[str, str], size: int) -> int:
        status: int = page.evaluate(_PUT, [url, headers, size])
        return status

    upload = services().queries.upload(QueryId("a" * 32), 1000, "audio/wav")
    right = dict(upload.headers)
    assert put(upload.url, right, 1001) == 403
    assert put(upload.url, right, 999) == 403
    assert put(upload.url, {**right, "Content-Type": "text/html"}, 1000) == 403
    assert put(upload.url, {"Content-Type": "audio/wav"}, 1000) == 403
    assert put(upload.url, right, 1000) == 200
    assert put(upload.url, right, 1000) == 412
    assert put(upload.url.replace("a" * 32, "b" * 32), right, 1000) == 403
    with pytest.raises(Exception, match="Failed to fetch"):  # the bucket's rules allow no such header
        put(upload.url, {**right, "x-amz-acl": "public-read"}, 1000)


def test_a_clip_that_is_too_large_never_leaves_the_machine(page: Page, site: Site, s3: StubServer) -> None:
    page.goto(f"{site.url}/#/clip")
    page.reload()
    before = len(s3.requests)
    answer = page.evaluate(
        """async () => (await fetch("/queries", { method: "POST", headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ size: 40000000 }) })).json()"""
    )
    assert answer["error"]["code"] == "clip_too_large"
    assert len(s3.requests) == before
