"""Under which names a track's artists are known, for leaving them out."""

import pytest

from earshot.titles import artist_key, artist_keys


@pytest.mark.parametrize(
    ("credit", "title", "among", "not_among"),
    [
        ("Earth, Wind & Fire", "", ["Earth, Wind & Fire"], ["Earth", "Wind", "Fire"]),
        ("AC/DC", "", ["AC/DC", "ACDC"], ["AC", "DC"]),
        ("Florence and the Machine", "", ["Florence & the Machine", "Florence"], ["Machine", "The Machine"]),
        ("Tyler, The Creator", "", ["Tyler, The Creator", "Tyler"], ["The Creator"]),
        ("Queen & David Bowie", "", ["Queen", "David Bowie"], ["Bowie"]),
        ("Nick Cave & The Bad Seeds", "", ["Nick Cave", "Bad Seeds"], ["Seeds"]),
        ("Mark Ronson (feat. Bruno Mars)", "", ["Mark Ronson", "Bruno Mars"], ["Mars"]),
        ("Drake ft. 21 Savage; Yoko", "", ["Drake", "21 Savage", "Yoko"], ["Savage"]),
        ("Mark Ronson", "Uptown Funk (feat. Bruno Mars) - Remix", ["Mark Ronson", "Bruno Mars"], ["Remix"]),
        ("Ann", "One [ft. Bruno Mars & Jay-Z]", ["Ann", "Bruno Mars"], ["One"]),
        ("Ann", "Left (and Right)", ["Ann"], ["Left", "Right"]),
    ],
)
def test_an_artist_is_known_as_credited_and_as_who_is_joined(
    credit: str, title: str, among: list[str], not_among: list[str]
) -> None:
    keys = artist_keys([credit], title)
    assert keys >= set(map(artist_key, among))
    assert not keys & set(map(artist_key, not_among))
