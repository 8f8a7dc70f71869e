"""Mopidy's Subidy backend without loudspeakers: ``headless_mopidy.py URL USER PASSWORD``; prints what it saw as JSON.

Mopidy proper needs GStreamer to make sound; the backend is the part of it that talks to servers.
"""

import json
import sys
from urllib.request import urlopen

from mopidy_subidy.backend import SubidyBackend


def session(url: str, user: str, password: str) -> dict[str, object]:
    """Browse, search, ask for what is similar, play the first answer and read the playlists."""
    told = {"url": url, "username": user, "password": password, "legacy_auth": True, "api_version": "1.14.0"}
    backend = SubidyBackend.start(config={"subidy": told}, audio=None).proxy()
    try:
        seed = backend.library.search({"any": ["Song 1"]}).get().tracks[0]
        number = seed.uri.rpartition(":")[2]
        connection = backend.subsonic_api.get().connection
        similar = connection.getSimilarSongs2(number, 5)["similarSongs2"]["song"]
        first = backend.library.lookup(f"subidy:song:{similar[0]['id']}").get()[0]
        with urlopen(backend.playback.translate_uri(first.uri).get()) as stream:  # noqa: S310
            streamed = len(stream.read())
        playlists = {one.name: backend.playlists.lookup(one.uri).get() for one in backend.playlists.as_list().get()}
        return {
            "seed": seed.name,
            "similar": [song["title"] for song in similar],
            "first": first.name,
            "streamed": streamed,
            "size": similar[0]["size"],
            "playlists": {name: [track.name for track in found.tracks] for name, found in playlists.items()},
        }
    finally:
        backend.stop()


print(json.dumps(session(*sys.argv[1:4])))
