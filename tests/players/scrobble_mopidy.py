"""Mopidy's ListenBrainz frontend plays songs: ``scrobble_mopidy.py HOST:PORT TOKEN TITLE=ARTIST…``.

It is told of the beginning and end of tracks, as Mopidy's core tells it. The core itself needs GStreamer; all that the
frontend takes from it is the name of a class.
"""

import sys
import types

core = types.ModuleType("mopidy.core")
setattr(core, "CoreListener", type("CoreListener", (), {}))  # noqa: B010 (a module has no such attribute)
sys.modules["mopidy.core"] = core

from mopidy.models import Album, Artist, TlTrack, Track  # noqa: E402
from mopidy_listenbrainz.frontend import ListenbrainzFrontend  # noqa: E402


def session(address: str, token: str, songs: list[tuple[str, str]]) -> None:
    """Start the frontend, which shows its token, and play each song to its end."""
    config = {"listenbrainz": {"token": token, "url": address, "import_playlists": False}, "proxy": {}}
    frontend = ListenbrainzFrontend.start(config, types.SimpleNamespace(library=None, playlists=None)).proxy()
    try:
        for number, (title, artist) in enumerate(songs):
            track = Track(name=title, artists=[Artist(name=artist)], album=Album(name="An album"), length=200_000)
            played = TlTrack(tlid=number, track=track)
            frontend.track_playback_started(played).get()
            frontend.track_playback_ended(played, 200_000).get()
    finally:
        frontend.stop()


if __name__ == "__main__":
    session(sys.argv[1], sys.argv[2], [(word.partition("=")[0], word.partition("=")[2]) for word in sys.argv[3:]])
