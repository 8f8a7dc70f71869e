"""Pairs that are one recording, and pairs that are not: the table that the rule of docs/adr/0022 answers to.

A track is written ``artist; artist | title | length in seconds | ISRC | album``, from the left as far as it is known; a
pair with a number has been heard, and that is the cosine of its sound.
"""

import pytest

from earshot.ids import TrackId
from earshot.recordings import is_same_recording, the_one
from earshot.track import TrackInfo

_SAME: list[tuple[str, str, float | None]] = [
    # Spelling: case, accents, signs, spaces, typing errors.
    ("Queen | Don't Stop Me Now | 209", "QUEEN | DON’T STOP ME NOW | 210", None),
    ("Beyoncé | Déjà Vu | 240", "Beyonce | Deja Vu | 240", None),
    ("Sigur Rós | Sæglópur | 458", "Sigur Ros | Saeglopur | 457", None),
    ("AC/DC | T.N.T. | 214", "ACDC | TNT | 215", None),
    ("Simon & Garfunkel | The Boxer | 308", "Simon and Garfunkel | The Boxer | 308", None),
    ("The Beatles | Here Comes The Sun | 185", "Beatles | Here Comes the Sun | 185", None),
    ("Adele | Someone Like You | 285", "Adele | Somone Like You | 285", None),
    ("Oasis | Champagne Supernova | 447", "Oasis | Champange Supernova | 447", None),
    ("Ann Lee | Harbour Lights | 200", "Ann Lee | Harbor Lights | 200", None),
    ("Кино | Группа крови | 285", "КИНО | ГРУППА КРОВИ | 286", None),
    ("YOASOBI | 夜に駆ける | 261", "YOASOBI | 夜に駆ける | 261", None),
    ("Björk | Jóga | 305", "Bjork | Joga | 305", None),
    ("Guns N' Roses | Sweet Child O' Mine | 356", "Guns N’ Roses | Sweet Child O’ Mine | 355", None),
    ("Kesha | TiK ToK | 199", "Kesha | Tik Tok | 199", None),
    ("Zoe\u0301 | E\u0301te\u0301 | 100", "Zoé | Été | 100", None),
    ("Ann | Song  Of   Spaces | 100", "Ann | Song Of Spaces | 100", None),
    # Featuring.
    ("Daft Punk; Pharrell Williams | Get Lucky (feat. Pharrell Williams) | 248", "Daft Punk | Get Lucky | 248", None),
    ("Daft Punk | Get Lucky | 248", "Daft Punk feat. Pharrell Williams | Get Lucky | 248", None),
    ("Calvin Harris; Dua Lipa | One Kiss | 214", "Calvin Harris & Dua Lipa | One Kiss | 214", None),
    ("Calvin Harris, Dua Lipa | One Kiss | 214", "Calvin Harris; Dua Lipa | One Kiss | 214", None),
    ("The Kid LAROI; Justin Bieber | STAY (with Justin Bieber) | 141", "The Kid LAROI | Stay | 141", None),
    ("Nick Cave & The Bad Seeds | Red Right Hand | 370", "Nick Cave | Red Right Hand | 370", None),
    ("David Guetta | Titanium (feat. Sia) | 245", "David Guetta | Titanium ft. Sia | 245", None),
    ("初音ミク | 千本桜 feat. 初音ミク | 245", "初音ミク | 千本桜 | 245", None),
    # Remasters and what labels add.
    ("Queen | Bohemian Rhapsody - Remastered 2011 | 354", "Queen | Bohemian Rhapsody | 355", None),
    (
        "Queen | Bohemian Rhapsody (2011 Remaster) | 354",
        "Queen | Bohemian Rhapsody - 2018 Remastered Version | 355",
        None,
    ),
    ("New Order | Blue Monday - 2016 Remaster | 447", "New Order | Blue Monday | 448", None),
    ("Prince | 1999 - 2019 Remaster | 379", "Prince | 1999 | 379", None),
    ("Nirvana | Lithium (Album Version) | 257", "Nirvana | Lithium | 257", None),
    ("Deadmau5 | Strobe - Original Mix | 633", "deadmau5 | Strobe | 633", None),
    ('Céline Dion | My Heart Will Go On (From "Titanic") | 280', "Celine Dion | My Heart Will Go On | 280", None),
    ("Eminem | Stan [Explicit] | 404", "Eminem | Stan | 404", None),
    ("Ann | Blue (Deluxe Edition) | 200", "Ann | Blue | 200", None),
    ("Ann | Blue (Official Video) | 200", "Ann | Blue | 200", None),
    ("Ann | 01 - Harbour | 200", "Ann | Harbour | 200", None),
    ("Ann | 7. Harbour | 200", "Ann | Harbour | 200", None),
    # Parts and classical music, written otherwise.
    (
        "Pink Floyd | Another Brick in the Wall, Pt. 2 | 239",
        "Pink Floyd | Another Brick in the Wall (Part 2) | 239",
        None,
    ),
    (
        "Pink Floyd | Another Brick in the Wall, Part II | 239",
        "Pink Floyd | Another Brick in the Wall, Pt. 2 | 239",
        None,
    ),
    ("Ann | Story, Part Two | 239", "Ann | Story, Pt. 2 | 239", None),
    ("Ann | Suite No. 3 | 239", "Ann | Suite Nr. 3 | 239", None),
    (
        "Karajan | Symphony No. 5 in C Minor, Op. 67: I. Allegro con brio | 430",
        "Karajan | Symphony No.5 In C Minor, Op.67: 1. Allegro con brio | 430",
        None,
    ),
    (
        "Ludwig van Beethoven; Herbert von Karajan | Symphony No. 5: II. Andante | 600",
        "Herbert von Karajan | Symphony No. 5: II. Andante | 601",
        None,
    ),
    ("Quartet | Sonata No. 3 - I. Allegro | 300", "Quartet | Sonata No. 3: I. Allegro | 300", None),
    # The same version of it.
    ("Eric Clapton | Layla - Unplugged | 286", "Eric Clapton | Layla (Unplugged) | 286", None),
    ("Jeff Buckley | Hallelujah (Live at Sin-é) | 550", "Jeff Buckley | Hallelujah - Live at Sin-é | 550", None),
    ("M83 | Midnight City (Eric Prydz Remix) | 420", "M83 | Midnight City - Eric Prydz Remix | 420", None),
    ("Taylor Swift | Love Story (Taylor’s Version) | 235", "Taylor Swift | Love Story (Taylor's Version) | 235", None),
    ("Paul McCartney | Live and Let Die | 192", "Paul McCartney | Live and Let Die (Remastered) | 192", None),
    ("Ann | Medley: One / Two / Three | 400", "Ann | Medley: One/Two/Three | 400", None),
    # By the ISRC, which nothing contradicts.
    ("Ann | One | 200 | USABC0000001", "Ann | One | | USABC0000001", None),
    ("Ann | One | 200 | USABC0000001", " | | | USABC0000001", None),
    ("Ann | One | 200 | USABC0000001", "Ann; Ben | One (Radio Edit) | 201 | USABC0000001", None),
    ("YOASOBI | 夜に駆ける | 261 | JPABC0000001", "YOASOBI | Yoru ni Kakeru | 261 | JPABC0000001", None),
    ("Кино | Группа крови | 285 | RUABC0000001", "Kino | Gruppa krovi | 285 | RUABC0000001", None),
    ("Ann | One | 200 | USABC0000001", "Ann | One (Live) | 200 | USABC0000001", None),
    (
        "Beethoven; Karajan | Symphony No. 5: 1. Allegro | 430 | DEABC0000001",
        "Karajan | Beethoven: Symphony No. 5: I. Allegro | 430 | DEABC0000001",
        None,
    ),
    # Heard: names and sound.
    ("Ann | One | 30", "Ann | One | 200", 0.31),
    ("Ann | One | 200", "Ann | One (Remastered 2011) | 190", 0.7),
    ("Ann | One", "Ann | One", 0.1),
    ("Ann; Ben | One", "Ann | One (feat. Ben) | 200", 0.5),
    ("Ann | One (Live) | 200", "Ann | One - Live | 290", 0.5),
    ("Ann | One | 200", "Ann | One - Radio Edit | 180", 0.93),
    ("Ann | One | 200", "Ann | One (Extended Mix) | 380", 0.91),
    ("Ann | Intro | 60", "Ann | Intro | 61", 0.97),
    ("Various Artists | One | 200", "Ann | One | 200", 0.97),
    (" | One | 200", "Ann | One | 200", 0.95),
    ("Ann | One | 200 | USABC0000001 | Um", "Ann | Uma Vez | 201 | USABC0000001 | Dois", 0.97),
    # Heard: a copy, whatever it is called.
    ("Ann Lee | Harbour 0 | 200 | | Blue", "copies | ann_lee-harbour_0-web | 200", 0.9998),
    ("Ann Lee | Harbour | 200", " | track07 | 200", 0.996),
    ("Ann Lee | Harbour | 200 | | Blue", "Ann Lee | 01 Harbour copy | 200 | | Blue", 0.999),
]
_OTHER: list[tuple[str, str, float | None]] = [
    # Nothing speaks for it.
    ("Ann | One | 200", "Ann | Two | 200", None),
    ("Ann | One | 200", "Ben | One | 200", None),
    ("Ann | One | 200", "Ann | One | 203", None),
    ("Ann | One | 200", "Ann | One", None),
    ("Ann | One", "Ann | One", None),
    (" | One | 200", " | One | 200", None),
    ("Various Artists | One | 200", "Various Artists | One | 200", None),
    ("Ann | | 200", "Ann | | 200", None),
    ("Oasis | Hello | 200", "Oasis | Hello, Goodbye | 200", None),
    ("Ann | Yesterday | 200", "Ann | Yes | 200", None),
    ("Ann | Dancing With Myself | 200", "Ann | Dancing With A Stranger | 200", None),
    ("Ed Sheeran | + | 200", "Ed Sheeran | ÷ | 200", None),
    ("Nena | 99 Luftballons | 233", "Nena | 99 Red Balloons | 233", None),
    ("Ann | Москва | 200", "Ann | Moskva | 200", None),
    # Numbers, parts, keys: never a typing error.
    (
        "Pink Floyd | Another Brick in the Wall, Pt. 1 | 190",
        "Pink Floyd | Another Brick in the Wall, Pt. 2 | 190",
        None,
    ),
    ("Ann | The Long Story, Part One | 190", "Ann | The Long Story, Part Two | 190", None),
    ("Ann | The Long Story, Part II | 190", "Ann | The Long Story, Part III | 190", None),
    ("Ann | Fantasia in C | 190", "Ann | Fantasia in D | 190", None),
    ("Ann | Piano Concerto in A Major | 190", "Ann | Piano Concerto in A Minor | 190", None),
    ("Ann | Nocturne No. 1 | 190", "Ann | Nocturne No. 2 | 190", None),
    ("Ann | The Four Seasons: Spring | 190", "Ann | The Four Seasons: Winter | 190", None),
    ("New Order | Blue Monday | 447", "New Order | Blue Monday '88 | 447", None),
    ("Ann | Good Morning Sunshine | 190", "Ann | Good Evening Sunshine | 190", None),
    ("Ann | Volume 1 | 190", "Ann | Volume 2 | 190", None),
    ("Blur | Song 2 | 122", "Blur | Song 3 | 122", None),
    # Movements.
    ("Quartet | Sonata No. 3 - I. Allegro | 300", "Quartet | Sonata No. 3 - II. Adagio | 300", None),
    ("Quartet | Symphony No. 5: I. Allegro | 300", "Quartet | Symphony No. 5: II. Allegro | 300", None),
    ("Quartet | Symphony No. 5: I. Allegro | 300", "Quartet | Symphony No. 7: I. Allegro | 300", None),
    ("Quartet | Sonata No. 3 - I. Allegro | 12 | | Works", "Quartet | Sonata No. 3 - II. Adagio | 12 | | Works", 0.999),
    ("Quartet | Sonata No. 3 - I. Allegro | 12 | | Works", "Quartet | Sonata No. 3 - II. Adagio | 12 | | Works", 0.97),
    ("Quartet | Suite - Prelude | 120", "Quartet | Suite - Gigue | 120", 0.97),
    # Other versions.
    ("Ann | One | 200", "Ann | One (Live) | 200", None),
    ("Ann | One - Live at A | 200", "Ann | One - Live at B | 200", None),
    ("Ann | One | 200", "Ann | One - Acoustic | 200", None),
    ("Ann | One | 200", "Ann | One (Ben Remix) | 200", None),
    ("Ann | One (Ben Remix) | 200", "Ann | One (Cy Remix) | 200", None),
    ("Ann | One | 200", "Ann | One (Sped Up) | 200", None),
    ("Ann | One | 200", "Ann | One (slowed + reverb) | 200", None),
    ("Ann | One | 200", "Ann | One - Nightcore | 200", None),
    ("Ann | One | 200", "Ann | One (Instrumental) | 200", None),
    ("Ann | One | 200", "Ann | One (Demo) | 200", None),
    ("Ann | One | 200", "Ann | One (En Vivo) | 200", None),
    ("Ann | One | 200", "Ann | One (Ao Vivo) | 200", None),
    ("Ann | One | 200", "Ann | One (A Cappella) | 200", None),
    ("Taylor Swift | Love Story | 235", "Taylor Swift | Love Story (Taylor's Version) | 235", None),
    ("Ann | One (Spanish Version) | 200", "Ann | One | 200", None),
    ("Ann | One / Two (Medley) | 200", "Ann | One | 200", None),
    ("Ann | One | 200", "Ann | One Live | 200", None),
    # Covers and karaoke.
    ("The Weeknd | Blinding Lights | 200", "Party Tyme Karaoke | Blinding Lights (Karaoke Version) | 200", None),
    ("The Weeknd | Blinding Lights | 200", "Party Tyme Karaoke | Blinding Lights | 200", None),
    ("Adele | Someone Like You | 285", "Piano Dreamers | Someone Like You (Originally Performed by Adele) | 285", None),
    ("Adele | Someone Like You | 285", "Adele | Someone Like You (In the Style of Adele) | 285", None),
    ("Leonard Cohen | Hallelujah | 275", "Jeff Buckley | Hallelujah | 275", None),
    ("Queen | One | 200", "Queen Tribute Band | One | 200", None),
    # An ISRC that something contradicts.
    ("Flume River | Sign | 241 | FXR592401590", "Mawane | Good Sign | 172 | FXR592401590", None),
    ("Flume River | Sign | 200 | FXR592401590", "Mawane | Sign | 200 | FXR592401590", None),
    (
        "Cold Place | Paradise - Fedor Remix | 320 | GBAYE1101454",
        "Cold Place | Paradise (Tiesso Remix) | 275 | GBAYE1101454",
        None,
    ),
    (
        "Cold Place | Paradise - Fedor Remix | 275 | GBAYE1101454",
        "Cold Place | Paradise (Tiesso Remix) | 275 | GBAYE1101454",
        None,
    ),
    ("Duo | First | 12 | GBABC0160001 | Rip", "Duo | Second | 21 | GBABC0160001 | Rip", None),
    ("Duo | First | 12 | GBABC0160001 | Rip", "Duo | Second | 12 | GBABC0160001 | Rip", None),
    ("Duo | First | 12 | GBABC0160001 | Rip", "Duo | Second | 12 | GBABC0160001 | Rip", 0.93),
    ("Duo | First | 12 | GBABC0160001 | Rip", "Duo | Second | 21 | GBABC0160001 | Rip", 0.834),
    ("Duo | Sign | 200 | GBABC0160001", "Duo | Good Sign | 200 | GBABC0160001", None),
    ("Duo | Part 1 | 200 | GBABC0160001", "Duo | Part 2 | 200 | GBABC0160001", None),
    ("Duo | One | 200 | GBABC0160001", "Duo | One | 320 | GBABC0160001", None),
    ("Кино | Группа крови | 285 | RUABC0000001", "Kino | Gruppa krovi | | RUABC0000001", None),
    # Heard: other songs, however alike.
    ("Crew 0 | Intro | 12", "Crew 1 | Intro | 12", 0.95),
    ("Crew 0 | Intro | 12", "Crew 1 | Intro | 12", 0.997),
    ("Ann | Intro | 60", "Ann | Intro | 90", 0.95),
    ("Ann | Intro | 60", "Ann | Intro | 60", 0.5),
    ("Ann | Allegro | 160", "Ann | Allegro | 200", 0.97),
    ("Ann | Track 1 | 160", "Ann | Track 2 | 160", 0.97),
    ("Ann | One | 200", "Ben | One | 200", 0.97),
    ("Ann | One | 200", "Ann | Two | 200", 0.97),
    ("Ann | One | 200", "Ann | Two | 210", 0.999),
    ("Ann | One", "Ann | Two", 0.999),
    ("Ann | One | 200", "Ann | One (Live) | 200", 0.97),
    ("Ann | One | 200", "Ann | One (Ben Remix) | 200", 0.95),
    ("Ann | One (Ben Remix) | 200", "Ann | One (Cy Remix) | 200", 0.95),
    ("Ann | One | 200", "Ann | One (Karaoke) | 200", 0.95),
    ("Ann | One | 200", "Ann | One - Radio Edit | 180", 0.8),
    ("Various Artists | One | 200", "Ann | One | 200", 0.5),
]


