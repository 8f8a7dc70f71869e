from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.ids import TrackId
from earshot.recordings import SAME_SOUND, album_of, is_same_recording
from earshot.titles import plain, plain_title, same_artist, same_title
from earshot.track import TrackInfo

_SAME_TITLES = [
    ("One More Time", "One More Time"),
    ("One More Time", "ONE MORE TIME"),
    ("Déjà Vu", "Deja Vu"),
    ("Don’t Stop Me Now", "Don't Stop Me Now"),
    ("Don't Stop Me Now - Remastered 2011", "Don't Stop Me Now"),
    ("Don't Stop Me Now - 2011 Remaster", "Don't Stop Me Now (Remastered 2011)"),
    ("Here Comes The Sun - Remastered 2009", "Here Comes the Sun (2019 Remaster)"),
    ("Bohemian Rhapsody - 2011 Remastered Version", "Bohemian Rhapsody"),
    ("Get Lucky (feat. Pharrell Williams & Nile Rodgers)", "Get Lucky"),
    ("Get Lucky (feat. Pharrell Williams)", "Get Lucky feat. Pharrell Williams and Nile Rodgers"),
    ("Stay (with Justin Bieber)", "STAY"),
    ("Strobe - Original Mix", "Strobe"),
    ("Blue Monday - 2016 Remaster", "Blue Monday"),
    ("Smells Like Teen Spirit (Album Version)", "Smells Like Teen Spirit"),
    ('My Heart Will Go On (From "Titanic")', "My Heart Will Go On"),
    ("Hallelujah (Live)", "Hallelujah - Live"),
    ("Hallelujah (Live at Sin-é)", "Hallelujah - Live At Sin-é"),
    ("Midnight City (Eric Prydz Remix)", "Midnight City - Eric Prydz Remix"),
    ("Wuthering Heights (New Vocal)", "Wuthering Heights - New Vocal"),
    ("Symphony No. 5 in C Minor, Op. 67: I. Allegro con brio", "Symphony No.5 In C Minor, Op.67: I. Allegro con brio"),
    ("1999 - 2019 Remaster", "1999"),
    ("Für Elise", "Fur Elise"),
    ("Smørrebrød", "Smorrebrod"),
    ("夜に駆ける", "夜に駆ける"),
    ("Rock & Roll", "Rock and Roll"),
    ("(I Can't Get No) Satisfaction", "I Can't Get No Satisfaction"),
    ("(Sittin' On) The Dock of the Bay", "Sittin' On the Dock of the Bay"),
    ("÷", "÷"),
    ("Łódź", "Lodz"),
    ("Группа крови", "ГРУППА КРОВИ"),
    ("千本桜 feat. 初音ミク", "千本桜"),
    ("Titanium (feat. Sia) - Alesso Remix", "Titanium (Alesso Remix) [feat. Sia]"),
    ("Live and Let Die", "Live and Let Die (Remastered)"),
    ("Love Story (Taylor’s Version)", "Love Story (Taylor's Version)"),
]
_OTHER_TITLES = [
    ("Hallelujah", "Hallelujah (Live)"),
    ("Hallelujah - Live at Sin-é", "Hallelujah - Live at Glastonbury"),
    ("Midnight City", "Midnight City (Eric Prydz Remix)"),
    ("Midnight City - Eric Prydz Remix", "Midnight City - Trentemøller Remix"),
    ("Layla", "Layla (Unplugged)"),
    ("Layla", "Layla - Acoustic"),
    ("Everything In Its Right Place", "Everything In Its Right Place Live"),
    ("Blinding Lights", "Blinding Lights (Karaoke Version)"),
    ("Blinding Lights", "Blinding Lights - Instrumental"),
    ("Blinding Lights", "Blinding Lights (Made Famous by The Weeknd) [Tribute]"),
    ("Running Up That Hill", "Running Up That Hill (Sped Up)"),
    ("Sandstorm - Radio Edit", "Sandstorm - Extended"),
    ("Another Brick in the Wall, Pt. 1", "Another Brick in the Wall, Pt. 2"),
    ("Symphony No. 5: I. Allegro", "Symphony No. 5: II. Allegro"),
    ("Symphony No. 5: I. Allegro", "Symphony No. 7: I. Allegro"),
    ("Dancing With Myself", "Dancing With A Stranger"),
    ("Yesterday", "Yes"),
    ("Hello", "Hello, Goodbye"),
    ("Blue Monday", "Blue Monday '88"),
    ("Love Story", "Love Story (Taylor's Version)"),
    ("夜に駆ける", "群青"),
    ("+", "÷"),
    ("Москва", "Moskva"),
    ("Hotel California - Live On MTV, 1994", "Hotel California (Live)"),
    ("Old Town Road", "Old Town Road - Remix"),
    ("Someone Like You", "Someone Like You (Originally Performed by Adele)"),
    ("Someone Like You", "Someone Like You (In the Style of Adele)"),
    ("Perfect", "Perfect Duet (Ed Sheeran & Beyoncé)"),
    ("De Música Ligera", "De Música Ligera (En Vivo)"),
    ("Dreams", "Dreams - Early Version"),
    ("Sgt. Pepper - Remix", "Sgt. Pepper (2017 Mix)"),
    ("99 Luftballons", "99 Red Balloons"),
    ("", ""),
]


