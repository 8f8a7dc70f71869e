"""From an uploaded preview to a stored embedding: what a track goes through, and in which order."""

import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from aws_lambda_powertools.metrics import MetricUnit

from earshot.clock import now_iso
from earshot.errors import AudioRejected, DecoderCrashed
from earshot.ids import TrackId, source_of
from earshot.messages import FetchPreview
from earshot.reasons import Reason
from earshot.stores.message_queue import MessageQueue
from earshot.stores.previews_bucket import Preview, PreviewsBucket
from earshot.stores.tracks_table import TracksTable
from earshot.telemetry import emit, logger
from earshot.track import Status, TrackInfo
from extractor.audio.decoder import Decoder
from extractor.audio.level import as_loud_as_records, is_quiet
from extractor.audio.samples import Audio
from extractor.extract import Extraction, extract_audio
from extractor.networks.network import Network


@dataclass(frozen=True, slots=True)
class _Heard:
    """A preview, and either its audio or why it has none."""

    preview: Preview
    audio: Audio | AudioRejected | DecoderCrashed


class ExtractorService:
    """Turns previews into embeddings, one at a time; the next one is fetched and decoded meanwhile.

    Repeating a track changes nothing.
    """

    def __init__(
        self,
        tracks: TracksTable,
        previews: PreviewsBucket,
        fetch_queue: MessageQueue,
        decoder: Decoder,
        network: Network,
        *,
        max_preview_bytes: int,
    ) -> None:
        self._tracks = tracks
        self._previews = previews
        self._fetch_queue = fetch_queue
        self._decoder = decoder
        self._network = network
        self._max_preview_bytes = max_preview_bytes
        # One thread: the decoder takes one file at a time, and memory holds one clip ahead.
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._upcoming: deque[TrackId] = deque()
        self._ahead: dict[TrackId, Future[_Heard | None]] = {}

    def expect(self, track_ids: Iterable[TrackId]) -> None:
        """The tracks that `extract` will be asked for next, in order."""
        self._ahead.clear()
        self._upcoming = deque(dict.fromkeys(track_ids))
        self._look_ahead()

    def extract(self, track_id: TrackId) -> None:
        """Store what the track's preview sounds like, then delete the audio.

        A preview that is gone has been extracted by an earlier delivery of the same event, or it has expired: then
        another one is asked for.

        Raises:
            DecoderCrashed: for the queue to try again, or to give up.
        """
        logger().set_correlation_id(track_id)
        started = time.monotonic()
        heard = (self._ahead.pop(track_id, None) or self._thread.submit(self._hear, track_id)).result()
        self._look_ahead()
        if heard is None:
            self._ask_again(track_id)
            return
        preview, audio = heard.preview, heard.audio
        try:
            if isinstance(audio, Exception):
                raise audio
            self._store(preview, audio)
            emit("ExtractSeconds", time.monotonic() - started, MetricUnit.Seconds)
        except AudioRejected as error:
            self._fail(preview, error.reason, error.message)

    def give_up(self, track_id: TrackId, error: Exception) -> None:
        """Its preview could not be extracted, as often as that was tried: the track is failed, the audio deleted."""
        reason = error.reason if isinstance(error, DecoderCrashed) else Reason.INTERNAL_ERROR
        try:
            preview = self._previews.get(track_id, max_bytes=self._max_preview_bytes)
        except AudioRejected as too_large:
            preview, reason = _unread(track_id), too_large.reason
        if preview is None:
            self._ask_again(track_id)
        else:
            self._fail(preview, reason, str(error))

    @property
    def model(self) -> str:
        """Name of the network."""
        return self._network.name

    def listen(self, clip: bytes) -> list[Extraction]:
        """Features of a clip that belongs to no track: as it is, and of a quiet one also as loud as records are. The
        decoder's turn is waited for.

        Raises:
            AudioRejected: it cannot become an embedding.
            DecoderCrashed: it killed the decoder.
        """
        audio = self._thread.submit(self._decoder.decode, clip).result()
        levels = [audio, as_loud_as_records(audio)] if is_quiet(audio) else [audio]
        return [extract_audio(one, self._network) for one in levels]

    def close(self) -> None:
        """End the decoder's process."""
        self._thread.shutdown()
        self._decoder.close()

    def _look_ahead(self) -> None:
        if self._upcoming and not self._ahead:
            track_id = self._upcoming.popleft()
            self._ahead[track_id] = self._thread.submit(self._hear, track_id)

    def _hear(self, track_id: TrackId) -> _Heard | None:
        try:
            preview = self._previews.get(track_id, max_bytes=self._max_preview_bytes)
        except AudioRejected as error:  # too large to be read
            return _Heard(_unread(track_id), error)
        if preview is None:
            return None
        try:
            return _Heard(preview, self._decoder.decode(preview.audio))
        except (AudioRejected, DecoderCrashed) as error:
            return _Heard(preview, error)

    def _store(self, preview: Preview, audio: Audio) -> None:
        clip = extract_audio(audio, self._network)
        embedding, drift = clip.embedding.to_bytes()
        stored = self._tracks.store_embedding(
            preview.info,
            embedding=embedding,
            drift=drift,
            tags=clip.tags,
            model=clip.model,
            preview_at=preview.fetched_at,
            provider=preview.provider,
            descriptors=clip.descriptors,
        )
        self._previews.delete(preview.info.track_id, etag=preview.etag)
        emit("TracksExtracted")
        logger().info("extracted", track_id=preview.info.track_id, stored=stored, seconds=round(audio.seconds, 2))

    def _fail(self, preview: Preview, reason: Reason, detail: str) -> None:
        """The audio will never become an embedding: say so on the track, and only then delete it."""
        self._tracks.mark_failed(preview.info, reason=reason, preview_at=preview.fetched_at)
        self._previews.delete(preview.info.track_id, etag=preview.etag)
        emit("TracksFailed", reason=reason)
        logger().warning("rejected", track_id=preview.info.track_id, reason=reason, detail=detail)

    def _ask_again(self, track_id: TrackId) -> None:
        """The preview is not there. Unless the track has got what it would have given, it needs another one."""
        track = self._tracks.get(track_id)
        waits = track is not None and self._tracks.mark_waiting(track_id, reason=Reason.PREVIEW_EXPIRED)
        outdated = track is not None and track.status is Status.READY and track.model != self.model
        if waits or outdated:
            self._fetch_queue.send(FetchPreview(track_id))
            emit("PreviewsExpired")
        logger().info("preview is gone", track_id=track_id, asked_for_another=waits or outdated)


def _unread(track_id: TrackId) -> Preview:
    """Of a preview that is too large, nothing but whose it is."""
    return Preview(TrackInfo(track_id, source_of(track_id)), b"", now_iso(), None, "")