def _track(text: str) -> TrackInfo:
    artists, title, length, code, album, *_ = (*(part.strip() for part in text.split("|")), "", "", "", "")
    return TrackInfo(
        TrackId("deezer:1"),
        "deezer",
        title=title,
        artists=tuple(filter(None, artists.split("; "))),
        album=album,
        isrc=code or None,
        duration_ms=int(length) * 1000 if length else None,
    )


@pytest.mark.parametrize(("one", "other", "similarity"), _SAME)
def test_these_are_one_recording(one: str, other: str, similarity: float | None) -> None:
    assert is_same_recording(_track(one), _track(other), similarity)
    assert is_same_recording(_track(other), _track(one), similarity)


@pytest.mark.parametrize(("one", "other", "similarity"), _OTHER)
def test_these_are_two(one: str, other: str, similarity: float | None) -> None:
    assert not is_same_recording(_track(one), _track(other), similarity)
    assert not is_same_recording(_track(other), _track(one), similarity)


def test_the_table_is_as_long_as_it_is_meant_to_be() -> None:
    assert len({*_SAME, *_OTHER}) == len(_SAME) + len(_OTHER) >= 120


@pytest.mark.parametrize(
    ("wanted", "candidates", "chosen"),
    [
        ("Ann | One | 200", ["Ann | One | 240", "Ann | One | 201"], 1),
        ("Ann | One", ["Ann | One | 200"], 0),
        ("Ann | One", ["Ann | One"], 0),
        ("Ann | One", ["Ann | Two | 200", "Ben | One | 200", "Ann | One | 200", "Ann | One | 201"], 2),
        ("Ann | One", ["Ann | One | 200", "Ann | One | 240"], None),
        ("Ann | One | | | Blue", ["Ann | One | 200 | | Red", "Ann | One | 240 | | Blue (Deluxe Edition)"], 1),
        ("Ann | One | | USABC0000001", ["Ann | One | 240", "Ann | One | 200 | USABC0000001"], 1),
        ("Ann | One", ["Ann | One (Live) | 200", "Ann | Onne | 200"], None),
        ("Ann | One (Live)", ["Ann | One | 200", "Ann | One - Live | 240"], 1),
        (" | One", ["Ann | One | 200"], None),
        ("Ann | One", [], None),
    ],
)
def test_of_several_the_one_is_taken_that_is_certain(wanted: str, candidates: list[str], chosen: int | None) -> None:
    known = [*map(_track, candidates)]
    assert the_one(_track(wanted), known) is (None if chosen is None else known[chosen])