@pytest.mark.parametrize(("wanted", "found"), _SAME_TITLES)
def test_titles_of_the_same_recording_match_both_ways(wanted: str, found: str) -> None:
    assert same_title(wanted, found)
    assert same_title(found, wanted)


@pytest.mark.parametrize(("wanted", "found"), _OTHER_TITLES)
def test_titles_of_other_recordings_match_neither_way(wanted: str, found: str) -> None:
    assert not same_title(wanted, found)
    assert not same_title(found, wanted)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["Daft Punk"], ["daft punk"]),
        (["Beyoncé"], ["Beyonce"]),
        (["The Beatles"], ["Beatles"]),
        (["Simon & Garfunkel"], ["Simon and Garfunkel"]),
        (["Nick Cave & The Bad Seeds"], ["Nick Cave"]),
        (["Calvin Harris", "Dua Lipa"], ["Calvin Harris & Dua Lipa"]),
        (["Calvin Harris", "Dua Lipa"], ["Dua Lipa", "Calvin Harris"]),
        (["JAY-Z"], ["Jay Z"]),
        (["AC/DC"], ["AC/DC"]),
        (["Sigur Rós"], ["Sigur Ros"]),
        (["AC/DC"], ["ACDC"]),
        (["R.E.M."], ["REM"]),
        (["Florence + The Machine"], ["Florence & the Machine"]),
        (["!!!"], ["!!!"]),
    ],
)
def test_names_of_the_same_artist_match(wanted: list[str], found: list[str]) -> None:
    assert same_artist(wanted, found)
    assert same_artist(found, wanted)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["Queen"], ["Queen Tribute Band"]),
        (["Adele"], ["Adele Adkins Karaoke"]),
        (["Fire"], ["Earth, Wind & Fire"]),
        (["The Weeknd"], ["Party Tyme Karaoke"]),
        (["Malcolm X"], ["Malcolm"]),
        ([], ["Queen"]),
        ([""], [""]),
    ],
)
def test_names_of_other_artists_do_not_match(wanted: list[str], found: list[str]) -> None:
    assert not same_artist(wanted, found)
    assert not same_artist(found, wanted)


_SONG = TrackInfo(
    TrackId("deezer:1"),
    "deezer",
    title="One More Time",
    artists=("Daft Punk",),
    isrc="GBDUW0000053",
    duration_ms=207_959,
)


def _other(**known: object) -> TrackInfo:
    return replace(_SONG, **({"track_id": "deezer:2", "isrc": None} | known))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found_ms", "expected"),
    [(207_000, True), (210_958, True), (210_959, False), (204_959, False), (None, False)],
)
def test_by_words_alone_the_duration_decides_below_three_seconds(found_ms: int | None, expected: bool) -> None:
    other = _other(duration_ms=found_ms)
    assert is_same_recording(_SONG, other) is is_same_recording(other, _SONG) is expected


@pytest.mark.parametrize("otherwise", [{"artists": ("Queen",)}, {"title": "One More Time (Live)"}, {"artists": ()}])
def test_by_words_alone_artist_and_version_must_agree_too(otherwise: dict[str, object]) -> None:
    assert not is_same_recording(_SONG, _other(**otherwise))


@pytest.mark.parametrize("known_ms", [207_000, None])
@pytest.mark.parametrize("similarity", [None, -1.0, 1.0])
def test_an_isrc_says_that_it_is_one_recording_unless_the_lengths_disagree(
    known_ms: int | None, similarity: float | None
) -> None:
    by_isrc = _other(isrc=_SONG.isrc, artists=(), duration_ms=known_ms)
    assert is_same_recording(_SONG, by_isrc, similarity)
    assert not is_same_recording(_SONG, replace(by_isrc, duration_ms=320_000), similarity)


