"""Gives tracks their cover: the first of their source's pictures that can be drawn."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crawler.covers.drawer import Drawer
from crawler.pictures import may_be_cover
from crawler.source import Connected
from earshot.covers import cover_of
from earshot.errors import AudioRejected, DecoderCrashed, NotFound, ProviderRefused
from earshot.messages import FetchCover
from earshot.stores.covers_bucket import CoversBucket
from earshot.stores.tracks_table import TracksTable
from earshot.telemetry import logger
from earshot.track import NO_COVER


@dataclass(frozen=True, slots=True)
class Covering:
    """What covers are made with. `covers`: None where none are kept."""

    tracks: TracksTable
    covers: CoversBucket | None
    sources: Mapping[str, Connected]
    drawer: Drawer

    def run(self, message: FetchCover) -> None:
        """Store the cover and note it on those of the tracks that still have it. May be repeated.

        A picture that is damaged or too large is passed over; tracks of which none is left have no cover.
        """
        tracks = self.tracks.described_many(message.track_ids).values()
        infos = [track.info for track in tracks if track.info.cover_id == message.cover_id]
        source = self.sources.get(infos[0].source) if infos else None
        if self.covers is None or source is None or source.pictures is None:
            return
        try:
            cover = self._stored(self.covers, source.pictures(infos[0]))
        except (NotFound, AudioRejected):  # it is gone, or too large
            cover = None
        except ProviderRefused as error:
            logger().info("no cover", cover_id=message.cover_id, error=error.message)
            return
        for info in infos:
            self.tracks.note_cover(info.track_id, cover or NO_COVER, cover_id=message.cover_id)

    def give_up(self, message: FetchCover) -> None:
        """It failed too often. Nothing waits for it, and it is asked for again when covers are swept."""
        logger().warning("no cover", cover_id=message.cover_id)

    def _stored(self, covers: CoversBucket, pictures: Iterable[bytes]) -> str | None:
        for picture in pictures:
            cover = cover_of(picture)
            if covers.exists(cover):
                return cover
            if not may_be_cover(picture):
                continue
            try:
                drawn = self.drawer.draw(picture)
            except (AudioRejected, DecoderCrashed) as error:
                logger().info("a picture is no cover", picture=cover, reason=error.reason, error=error.message)
                continue
            covers.put(cover, drawn)
            return cover
        return None
