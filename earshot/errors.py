"""Every error Earshot raises on purpose, and what each one means to HTTP and to a queue.

::

    EarshotError
    ├── InvalidInput                 what the caller sent cannot be used
    │   ├── InvalidTrackId
    │   ├── InvalidPlaylist
    │   ├── InvalidSettings
    │   ├── DamagedCatalogueFile     an exported catalogue is cut off or altered
    │   ├── UnknownTag               no track in the index carries the tag
    │   ├── UnknownGenre             no track in the index is of the genre
    │   └── InvalidRequest           an HTTP request whose parameters or body break the contract
    │       ├── RequestTooLarge
    │       ├── ClipTooLarge             the clip of a query by sound has too many bytes
    │       └── UnsupportedMediaType
    ├── KeyRequired                  the request needs a valid API key
    ├── QuotaExceeded                as much as is allowed in an hour has been asked for; carries `retry_after_s`
    ├── MethodNotAllowed             the path exists, the method does not
    ├── NotServedHere                this process answers from an index alone, and the request needs more
    ├── NotFound
    │   ├── RouteNotFound
    │   ├── TrackNotFound
    │   ├── PlaylistNotFound
    │   ├── CrawlNotFound
    │   ├── QueryNotFound            no query by sound with this id, or no longer
    │   ├── CoverNotFound            the track has no cover, or nobody keeps it
    │   └── NotPlayable              the audio of the track cannot be played from here
    ├── TrackNotReady                known, but has no embedding (yet)
    ├── NoIndexYet                   nothing has been indexed so far
    ├── OtherTransform               a vector comes from another catalogue transform than the index's
    ├── ShardsUnavailable            a catalogue in shards cannot answer now; carries `retry_after_s`
    │   ├── ShardOfTrackDown         the shard that a track belongs to does not answer, so its vector is unknown
    │   └── TooFewShards             so many are missing that the rest is no answer
    ├── AudioRejected                the preview cannot become an embedding; carries a reason code
    ├── DecoderCrashed               a file killed or hung its decoder: a few more tries, then failed
    ├── DecoderUnavailable           the process that decodes cannot be started, whatever the file
    ├── NoPreview                    no provider has a preview; carries a reason code
    ├── ProviderError                a music API did not do what was asked
    │   ├── ProviderRefused          its answer is final (401, 403, 404)
    │   ├── ProviderThrottled        try again after `retry_after_s`
    │   └── ProviderUnavailable      time-outs, 5xx, broken bodies: try again
    ├── CrawlAborted                 a crawl failed again and again, for no reason that has a name
    ├── CrawlCancelled               somebody cancelled a crawl before it had read everything
    ├── ForbiddenUrl                 a URL outside the allow-list; never fetched
    ├── StepFailed                   a step of a pipeline that another try would not help
    ├── JobFailed                    a job in bulk ended without having done its work
    ├── InvalidJudgement             a file of the laboratory is no judgement, or two cannot be compared
    ├── LocalStackError              the stack on this machine cannot start, or does not run
    ├── ApiError                     our own HTTP API, as its clients see it
    │   ├── ApiUnreachable           it does not answer, or something else does
    │   └── ApiRefused               it answers with an error; carries the status
    └── IndexVersionError
        ├── DamagedIndex             an index object is not what its manifest says
        ├── IndexRace                another builder published first; fold the batch again
        ├── RecallTooLow             a new version answers too badly to be published
        ├── RecipeNotReady           the index of a recipe cannot be put into service yet
        ├── IndexUnavailable         the service that searches the index does not answer now: try again
        └── IndexRefused             it answers that it will not: a permission, a limit
"""

from http import HTTPStatus

from earshot.reasons import Reason
from earshot.sources import Can, labels, servers, track_id_forms


class EarshotError(Exception):
    """Base of all. `code` is stable and machine-readable; `hint` tells a person what to do."""

    code = "internal_error"
    hint = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if hint is not None:
            self.hint = hint


class InvalidInput(EarshotError):
    """What the caller sent cannot be used."""

    code = "invalid_input"


class InvalidTrackId(InvalidInput):
    """The text is no track id, URI or URL of a known source."""

    code = "invalid_track_id"
    hint = (
        f"Use the id, URI or URL of a {labels(Can.LOOK_UP)} track, or an id as GET /search and the page show it "
        f"({track_id_forms()})."
    )


class InvalidPlaylist(InvalidInput):
    """The text names no playlist that any source understands."""

    code = "invalid_playlist"
    hint = (
        "Use a folder of audio files, a manifest (.csv or .jsonl), or the id, URI or URL of a "
        f"{labels(Can.LIST)} playlist, album or track; of a media server of yours, {servers()}."
    )


class InvalidSettings(InvalidInput):
    """A setting is missing or has a value that cannot work."""

    code = "invalid_settings"


class DamagedCatalogueFile(InvalidInput):
    """The file is no exported catalogue, of an unknown format, cut off or altered."""

    code = "damaged_catalogue_file"
    hint = "Export again, or use another copy."


class UnknownTag(InvalidInput):
    """No track in the index carries the tag."""

    code = "unknown_tag"


