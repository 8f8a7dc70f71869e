import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.matching import is_same_recording, normalised, same_artist, same_title

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


@pytest.mark.parametrize(
    ("wanted_ms", "found_ms", "expected"),
    [
        (207_959, 207_000, True),
        (207_959, 210_958, True),
        (207_959, 210_959, False),
        (207_959, 204_959, False),
        (None, 207_000, False),
        (207_959, None, False),
    ],
)
def test_the_duration_decides_below_three_seconds(wanted_ms: int | None, found_ms: int | None, expected: bool) -> None:
    assert (
        is_same_recording(
            wanted_title="One More Time",
            wanted_artists=["Daft Punk"],
            wanted_duration_ms=wanted_ms,
            title="One More Time",
            artists=["Daft Punk"],
            duration_ms=found_ms,
        )
        is expected
    )


_WORDS = st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=12)


@given(st.lists(_WORDS, min_size=1, max_size=5).map(" ".join))
def test_every_title_matches_itself_if_it_has_a_word(title: str) -> None:
    assert same_title(title, title) == bool(normalised(title))


@given(st.text(max_size=200), st.text(max_size=200))
def test_matching_is_symmetric_and_survives_any_text(one: str, other: str) -> None:
    assert same_title(one, other) == same_title(other, one)
    assert same_artist([one], [other]) == same_artist([other], [one])


@given(st.lists(_WORDS, min_size=1, max_size=4).map(" ".join))
def test_a_live_recording_is_never_taken_for_the_studio_one(title: str) -> None:
    assert not same_title(title, f"{title} (Live)")
    assert not same_title(title, f"{title} - Live at Wembley")
    assert not same_title(title, f"{title} [Remix]")
