"""What paths say of files without tags, as people name them (from trackers of AudioMuse-AI, Clementine and Picard)."""

from pathlib import PurePosixPath

import pytest

from crawler.file.names import named

# path: artist, title, album, number of the track
_TABLE = {
    "Downloads/Ann Lee - Harbour.mp3": ("Ann Lee", "Harbour", "", None),
    "7 Years.mp3": ("", "7 Years", "", None),
    "99 Problems.mp3": ("", "99 Problems", "", None),
    "50 Ways.mp3": ("", "50 Ways", "", None),
    "1979.mp3": ("", "1979", "", None),
    "22.mp3": ("", "22", "", None),
    "500 Miles.flac": ("", "500 Miles", "", None),
    "4 Minutes.mp3": ("", "4 Minutes", "", None),
    "Adele/21/22 Acacia.mp3": ("Adele", "22 Acacia", "21", None),
    "Ann Lee/Blue/CD1/01 - One.mp3": ("Ann Lee", "One", "Blue", 1),
    "Ann Lee/Blue/CD 2/01 - One.mp3": ("Ann Lee", "One", "Blue", 1),
    "Ann Lee/Blue (2001)/Disc 2/02 Two.mp3": ("Ann Lee", "Two", "Blue", 2),
    "Ann Lee/Blue/Disk-01/03 Three.mp3": ("Ann Lee", "Three", "Blue", 3),
    "Various/Mix/03. Ben Oak - Three.mp3": ("Ben Oak", "Three", "Mix", 3),
    "Various Artists/Club Night/03 - Ben Oak - Three.mp3": ("Ben Oak", "Three", "Club Night", 3),
    "VA/Mix/1-04 Ben Oak - Four.mp3": ("Ben Oak", "Four", "Mix", 4),
    "04_Ann_Lee_-_Four.mp3": ("Ann Lee", "Four", "", 4),
    "ann_lee-harbour.mp3": ("", "ann lee-harbour", "", None),
    "Ann Lee – Five.mp3": ("Ann Lee", "Five", "", None),
    "Ann Lee — Five.mp3": ("Ann Lee", "Five", "", None),
    "Ann Lee -- Five.mp3": ("Ann Lee", "Five", "", None),
    "A1 - Ann Lee - Six.mp3": ("Ann Lee", "Six", "", 1),
    "B2. Ann Lee - Six.mp3": ("Ann Lee", "Six", "", 2),
    "Ann Lee - Blue - 07 - Seven.mp3": ("Ann Lee", "Seven", "Blue", 7),
    "Ann Lee/Blue/01 - One.mp3": ("Ann Lee", "One", "Blue", 1),
    "Ann Lee/Blue/01. One.mp3": ("Ann Lee", "One", "Blue", 1),
    "Ann Lee/Blue/01 One.mp3": ("Ann Lee", "One", "Blue", 1),
    "Ann Lee/Blue/01_One.mp3": ("Ann Lee", "One", "Blue", 1),
    "Ann Lee/Blue/1-02 Two.mp3": ("Ann Lee", "Two", "Blue", 2),
    "Ann Lee/Blue/2.03 - Three.mp3": ("Ann Lee", "Three", "Blue", 3),
    "Ann Lee/Blue/101 - Four.mp3": ("Ann Lee", "Four", "Blue", 101),
    "Ann Lee/Blue/01 - Ann Lee - One.mp3": ("Ann Lee", "One", "Blue", 1),
    "Ann Lee/Blue/01 - Intro - Reprise.mp3": ("Ann Lee", "Intro - Reprise", "Blue", 1),
    "Ann Lee/2001 - Blue/01 - One.mp3": ("Ann Lee", "One", "Blue", 1),
    "Ann Lee/Ann Lee - Blue/01 - One.mp3": ("Ann Lee", "One", "Blue", 1),
    "Ann Lee - Blue/01 - One.mp3": ("Ann Lee", "One", "Blue", 1),
    "Ann Lee - Blue (2001)/01 - One.mp3": ("Ann Lee", "One", "Blue", 1),
    "Ann Lee/One.mp3": ("Ann Lee", "One", "", None),
    "Music/Ann Lee/Blue/01 - One.mp3": ("Ann Lee", "One", "Blue", 1),
    "Music/One.mp3": ("", "One", "", None),
    "Soundtracks/Amber Road/01 - Ben Oak - Dust.mp3": ("Ben Oak", "Dust", "Amber Road", 1),
    "Unknown Artist/Unknown/01 - Track.mp3": ("", "Track", "", 1),
    "Ann Lee - Harbour (Official Video).mp3": ("Ann Lee", "Harbour", "", None),
    "Ann Lee - Harbour [320].mp3": ("Ann Lee", "Harbour", "", None),
    "Ann Lee - Harbour (Live).mp3": ("Ann Lee", "Harbour (Live)", "", None),
    "AC-DC - T.N.T..mp3": ("AC-DC", "T.N.T.", "", None),
    "Jay-Z/4-44/01 - Kill.mp3": ("Jay-Z", "Kill", "4-44", 1),
    "U2/War/01 Sunday.mp3": ("U2", "Sunday", "War", 1),
    "Sigur Rós/Ágætis/02 - Svefn-g-englar.mp3": ("Sigur Rós", "Svefn-g-englar", "Ágætis", 2),
    "Downloads/99 Problems.mp3": ("", "99 Problems", "", None),
    "Chicago/25 or 6 to 4.mp3": ("Chicago", "25 or 6 to 4", "", None),
    "Ann Lee - 7 Years.mp3": ("Ann Lee", "7 Years", "", None),
    "2 Unlimited - No Limit.mp3": ("2 Unlimited", "No Limit", "", None),
    "10cc - Dreadlock.mp3": ("10cc", "Dreadlock", "", None),
    "音楽/夏.mp3": ("音楽", "夏", "", None),
}


@pytest.mark.parametrize(("path", "said"), _TABLE.items())
def test_a_path_says_artist_title_album_and_number(path: str, said: tuple[str, str, str, int | None]) -> None:
    found = named(PurePosixPath(path))
    assert (found.artist, found.title, found.album, found.track_number) == said


def test_the_disc_stands_in_the_folder_or_in_the_name() -> None:
    assert named(PurePosixPath("Ann Lee/Blue/CD2/01 - One.mp3")).disc_number == 2
    assert named(PurePosixPath("Ann Lee/Blue/2-01 One.mp3")).disc_number == 2
    assert named(PurePosixPath("Ann Lee/Blue/01 One.mp3")).disc_number is None
