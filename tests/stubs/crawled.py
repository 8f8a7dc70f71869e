"""What tests do with a crawl's outcome."""

from typing import Any

from earshot.ids import TrackId
from earshot.track import Track
from tests.stubs.spotify import SpotifyStub, item, spotify_id
from tests.stubs.stack import Stack

PLAYLIST = spotify_id("playlist")


def crawled(stack: Stack, *tracks: dict[str, Any], spotify: SpotifyStub) -> list[Track]:
    """Crawl a playlist of `tracks`; those that are in the table then."""
    spotify.playlists[PLAYLIST] = [item(entry) for entry in tracks]
    stack.run(PLAYLIST)
    stored = [stack.tracks.get(entry["id"]) for entry in tracks]
    return [entry for entry in stored if entry]


def audio_of(stack: Stack, track_id: str) -> tuple[bytes, str | None] | None:
    """The preview in the bucket, and who served it."""
    preview = stack.previews.get(TrackId(track_id))
    return (preview.audio, preview.provider) if preview else None


def make_visible(queue_url: str) -> None:
    """Let moto's clock pass for delayed messages."""
    from moto.sqs.models import sqs_backends

    for backend in sqs_backends["123456789012"].values():
        for queue in backend.queues.values():
            for message in queue._messages:
                message.delayed_until = 0