class UnknownGenre(InvalidInput):
    """No track in the index is of the genre."""

    code = "unknown_genre"


class InvalidRequest(InvalidInput):
    """An HTTP request whose parameters or body break the contract."""

    code = "invalid_request"
    hint = "The contract is at /docs and /openapi.json."


class RequestTooLarge(InvalidRequest):
    """The request's body is longer than any valid one."""

    code = "request_too_large"


class ClipTooLarge(InvalidRequest):
    """The clip of a query by sound has more bytes than are heard."""

    code = "clip_too_large"
    hint = "Thirty seconds are enough: cut it, or compress it."


class UnsupportedMediaType(InvalidRequest):
    """The request's body is not JSON."""

    code = "unsupported_media_type"
    hint = "Send JSON with Content-Type: application/json."


class KeyRequired(EarshotError):
    """The request needs a valid API key."""

    code = "key_required"
    hint = "Send it in the header X-Api-Key."


class QuotaExceeded(EarshotError):
    """As much as is allowed in an hour has been asked for already."""

    code = "quota_exceeded"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message, hint=f"Ask again in {retry_after_s} seconds.")
        self.retry_after_s = retry_after_s


class MethodNotAllowed(EarshotError):
    """The path exists, the method does not."""

    code = "method_not_allowed"

    def __init__(self, message: str, *, allowed: tuple[str, ...]) -> None:
        super().__init__(message, hint=f"Use {' or '.join(allowed)}.")
        self.allowed = allowed


class NotServedHere(EarshotError):
    """This process answers from an index alone, and the request needs a table or a queue."""

    code = "not_served_here"
    hint = "It is answered where the stage's tables and queues are known (docs/operations.md, The API as a container)."


class NotFound(EarshotError):
    """The thing asked for does not exist here."""

    code = "not_found"


class RouteNotFound(NotFound):
    """The API has no such path."""

    code = "route_not_found"
    hint = "The paths are listed at /docs and /openapi.json."


class TrackNotFound(NotFound):
    """No track with this id has been crawled."""

    code = "track_not_found"
    hint = "Crawl a playlist that holds it first: make crawl PLAYLIST=…"


class PlaylistNotFound(NotFound):
    """The source knows no such playlist, or does not show it to this account."""

    code = "playlist_not_found"


class CrawlNotFound(NotFound):
    """No crawl with this id."""

    code = "crawl_not_found"


class QueryNotFound(NotFound):
    """No query by sound with this id, or no longer."""

    code = "query_not_found"
    hint = "Queries are kept for an hour; upload the clip again."


class CoverNotFound(NotFound):
    """The track has no cover, or nobody keeps it."""

    code = "cover_not_found"
    hint = "Covers come from the tags and folders of own files, from media servers and from providers."


class NotPlayable(NotFound):
    """The audio of the track cannot be played from here."""

    code = "not_playable"
    hint = "Open the track at its `url`."


class TrackNotReady(EarshotError):
    """The track is known but has no embedding in the index: `status` and `reason` say why."""

    code = "track_not_ready"

    def __init__(self, message: str, *, status: str, reason: Reason | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.reason = reason


class NoIndexYet(EarshotError):
    """No index version has been published."""

    code = "no_index_yet"
    hint = "Crawl a playlist and wait until its first tracks are indexed."


class OtherTransform(EarshotError):
    """The vector that is asked about comes from another catalogue transform: its cosines here would mean nothing."""

    code = "other_transform"
    hint = "All shards must be of one division: python -m annoy_service divide."


class ShardsUnavailable(EarshotError):
    """A catalogue in shards cannot answer now."""

    code = "shards_unavailable"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message, hint=f"Ask again in {retry_after_s} seconds.")
        self.retry_after_s = retry_after_s


class ShardOfTrackDown(ShardsUnavailable):
    """The shard that the track belongs to does not answer: nobody else knows its vector."""

    code = "shard_of_track_down"


class TooFewShards(ShardsUnavailable):
    """So many shards are missing that what the others hold would be no answer."""

    code = "too_few_shards"


