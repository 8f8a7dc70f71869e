"""Finds the audio of a track: from its own source, else from Deezer by ISRC, Deezer by search, iTunes by search."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from crawler.clip import clip_of
from crawler.download import Downloader
from crawler.matching import is_same_recording
from crawler.providers.deezer import DeezerApi
from crawler.providers.itunes import ItunesApi
from crawler.rate_limit import RateLimiter
from crawler.sources.folder import FolderSource
from earshot.errors import (
    AudioRejected,
    ForbiddenUrl,
    NoPreview,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
    TrackNotFound,
)
from earshot.previews import MAX_PREVIEW_BYTES
from earshot.track import TrackInfo

LookUp = Callable[[str], TrackInfo]
_Step = Callable[[TrackInfo], "FoundPreview"]
_SEVERITY = ("no_preview_url", "miss", "rejected", "refused", "too_large", "unplayable")


@dataclass(frozen=True, slots=True)
class FoundPreview:
    """Audio that can be decoded, and the provider that served it."""

    audio: bytes
    provider: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the search for a preview came to: `found`, or `waiting` for a provider, or neither: then `reason` is final.

    `outcomes` says, by step, why it found nothing; steps that are in it are not asked again.
    """

    outcomes: dict[str, str]
    found: FoundPreview | None = None
    waiting: ProviderThrottled | ProviderUnavailable | None = None

    @property
    def reason(self) -> str:
        """The outcome of the step that came closest to a preview."""
        outcomes = self.outcomes.values()
        return max(outcomes, key=lambda outcome: _SEVERITY.index(outcome) if outcome in _SEVERITY else 99)


