"""Finds the audio of a track: from its own source, else by ISRC and by search from whoever finds anybody's tracks."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from crawler.source import Connected, Web
from crawler.waiting import Later, later
from earshot.errors import (
    AudioRejected,
    ForbiddenUrl,
    NoPreview,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
    TrackNotFound,
)
from earshot.ids import number_of
from earshot.reasons import Reason
from earshot.recordings import is_same_recording, the_one
from earshot.sources import SOURCES, Can
from earshot.track import TrackInfo

_SEVERITY = (
    Reason.NO_PREVIEW_URL, Reason.NOT_IN_LIBRARY, Reason.MISS, Reason.REJECTED, Reason.NO_DURATION, Reason.REFUSED,
    Reason.TOO_LARGE, Reason.UNPLAYABLE,
)  # fmt: skip


_COMPLETED = ("title", "artists", "album", "isrc", "duration_ms", "url", "artwork_url")


@dataclass(frozen=True, slots=True)
class Found:
    """Audio that can be decoded, the provider that served it, and what it says of the recording."""

    audio: bytes
    provider: str
    described: TrackInfo

    def completed(self, info: TrackInfo) -> TrackInfo:
        """`info`, with what the provider knows of the recording and nobody has said so far."""
        said = self.described
        if info.title and info.artists:
            return info if info.duration_ms else replace(info, duration_ms=said.duration_ms)
        known = {name: getattr(said, name) for name in _COMPLETED if not getattr(info, name)}
        return replace(info, **known)


@dataclass(frozen=True, slots=True)
class GivenUp:
    """There is no preview to be had, and why."""

    reason: Reason


_Step = Callable[[], Found | GivenUp]
_Search = Callable[[str, str], Sequence[TrackInfo]]


@dataclass(frozen=True, slots=True)
class Resolver:
    """Asks whoever may be asked.

    Attributes:
        sources: those that are switched on, by name; they are asked in this order.
    """

    sources: Mapping[str, Connected]
    web: Web

    def describe(self, info: TrackInfo) -> TrackInfo | GivenUp | Later:
        """`info`, completed by its source where it lacks what the search needs.

        Given up is a track of which its source cannot say what it is: `not_found`, `provider_off`, `refused`.
        """
        if Can.LOOK_UP not in SOURCES[info.source].can or (info.title and not self._lacks_isrc(info)):
            return info
        source = self.sources.get(info.source)
        if source is None or source.track is None:
            return info if info.title else GivenUp(Reason.PROVIDER_OFF)
        try:
            described = source.track(number_of(info.track_id))
        except TrackNotFound:
            return GivenUp(Reason.NOT_FOUND)
        except ProviderRefused:
            return info if info.title else GivenUp(Reason.REFUSED)
        except (ProviderThrottled, ProviderUnavailable) as error:
            return later(error)
        return replace(described, track_id=info.track_id)  # it may have been answered with a relinked one

    def _lacks_isrc(self, info: TrackInfo) -> bool:
        """Whether another could find the track, if its ISRC were known."""
        return not info.isrc and any(name != info.source and source.by_isrc for name, source in self.sources.items())

    def find(self, info: TrackInfo, outcomes: Mapping[str, Reason]) -> Found | GivenUp | Later:
        """Ask step by step. A provider that is throttled stops no other.

        Args:
            info: the track.
            outcomes: by step, why it found nothing at an earlier try; it is not asked again.
        """
        outcomes = dict(outcomes)
        waits: list[Later] = []
        for name, step in self._steps(info):
            if name not in outcomes:
                match _asked(step):
                    case Found() as found:
                        return found
                    case GivenUp(reason):
                        outcomes[name] = reason
                    case Later() as wait:
                        waits.append(wait)
        if waits:
            # A failure is retried within seconds or minutes, so it comes before a long wait.
            return replace(min(waits, key=lambda wait: wait.seconds or 0.0), outcomes=outcomes)
        return GivenUp(_closest(outcomes.values()))

    def _steps(self, info: TrackInfo) -> Iterator[tuple[str, _Step]]:
        yield "own", partial(self._own, info)
        if not SOURCES[info.source].is_trusted:
            return
        for name, source in self.sources.items():
            if source.by_isrc and info.isrc:
                yield f"{name}_isrc", partial(self._by_isrc, name, source.by_isrc, info)
            if source.search and name != info.source:
                yield f"{name}_search", partial(self._by_search, name, source.search, info)

    def _own(self, info: TrackInfo) -> Found | GivenUp:
        """From the track's own source. One that is off, or a list, leads nowhere by itself."""
        only_named = info.source == "manifest" or info.source not in self.sources
        if only_named and not info.preview_url and Can.SERVE not in SOURCES[info.source].can:
            return GivenUp(Reason.NOT_IN_LIBRARY)
        return self._preview(info.source, info)

    def _by_isrc(self, name: str, by_isrc: Callable[[str], TrackInfo | None], info: TrackInfo) -> Found | GivenUp:
        """The track with the same ISRC, unless title, artist or length say that it is another recording."""
        found = by_isrc(info.isrc or "")
        if found is None:
            return GivenUp(Reason.MISS)
        same = is_same_recording(info, replace(found, isrc=found.isrc or info.isrc))
        return self._preview(name, found) if same else GivenUp(Reason.REJECTED)

    def _by_search(self, name: str, search: _Search, info: TrackInfo) -> Found | GivenUp:
        """The result that is the recording and has a preview."""
        if not (info.title and info.artists):
            return GivenUp(Reason.MISS)
        results = search(info.artists[0], info.title)
        if found := the_one(info, [result for result in results if result.preview_url]):
            return self._preview(name, found)
        if not results:
            return GivenUp(Reason.MISS)
        return GivenUp(Reason.REJECTED if info.duration_ms else Reason.NO_DURATION)

    def _preview(self, name: str, info: TrackInfo) -> Found | GivenUp:
        """The audio of the source's track."""
        source = self.sources.get(name)
        if source and source.preview:
            return Found(source.preview(info), name, info)
        if Can.SERVE in SOURCES[name].can:
            return GivenUp(Reason.PROVIDER_OFF)
        if not info.preview_url:
            return GivenUp(Reason.NO_PREVIEW_URL)
        return Found(self.web.audio(info.preview_url, name), name, info)


def _asked(step: _Step) -> Found | GivenUp | Later:
    """What comes of a step, and of what may stop it."""
    try:
        return step()
    except (NoPreview, AudioRejected) as error:
        return GivenUp(error.reason)
    except TrackNotFound:
        return GivenUp(Reason.NOT_FOUND)
    except ForbiddenUrl:
        return GivenUp(Reason.UNPLAYABLE)
    except ProviderRefused:
        return GivenUp(Reason.REFUSED)
    except (ProviderThrottled, ProviderUnavailable) as error:
        return later(error)


def _closest(outcomes: Iterable[Reason]) -> Reason:
    """The outcome of the step that came closest to a preview."""
    reasons = map(Reason, outcomes)
    return max(reasons, key=lambda reason: _SEVERITY.index(reason) if reason in _SEVERITY else len(_SEVERITY))
