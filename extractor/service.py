"""From an uploaded preview to a stored embedding. The one place that wires the extractor's adapters."""

from functools import lru_cache

import boto3
from aws_lambda_powertools import Logger

from config.extract import ExtractSettings
from earshot.errors import AudioRejected
from earshot.previews import PreviewsBucket
from earshot.track import TrackInfo
from earshot.track_id import source_of
from earshot.tracks_table import TracksTable, now_iso
from extractor.extract import extract_clip
from extractor.musicnn import MusicnnMsd
from extractor.network import Network

logger = Logger(service="extractor")


class ExtractorService:
    """Turns previews into embeddings, one at a time. Repeating a track changes nothing."""

    def __init__(
        self, tracks: TracksTable, previews: PreviewsBucket, network: Network, settings: ExtractSettings
    ) -> None:
        self._tracks = tracks
        self._previews = previews
        self._network = network
        self._settings = settings

    def extract(self, track_id: str) -> None:
        """Store what the track's preview sounds like, then delete the audio.

        A preview that is gone has been extracted by an earlier delivery of the same event, or has expired.
        """
        try:
            preview = self._previews.get(track_id, max_bytes=self._settings.max_preview_bytes)
        except AudioRejected as error:
            self._fail(TrackInfo(track_id, source_of(track_id)), error, now_iso())
            return
        if preview is None:
            logger.info("preview is gone", track_id=track_id)
            return
        try:
            clip = extract_clip(preview.audio, self._network)
            embedding, drift = clip.embedding.to_bytes()
        except AudioRejected as error:
            self._fail(preview.info, error, preview.fetched_at)
            return
        stored = self._tracks.store_embedding(
            preview.info,
            embedding=embedding,
            drift=drift,
            tags=clip.tags,
            model=clip.model,
            preview_at=preview.fetched_at,
            provider=preview.provider,
        )
        self._previews.delete(track_id)
        logger.info("extracted", track_id=track_id, stored=stored, seconds=round(clip.seconds, 2))

    def _fail(self, info: TrackInfo, error: AudioRejected, preview_at: str) -> None:
        """The audio will never become an embedding: say so on the track, and only then delete it."""
        self._tracks.mark_failed(info, reason=error.reason, preview_at=preview_at)
        self._previews.delete(info.track_id)
        logger.warning("rejected", track_id=info.track_id, reason=error.reason, detail=error.message)


@lru_cache(maxsize=1)
def bootstrap() -> ExtractorService:
    """The service of this process, with real adapters.

    Raises:
        InvalidSettings: a setting is missing, or the model files are.
    """
    settings = ExtractSettings.load()
    return ExtractorService(
        TracksTable(boto3.client("dynamodb"), settings.tracks_table),
        PreviewsBucket(boto3.client("s3"), settings.previews_bucket),
        MusicnnMsd(settings.model_dir),
        settings,
    )