class AudioRejected(EarshotError):
    """The audio cannot become an embedding, now or later. `reason` is kept on the track."""

    code = "audio_rejected"

    def __init__(self, message: str, *, reason: Reason, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class DecoderCrashed(EarshotError):
    """The process that decodes died or hung on a file. Worth another try, but not many; `reason` is for the track."""

    code = "decoder_crashed"
    tries = 3

    def __init__(self, message: str, *, reason: Reason, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class DecoderUnavailable(EarshotError):
    """The process that decodes ended before its first file. That says nothing of any file."""

    code = "decoder_unavailable"
    hint = "Run its module by hand (python -m …): what it prints says what it lacks."


class NoPreview(EarshotError):
    """No provider has a preview for the track. `reason` is kept on the track."""

    code = "no_preview"

    def __init__(self, message: str, *, reason: Reason, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class ProviderError(EarshotError):
    """A music API did not do what was asked."""

    code = "provider_error"


class ProviderRefused(ProviderError):
    """The provider's answer is final: asking again will not help. `status`: the HTTP status that said so, if any."""

    code = "provider_refused"

    def __init__(self, message: str, *, hint: str | None = None, status: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class ProviderThrottled(ProviderError):
    """The provider asks to wait. Hand the work back to its queue for `retry_after_s` seconds."""

    code = "provider_throttled"

    def __init__(self, message: str, *, retry_after_s: float, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class ProviderUnavailable(ProviderError):
    """Time-out, refused connection, 5xx or a broken body: worth another try."""

    code = "provider_unavailable"


class CrawlAborted(EarshotError):
    """Reading a playlist failed so often that nobody tries any more. It may be crawled again."""

    code = "crawl_aborted"
    hint = "Crawl it again. If that fails too, the log of crawl_playlist says why."


class CrawlCancelled(EarshotError):
    """Somebody cancelled the crawl before it had read everything. What it had read stays."""

    code = "crawl_cancelled"
    hint = "Crawl it again to have the rest."


class ForbiddenUrl(EarshotError):
    """The URL's scheme, host or address is not allow-listed."""

    code = "forbidden_url"


class StepFailed(EarshotError):
    """A step of a pipeline that another try would not help."""

    code = "step_failed"


class JobFailed(EarshotError):
    """A job in bulk ended on AWS without having done its work."""

    code = "job_failed"
    hint = "Its log says more. Once that is mended, submit it again: what is done is not done again."


class InvalidJudgement(EarshotError):
    """A file of the laboratory is no judgement, or two judgements cannot be compared."""

    code = "invalid_judgement"


class LocalStackError(EarshotError):
    """The stack on this machine cannot start, or is needed and does not run."""

    code = "local_stack_error"


class ApiError(EarshotError):
    """Our own HTTP API did not do what a client of it asked."""

    code = "api_error"


class ApiUnreachable(ApiError):
    """The address is none, nobody answers there, or what answers is not the API of Earshot."""

    code = "api_unreachable"
    hint = "Is it running? make up starts it."


class ApiRefused(ApiError):
    """The API's answer is an error, whose message and hint these are. `status` is that of HTTP."""

    code = "api_refused"

    def __init__(self, message: str, *, status: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class IndexVersionError(EarshotError):
    """Base of what can be wrong with an index version."""

    code = "index_error"


class DamagedIndex(IndexVersionError):
    """An index object differs from what its manifest promises. Never query it."""

    code = "damaged_index"


class IndexRace(IndexVersionError):
    """Another builder moved the pointer first. Reload and fold the batch onto its version."""

    code = "index_race"


class RecallTooLow(IndexVersionError):
    """The promotion gate stayed shut: the new version misses too many true neighbours and was not published."""

    code = "recall_too_low"


class RecipeNotReady(IndexVersionError):
    """A verdict that cannot be carried out: the recipe's index is not kept, not there, or lacks tracks."""

    code = "recipe_not_ready"


class IndexUnavailable(IndexVersionError):
    """The service that searches or keeps the index does not answer now, or has too much to do. Try again."""

    code = "index_unavailable"


class IndexRefused(IndexVersionError):
    """The service that searches or keeps the index will not do what it was asked, however often: a permission, a
    limit."""

    code = "index_refused"


_HTTP_STATUS: dict[type[EarshotError], HTTPStatus] = {
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidSettings: HTTPStatus.INTERNAL_SERVER_ERROR,
    RequestTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ClipTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    KeyRequired: HTTPStatus.UNAUTHORIZED,
    QuotaExceeded: HTTPStatus.TOO_MANY_REQUESTS,
    MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    NotServedHere: HTTPStatus.NOT_IMPLEMENTED,
    NotFound: HTTPStatus.NOT_FOUND,
    TrackNotReady: HTTPStatus.CONFLICT,
    NoPreview: HTTPStatus.CONFLICT,
    AudioRejected: HTTPStatus.UNPROCESSABLE_ENTITY,
    ForbiddenUrl: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoIndexYet: HTTPStatus.SERVICE_UNAVAILABLE,
    OtherTransform: HTTPStatus.CONFLICT,
    ShardsUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    ProviderThrottled: HTTPStatus.SERVICE_UNAVAILABLE,
    ProviderError: HTTPStatus.BAD_GATEWAY,
    IndexVersionError: HTTPStatus.SERVICE_UNAVAILABLE,
    IndexRefused: HTTPStatus.INTERNAL_SERVER_ERROR,
    EarshotError: HTTPStatus.INTERNAL_SERVER_ERROR,
}

_RETRY = (DecoderUnavailable, ProviderThrottled, ProviderUnavailable, IndexRace, IndexUnavailable)


def http_status(error: EarshotError) -> HTTPStatus:
    """The status an API answer carries for `error`: that of its nearest listed ancestor."""
    return next(_HTTP_STATUS[kind] for kind in type(error).__mro__ if kind in _HTTP_STATUS)


def is_worth_retrying(error: Exception) -> bool:
    """Whether the same message may succeed later. Unknown errors (AWS, memory, bugs) are retried by the queue."""
    return isinstance(error, _RETRY) or not isinstance(error, EarshotError)
