"""A player's session by py-opensonic: ``opensonic.py URL USER PASSWORD``; prints what it saw as JSON."""

import asyncio
import json
import sys
from urllib.parse import urlsplit

from libopensonic import AsyncConnection


async def session(url: str, user: str, password: str) -> dict[str, object]:
    """Search, ask for what is similar, stream the first answer, walk a path."""
    parts = urlsplit(url)
    # Supysonic knows no tokens.
    player = AsyncConnection(f"http://{parts.hostname}", user, password, port=parts.port, legacy_auth=True)
    extensions = [one.name for one in await player.get_open_subsonic_extensions()]
    found = await player.search3("Song 1", song_count=1)
    seed = found.song[0]
    similar = await player.get_similar_songs2(seed.id, count=10)
    answer = await player.stream(similar[0].id)
    audio = await answer.read()
    matches = await player.get_sonic_similar_tracks(seed.id, count=5)
    path = await player.find_sonic_path(seed.id, similar[-1].id, count=6)
    artist = await player.get_similar_songs2(seed.artist_id, count=5)
    return {
        "extensions": extensions,
        "seed": seed.title,
        "similar": [song.title for song in similar],
        "streamed": len(audio),
        "starts": audio[:3].hex(),
        "size": similar[0].size,
        "matches": [[match.entry.title, match.similarity] for match in matches],
        "path": [match.entry.title for match in path],
        "of the artist": [song.title for song in artist],
    }


print(json.dumps(asyncio.run(session(*sys.argv[1:4]))))
