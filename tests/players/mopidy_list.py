"""Mopidy's M3U backend: ``mopidy_list.py FOLDER NAME``; prints the URIs and names of what it would play, as JSON."""

import json
import sys

from mopidy.m3u.backend import M3UBackend


def read(folder: str, name: str) -> list[list[str]]:
    """The tracks of the playlist of this name in `folder`, as the player's library shows it."""
    told = {"playlists_dir": folder, "base_dir": None, "default_encoding": "utf-8", "default_extension": ".m3u8"}
    backend = M3UBackend.start(config={"m3u": told}, audio=None).proxy()
    try:
        (found,) = [one for one in backend.playlists.as_list().get() if one.name == name]
        return [[track.uri, track.name] for track in backend.playlists.lookup(found.uri).get().tracks]
    finally:
        backend.stop()


print(json.dumps(read(*sys.argv[1:3])))