@dataclass(frozen=True, slots=True)
class Resolver:
    """Asks whoever may be asked.

    Attributes:
        look_ups: by source, what its provider says of the track with an id; a source that is missing is switched off.
        deezer, itunes: None when switched off.
    """

    folder: FolderSource
    downloader: Downloader
    limiter: RateLimiter
    look_ups: Mapping[str, LookUp]
    deezer: DeezerApi | None = None
    itunes: ItunesApi | None = None

    def describe(self, info: TrackInfo) -> TrackInfo:
        """`info`, completed by its provider where it lacks what the search needs.

        Raises:
            NoPreview: `not_found`, `provider_off`, `refused`: the provider cannot say what the track is.
            ProviderThrottled, ProviderUnavailable.
        """
        lacks_isrc = info.source == "spotify" and not info.isrc and self.deezer is not None
        if info.source in ("file", "manifest") or (info.title and not lacks_isrc):
            return info
        look_up = self.look_ups.get(info.source)
        if look_up is None:
            if info.title:
                return info
            raise NoPreview(f"the source {info.source} of {info.track_id} is switched off", reason="provider_off")
        try:
            return look_up(info.track_id.rpartition(":")[2])
        except TrackNotFound as error:
            raise NoPreview(error.message, reason="not_found") from None
        except ProviderRefused as error:
            if info.title:
                return info
            raise NoPreview(error.message, reason="refused") from None

    def find(self, info: TrackInfo, outcomes: Mapping[str, str]) -> Resolution:
        """Ask step by step, leaving out those that are in `outcomes`. A provider that is throttled stops no other."""
        outcomes = dict(outcomes)
        waits: list[ProviderThrottled | ProviderUnavailable] = []
        for name, step in self._steps(info):
            if name in outcomes:
                continue
            try:
                return Resolution(outcomes, found=step(info))
            except (NoPreview, AudioRejected) as error:
                outcomes[name] = error.reason
            except ForbiddenUrl:
                outcomes[name] = "unplayable"
            except ProviderRefused:
                outcomes[name] = "refused"
            except (ProviderThrottled, ProviderUnavailable) as error:
                waits.append(error)
        return Resolution(outcomes, waiting=min(waits, key=_wait_s) if waits else None)

    def _steps(self, info: TrackInfo) -> Iterator[tuple[str, _Step]]:
        deezer, itunes = self.deezer, self.itunes
        if info.source == "file":
            yield "folder", self._own_file
            return
        yield "own", partial(self._own_deezer, deezer) if info.source == "deezer" else self._own
        if deezer and info.isrc:
            yield "deezer_isrc", partial(self._deezer_isrc, deezer, info.isrc)
        if deezer and info.source != "deezer":
            yield "deezer_search", partial(self._deezer_search, deezer)
        if itunes:
            yield "itunes_search", partial(self._itunes_search, itunes)

    def _own_file(self, info: TrackInfo) -> FoundPreview:
        return FoundPreview(self.folder.clip(info, max_bytes=MAX_PREVIEW_BYTES), "folder")

    def _own(self, info: TrackInfo) -> FoundPreview:
        if not info.preview_url:
            raise NoPreview(f"{info.source} gives no preview of {info.track_id}", reason="no_preview_url")
        return self._download(info.preview_url, info.source)

    def _own_deezer(self, deezer: DeezerApi | None, info: TrackInfo) -> FoundPreview:
        if deezer is None:
            raise NoPreview("Deezer is switched off", reason="provider_off")
        try:
            fresh = info if info.preview_url else deezer.track(info.track_id.rpartition(":")[2])
            return self._deezer_preview(deezer, fresh)
        except TrackNotFound as error:
            raise NoPreview(error.message, reason="not_found") from None

    def _deezer_isrc(self, deezer: DeezerApi, isrc: str, _: TrackInfo) -> FoundPreview:
        found = deezer.track_by_isrc(isrc)
        if found is None:
            raise NoPreview(f"Deezer knows no recording {isrc}", reason="miss")
        if found.isrc and found.isrc != isrc:
            raise NoPreview(f"Deezer answered {found.isrc} for {isrc}", reason="rejected")
        return self._deezer_preview(deezer, found)

    def _deezer_search(self, deezer: DeezerApi, info: TrackInfo) -> FoundPreview:
        return self._deezer_preview(deezer, _accepted(info, deezer.search))

    def _itunes_search(self, itunes: ItunesApi, info: TrackInfo) -> FoundPreview:
        return self._download(_accepted(info, itunes.search).preview_url or "", "itunes")

    def _deezer_preview(self, deezer: DeezerApi, found: TrackInfo) -> FoundPreview:
        """Download at once; a signed URL that has expired all the same is asked for anew, once."""
        for attempt in range(2):
            if not found.preview_url:
                break
            try:
                return self._download(found.preview_url, "deezer")
            except ProviderRefused:
                if attempt:
                    raise
                found = deezer.track(found.track_id.rpartition(":")[2])
        raise NoPreview(f"Deezer has no preview of {found.track_id}", reason="no_preview_url")

    def _download(self, url: str, provider: str) -> FoundPreview:
        try:
            audio = self.downloader.fetch(url, max_bytes=MAX_PREVIEW_BYTES)
        except ProviderThrottled as error:
            self.limiter.pause(provider, error.retry_after_s)
            raise
        return FoundPreview(clip_of(io.BytesIO(audio), max_bytes=MAX_PREVIEW_BYTES), provider)


def _accepted(info: TrackInfo, search: Callable[[str, str], Sequence[TrackInfo]]) -> TrackInfo:
    """The first result that is the recording and has a preview."""
    if not (info.title and info.artists and info.duration_ms):
        raise NoPreview("without artist, title and duration no result can be trusted", reason="rejected")
    results = search(info.artists[0], info.title)
    if not results:
        raise NoPreview("nothing found", reason="miss")
    for result in results:
        if result.preview_url and is_same_recording(
            wanted_title=info.title,
            wanted_artists=info.artists,
            wanted_duration_ms=info.duration_ms,
            title=result.title,
            artists=result.artists,
            duration_ms=result.duration_ms,
        ):
            return result
    raise NoPreview(f"none of {len(results)} results is the recording", reason="rejected")


def _wait_s(error: ProviderThrottled | ProviderUnavailable) -> float:
    """A failure is retried within seconds or minutes, so it comes before a long wait."""
    return error.retry_after_s if isinstance(error, ProviderThrottled) else 0.0


def with_origin(info: TrackInfo, described: TrackInfo) -> TrackInfo:
    """`described`, under the id that was asked for: a provider may answer with a relinked one."""
    return described if described.track_id == info.track_id else replace(described, track_id=info.track_id)
