"""Playlists on the page: how they are added, watched and looked at, and what becomes of them."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from api.bootstrap import services
from earshot.clock import Timestamp
from earshot.covers import cover_of
from earshot.crawls import CrawlEntry, Doubt, Withheld
from earshot.ids import CrawlId, PlaylistId, TrackId
from earshot.messages import CrawlPlaylist
from earshot.reasons import Reason
from earshot.stores.playlists import playlist_id_of
from earshot.track import TrackInfo
from tests.browser.conftest import OpenPage, both_widths
from tests.browser.site import Site
from tests.stubs.pictures import picture


@both_widths
def test_a_playlist_is_added_and_its_crawl_watched(open_page: OpenPage, site: Site, width: str) -> None:
    page = open_page("#/playlists", width=width, refusals=(422, 404))
    page.get_by_label("Playlist", exact=True).fill("nonsense")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("alert")).to_contain_text("Not a playlist")
    page.get_by_label("Playlist", exact=True).fill(f"https://www.deezer.com/playlist/90{len(width)}")
    page.get_by_role("button", name="Add it").click()
    card = page.locator(".crawl").first
    expect(card).to_contain_text(f"playlist/90{len(width)}")
    expect(card).to_contain_text("reading")
    _crawl_on(site, card.get_attribute("data-crawl") or "")
    expect(card).to_contain_text("2 ready")
    expect(card).to_contain_text("1 no preview")
    expect(card).to_contain_text("miss: 1")
    expect(card).to_contain_text("done")


@both_widths
def test_the_page_says_where_music_may_come_from(open_page: OpenPage, width: str) -> None:
    page = open_page("#/playlists", width=width)
    expect(page.locator(".crawls li").first).to_be_visible()
    page.get_by_text("Where music may come from").click()
    sources = page.get_by_role("list", name="Sources").get_by_role("listitem")
    expect(sources.filter(has=page.get_by_text("Deezer", exact=True)).locator(".state")).to_have_text("on")
    jellyfin = sources.filter(has=page.get_by_text("Jellyfin", exact=True))
    expect(jellyfin.locator(".state")).to_have_text("off")
    expect(jellyfin).to_contain_text("Whoever runs this Earshot can switch it on.")


@both_widths
def test_what_was_not_heard_or_not_removed_is_listed_and_a_playlist_forgotten(
    open_page: OpenPage, site: Site, width: str
) -> None:
    crawls, crawl_id = services().crawls, CrawlId(f"99990101T000000Z-{width}")
    crawls.start(CrawlPlaylist(crawl_id, f"deezer:playlist:77{len(width)}"))
    entries = [CrawlEntry(n, None, Reason.UNSUPPORTED_FORMAT, f"Old/{n:03d} tune.mid", "mid") for n in range(130)]
    crawls.record_entries(crawl_id, entries)
    crawls.note_withheld(crawl_id, Withheld(3, Doubt.EMPTIED, ("nas/a.mp3",)))
    crawls.finish(crawl_id)
    crawls.count(crawl_id, site.world.table)
    page = open_page("#/playlists", width=width)
    card = page.locator(f'[data-crawl="{crawl_id}"]')
    card.get_by_text("130 not heard: which, and why").click()
    expect(card.locator(".unheard li")).to_have_count(100)
    expect(card.locator(".unheard li").first).to_have_text(
        "Old/000 tune.mida format that is not heard here: mid. Convert it."
    )
    card.get_by_role("button", name="More").click()
    expect(card.locator(".unheard li")).to_have_count(130)
    expect(card.get_by_role("button", name="More")).to_be_hidden()
    expect(card).to_contain_text("as when a disk is not mounted")
    with page.expect_request(lambda asked: asked.method == "POST" and '"agreed":3' in (asked.post_data or "")):
        card.get_by_role("button", name="Remove them").click()
    with page.expect_request(lambda asked: asked.method == "DELETE"):
        card.get_by_role("button", name="Forget").click()
    crawls.note_forgotten(crawls.summary(crawl_id), 3)
    expect(card).to_contain_text("No other playlist holds 3 of its tracks")
    expect(card.get_by_role("button", name="Remove them")).to_be_visible()


@both_widths
def test_a_playlist_is_named_scheduled_and_tried_again_by_the_keyboard_alone(
    open_page: OpenPage, site: Site, width: str
) -> None:
    playlist_id = _playlist(f"99990103T000000Z-{width}", f"deezer:playlist:55{len(width)}", "Rock of the Week")
    crawl_id = CrawlId(f"99990103T000000Z-{width}")
    services().crawls.record_entries(crawl_id, [CrawlEntry(0, None, Reason.EPISODE, "A talk")])
    cover = TrackInfo(TrackId("file:00000000000000bb"), "file", cover=cover_of(picture(200)))
    site.world.table.register(cover)
    services().playlists.note_first(playlist_id, [cover.track_id])
    services().crawls.finish(crawl_id)
    services().crawls.count(crawl_id, site.world.table)
    page = open_page("#/playlists", width=width)
    card = page.locator(f'[data-crawl="{crawl_id}"]')
    expect(card.locator("strong").first).to_have_text("Rock of the Week")
    card.get_by_role("button", name="Rename Rock of the Week").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Mine")
    page.keyboard.press("Enter")
    expect(card.get_by_role("button", name="Rename Mine")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(card.locator("strong").first).to_have_text("Mine")
    card.locator("summary", has_text="Schedule").focus()
    page.keyboard.press("Enter")
    again = card.get_by_label("How often Mine is looked through")
    again.focus()
    page.keyboard.press("ArrowDown")
    expect(card).to_contain_text("looked through tomorrow")
    expect(again).to_have_value("daily")
    assert services().playlists.get(playlist_id).again == "daily"
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    expect(card.locator(".mosaic img")).to_have_js_property("naturalWidth", 96)
    serious = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert [(v["id"], v["nodes"][0]["html"]) for v in serious] == []
    card.get_by_role("button", name="Try again: Mine").focus()
    with page.expect_request(lambda asked: asked.method == "POST" and str(crawl_id) in (asked.post_data or "")):
        page.keyboard.press("Enter")


@both_widths
def test_a_crawl_is_cancelled_and_says_so(open_page: OpenPage, site: Site, width: str) -> None:
    crawl_id = CrawlId(f"99990104T000000Z-{width}")
    _playlist(crawl_id, f"/music/Late {width}", "")
    track_id = TrackId(f"deezer:77{len(width)}")
    site.world.table.register(TrackInfo(track_id, "deezer"))
    services().crawls.record_entries(crawl_id, [CrawlEntry(0, track_id)])
    services().crawls.count(crawl_id, site.world.table)
    page = open_page("#/playlists", width=width)
    card = page.locator(f'[data-crawl="{crawl_id}"]')
    expect(card.locator("strong").first).to_have_text(f"Late {width}")
    card.get_by_role("button", name=f"Cancel Late {width}").click()
    expect(card.locator(".count")).to_have_text("stopping")
    site.world.table.mark_no_preview(track_id, reason=Reason.CANCELLED)
    services().crawls.count(crawl_id, site.world.table)
    expect(card.locator(".count")).to_have_text("cancelled")
    card.get_by_text("1 not heard: which, and why").click()
    expect(card.locator(".unheard li")).to_contain_text("cancelled before it was heard")


def _playlist(crawl_id: str, playlist: str, title: str) -> PlaylistId:
    """Do to the tables what the crawler does when it begins to read."""
    crawls = services().crawls
    crawls.start(CrawlPlaylist(CrawlId(crawl_id), playlist))
    crawls.note_place(CrawlId(crawl_id), playlist)
    services().playlists.note_crawl(crawls.summary(crawl_id), title)
    return playlist_id_of(playlist)


def test_what_a_crawl_found_is_downloaded_as_a_playlist(open_page: OpenPage, site: Site) -> None:
    crawls, crawl_id = services().crawls, CrawlId("99990102T000000Z-mine")
    own = TrackInfo(TrackId("file:00000000000000aa"), "file", title="Mine", preview_url="file:///music/Mine.flac")
    site.world.table.register(own)
    _hear(site, own)
    crawls.start(CrawlPlaylist(crawl_id, "/lists/My songs.csv"))
    crawls.record_entries(crawl_id, [CrawlEntry(0, own.track_id), CrawlEntry(1, None, Reason.BAD_ROW, "hm")])
    crawls.finish(crawl_id)
    crawls.count(crawl_id, site.world.table)
    page = open_page("#/playlists")
    card = page.locator(f'[data-crawl="{crawl_id}"]')
    card.locator("summary", has_text="export").click()
    card.get_by_label("Form of the list").select_option("m3u8")
    with page.expect_download() as download:
        card.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "earshot.m3u8"
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["#EXTM3U", "#PLAYLIST:My songs"]
    assert [line for line in lines if not line.startswith("#")] == ["/music/Mine.flac"]


def test_a_pasted_list_is_looked_at_before_it_is_crawled(open_page: OpenPage) -> None:
    page = open_page("#/playlists")
    page.get_by_text("A list of songs: a file, or pasted").click()
    page.get_by_label("A list of songs", exact=True).fill("Ann Lee – One More Light\nhm")
    page.get_by_role("button", name="Look at it").click()
    seen = page.get_by_role("region", name="What was understood")
    expect(seen).to_contain_text("2 rows (lines, utf-8); 1 name a recording")
    expect(seen).to_contain_text("hm: bad row")
    seen.get_by_role("button", name="Add it").click()
    expect(page.locator(".crawl").first).to_contain_text("list:")


def _hear(site: Site, info: TrackInfo) -> None:
    """Do to the tables what the extractor does."""
    preview_at = Timestamp("2026-11-20T00:00:00Z")
    site.world.table.store_embedding(
        info, embedding=b"\0\0", drift=b"\0\0", tags=[], model="musicnn-msd@1", preview_at=preview_at
    )


def _crawl_on(site: Site, crawl_id: str) -> None:
    """Do to the tables what the crawler does."""
    crawls, tracks = services().crawls, site.world.table
    for number, track_id in enumerate(("deezer:501", "deezer:502", "deezer:503")):
        info = TrackInfo(TrackId(track_id), "deezer")
        tracks.register(info)
        crawls.record_entries(CrawlId(crawl_id), [CrawlEntry(number, TrackId(track_id))])
        if number < 2:
            _hear(site, info)
        else:
            tracks.mark_no_preview(TrackId(track_id), reason=Reason.MISS)
    crawls.finish(CrawlId(crawl_id))
    crawls.count(CrawlId(crawl_id), tracks)
