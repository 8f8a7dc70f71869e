"""liblistenbrainz plays songs: ``scrobble_listenbrainz.py URL TOKEN TITLE=ARTIST…``; prints what it saw as JSON."""

import json
import sys
import time

from liblistenbrainz import Listen, ListenBrainz
from liblistenbrainz.errors import ListenBrainzAPIException


def session(url: str, token: str, songs: list[tuple[str, str]]) -> dict[str, object]:
    """Show the token, say what plays, play each song, and send what was played long ago."""
    client = ListenBrainz(api_base_url=url)
    client.set_auth_token(token)
    now = int(time.time())
    listens = [Listen(title, artist, listened_at=now - 200 * number) for number, (title, artist) in enumerate(songs)]
    client.submit_playing_now(Listen(*songs[0], additional_info={"duration_ms": 200_000}))
    playing = client.get_playing_now("me")
    sent = [client.submit_single_listen(listen)["status"] for listen in listens]
    long_ago = [Listen(f"Old {number}", "Nobody", listened_at=now - 10**7 - number) for number in range(1000)]
    imported = client.submit_multiple_listens(long_ago)["status"]
    try:
        client.submit_single_listen(Listen(*songs[0], listened_at=1))
        refused = None
    except ListenBrainzAPIException as error:
        refused = error.status_code, error.message
    deadline = time.monotonic() + 60
    while (
        len(seen := client.get_listens("me", count=5, min_ts=now - 1000)) < len(songs) and time.monotonic() < deadline
    ):
        time.sleep(0.3)
    return {
        "playing": playing and playing.track_name,
        "sent": sent,
        "imported": imported,
        "refused": refused,
        "seen": [listen.track_name for listen in seen],
    }


if __name__ == "__main__":
    named = [(word.partition("=")[0], word.partition("=")[2]) for word in sys.argv[3:]]
    print(json.dumps(session(sys.argv[1], sys.argv[2], named)))
