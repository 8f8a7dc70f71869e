import pytest

from earshot.fields import text, url


def test_texts_are_shortened_and_urls_never() -> None:
    """A signed address that lacks its end opens nothing."""
    signed = f"https://music.example/a.mp3?signature={'x' * 1500}"
    row = {"title": "x" * 900, "preview": f" {signed} "}
    assert len(text(row, "title")) == 500
    assert url(row, "preview") == signed


@pytest.mark.parametrize("value", [None, "", "  ", 7, ["https://music.example"], "https://music.example/" + "x" * 2048])
def test_what_is_no_url_or_too_long_is_unknown(value: object) -> None:
    assert url({"preview": value}, "preview") is None
