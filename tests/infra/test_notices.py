"""Whoever is handed a zip or an image is told what others made of it, and on what terms."""

from importlib.metadata import PackageNotFoundError, distribution

import pytest

from scripts import notices, package
from scripts.bundled import bundled_libraries, unlisted
from tests.infra import terraform


def test_the_page_is_what_the_pinned_requirements_say() -> None:
    assert notices.PAGE.read_text(encoding="utf-8") == notices.page(), "run make notices"


def test_every_library_that_the_installed_wheels_bring_along_is_known() -> None:
    names = {name for service in (*package.handlers_by_service(), "local") for name in notices._pins(service)}
    files: list[str] = []
    for name in names:
        try:
            files += map(str, distribution(name).files or ())
        except PackageNotFoundError:  # pinned for another version of Python, or another processor
            continue
    assert bundled_libraries(files) >= {"libx264", "libavcodec", "libsndfile"}
    assert unlisted(files) == set()


@pytest.mark.parametrize(
    ("file", "library"),
    [
        ("av.libs/libx264-d6533a8d.so.165", "libx264"),
        ("av.libs/libopencore-amrnb-d72c52e2.so.0.0.5", "libopencore-amrnb"),
        ("numpy.libs/libgfortran-040039e1-0352e75f.so.5.0.0", "libgfortran"),
        ("numpy.libs/libscipy_openblas64_-32a4b2a6.so", "libscipy_openblas64"),
        ("_soundfile_data/libsndfile_arm64.so", "libsndfile"),
    ],
)
def test_a_library_is_known_by_its_name_without_version_and_checksum(file: str, library: str) -> None:
    assert bundled_libraries([file]) == {library}
    assert unlisted([file]) == set()


def test_one_that_nobody_knows_is_named() -> None:
    assert unlisted(["av.libs/libnew-12345678.so.1", "av/frame.so", "annoy/annoylib.abi3.so"]) == {"libnew"}


def test_a_licence_that_nothing_tells_is_asked_for() -> None:
    with pytest.raises(LookupError, match="a-library-nobody-has is not installed here"):
        notices.licence("a-library-nobody-has")


def test_the_notices_travel_with_zips_and_image() -> None:
    for service in package.handlers_by_service():
        assert {"LICENSE", "THIRD_PARTY_NOTICES.md"} <= {str(path) for path in package._own_files(service)}
    assert "THIRD_PARTY_NOTICES.md" in (terraform.ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_access_logs_keep_nothing_of_people() -> None:
    text = (terraform.ROOT / "serverless.yml").read_text(encoding="utf-8")
    (form,) = [line for line in text.splitlines() if line.strip().startswith("format: ")]
    assert not any(word in form.lower() for word in ("identity", "sourceip", "useragent", "querystring", "header"))