@pytest.mark.parametrize(
    ("title", "similarity", "expected"),
    [
        ("One More Time - Radio Edit", SAME_SOUND, True),
        ("One More Time - Radio Edit", SAME_SOUND - 0.01, False),
        ("One More Time", 0.5, False),
        ("Aerodynamic", 1.0, False),
    ],
)
def test_who_sounds_the_same_under_the_same_name_is_one_recording(
    title: str, similarity: float, expected: bool
) -> None:
    assert is_same_recording(_SONG, _other(title=title, duration_ms=None, artists=()), similarity) is expected


def test_without_names_the_same_sound_proves_something_only_where_the_lengths_are_the_same() -> None:
    nameless = replace(_SONG, title="", isrc=None)
    assert is_same_recording(nameless, _other(title=""), 1.0)
    assert not is_same_recording(nameless, _other(title="", duration_ms=None), 1.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't Stop", "dont stop"),
        ("DON’T STOP", "dont stop"),
        ("Don´t Stop", "dont stop"),
        ("L'amour toujours", "l amour toujours"),
        ("Rock 'n' Roll", "rock n roll"),
        ("Sin-é_live", "sin e live"),
        ("Straße  der Łódź", "strasse der lodz"),
        ("हिन्दी गाना", "हिनदी गाना"),
        ("÷", "÷"),
        ("", ""),
    ],
)
def test_a_text_has_one_plain_form(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Don't Stop (Remastered 2011)", "dont stop"),
        ("Cancion – Live", "cancion"),
        ("Get Lucky Feat. Pharrell Williams", "get lucky"),
        ("Rock & Roll", "rock roll"),
        ("Rock and Roll [Demo]", "rock roll"),
        ("(Intro)", "intro"),
    ],
)
def test_the_name_of_a_song_is_what_labels_add_nothing_to(title: str, expected: str) -> None:
    assert plain_title(title) == expected


@given(st.text(max_size=100))
def test_plain_texts_stay_as_they_are(text: str) -> None:
    assert plain(plain(text)) == plain(text)


_WORDS = st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=12)


@given(st.lists(_WORDS, min_size=1, max_size=5).map(" ".join))
def test_every_title_matches_itself_if_it_has_a_word(title: str) -> None:
    assert same_title(title, title) == bool(plain(title))


@given(st.text(max_size=200), st.text(max_size=200))
def test_matching_is_symmetric_and_survives_any_text(one: str, other: str) -> None:
    assert same_title(one, other) == same_title(other, one)
    assert same_artist([one], [other]) == same_artist([other], [one])


@given(st.lists(_WORDS, min_size=1, max_size=4).map(" ".join))
def test_a_live_recording_is_never_taken_for_the_studio_one(title: str) -> None:
    assert not same_title(title, f"{title} (Live)")
    assert not same_title(title, f"{title} - Live at Wembley")
    assert not same_title(title, f"{title} [Remix]")


_FOLDER = "file:///music/Various%20Artists/Club%20Night%207"


def _file(artist: str, url: str, album_artist: str = "", album: str = "Club Night 7") -> TrackInfo:
    return TrackInfo(
        TrackId("file:0"), "file", artists=(artist,), album=album, preview_url=url, album_artist=album_artist
    )


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (_file("A", f"{_FOLDER}/1.mp3", "Various Artists"), _file("B", "file:///2.mp3", "various artists"), True),
        (_file("Deck 1", f"{_FOLDER}/1.mp3"), _file("Deck 2", f"{_FOLDER}/2.mp3"), True),
        (_file("Deck 1", f"{_FOLDER}/CD1/1.mp3"), _file("Deck 2", f"{_FOLDER}/CD%202/2.mp3"), True),
        (_file("Deck 1", f"{_FOLDER}/1.mp3"), _file("Deck 1", "file:///other/2.mp3"), False),
        (_file("A", "file:///m/A/1.mp3", "A", "Hits"), _file("B", "file:///m/B/1.mp3", "B", "Hits"), False),
        (TrackInfo(TrackId("deezer:1"), "deezer", artists=("A",), album="Hits"),
         TrackInfo(TrackId("deezer:2"), "deezer", artists=("A",), album="hits"), True),
        (TrackInfo(TrackId("deezer:1"), "deezer", artists=("A",), album="Hits"),
         TrackInfo(TrackId("deezer:2"), "deezer", artists=("B",), album="Hits"), False),
        (TrackInfo(TrackId("deezer:1"), "deezer"), TrackInfo(TrackId("deezer:2"), "deezer"), None),
    ],
)  # fmt: skip
def test_an_album_is_its_artist_s_or_its_folder_s(one: TrackInfo, other: TrackInfo, is_same: bool | None) -> None:
    assert (album_of(one) == album_of(other) if album_of(one) else None) is is_same
