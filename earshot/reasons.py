"""Why a track, an entry of a playlist or a query by sound is not what it could be. docs/errors.md explains each."""

from enum import StrEnum


class Reason(StrEnum):
    """A reason code. A code that is not here, as older and newer tables hold, is a reason too and keeps its text."""

    # Of entries of a playlist that cannot be crawled.
    NULL_ENTRY = "null_entry"
    LOCAL_FILE = "local_file"
    EPISODE = "episode"
    NO_TRACK_ID = "no_track_id"
    BAD_ROW = "bad_row"
    DUPLICATE_ENTRY = "duplicate_entry"
    UNREADABLE_FILE = "unreadable_file"
    """A file, or a folder with all that is below it."""
    EMPTY_FOLDER = "empty_folder"
    """A folder that holds nothing at all, as the place of a disk does that is not mounted."""
    IGNORED = "ignored"
    """Music that is passed over: in a recycle bin, or where a file says so."""
    HIDDEN_ENTRY = "hidden_entry"
    """The service counts a place there, and does not show what it holds."""
    LIST_CHANGED = "list_changed"
    """The list was changed while it was read, so that something may have been missed."""
    PART_OF_FILE = "part_of_file"
    """A stretch of a larger file, as a cue sheet lists them, that the catalogue does not hold as a track."""
    BAD_SHEET = "bad_sheet"
    """A cue sheet, or a track of one, whose times are missing, out of order or behind the end of its file."""

    # Of tracks on their way to a preview.
    VERSION = "version"
    """Ready, with the embedding of another id of the same recording."""
    THROTTLED = "throttled"
    """Still pending: a provider asked to wait."""
    NO_PREVIEW_URL = "no_preview_url"
    MISS = "miss"
    NOT_IN_LIBRARY = "not_in_library"
    """A list names it, the catalogue does not hold it, and no source that is switched on could find it."""
    NO_DURATION = "no_duration"
    """Something was found, but the list gives no length by which to tell whether it is this recording."""
    REJECTED = "rejected"
    """Something was found, but not certainly this recording."""
    UNPLAYABLE = "unplayable"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    NOT_FOUND = "not_found"
    PROVIDER_OFF = "provider_off"
    FILE_GONE = "file_gone"
    FILE_CHANGED = "file_changed"
    FORBIDDEN_FOLDER = "forbidden_folder"
    TIMED_OUT = "timed_out"
    """Fetching it took longer than the function may run, or killed it, several times."""
    CANCELLED = "cancelled"
    """Its crawl was cancelled before it was fetched. No repair tries it again; any other crawl of it does."""
    PREVIEW_EXPIRED = "preview_expired"
    """Pending again: its preview was deleted before the extractor came to it."""
    INTERNAL_ERROR = "internal_error"
    """Every try failed, for no reason that has a name; the log says more."""

    REMOVED = "removed"
    """Somebody removed it from the catalogue. It stays away until it is asked for by its id."""

    # Of audio that cannot become an embedding.
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    UNDECODABLE = "undecodable"
    UNSUPPORTED_FORMAT = "unsupported_format"
    BAD_SAMPLE_RATE = "bad_sample_rate"
    BAD_CHANNELS = "bad_channels"
    NO_SAMPLES = "no_samples"
    TOO_SHORT = "too_short"
    SILENT = "silent"
    NOT_FINITE = "not_finite"
    OUT_OF_RANGE = "out_of_range"
    TOO_MUCH_MEMORY = "too_much_memory"
    DECODER_CRASHED = "decoder_crashed"
    DECODER_TIMEOUT = "decoder_timeout"

    # Of queries by sound: the code of the error that kept their clip away, or a change of network.
    AUDIO_REJECTED = "audio_rejected"
    FORBIDDEN_URL = "forbidden_url"
    PROVIDER_REFUSED = "provider_refused"
    PROVIDER_THROTTLED = "provider_throttled"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    OTHER_MODEL = "other_model"

    @classmethod
    def _missing_(cls, value: object) -> "Reason | None":
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = unknown._value_ = value
        return unknown

    @property
    def is_worth_retrying(self) -> bool:
        """Whether it may not hold the next time: something was not reachable, switched off, or died on the way."""
        return self in _PASSING


_PASSING = frozenset({
    Reason.DECODER_CRASHED, Reason.DECODER_TIMEOUT, Reason.FILE_GONE, Reason.FORBIDDEN_FOLDER, Reason.INTERNAL_ERROR,
    Reason.PREVIEW_EXPIRED, Reason.PROVIDER_OFF, Reason.THROTTLED, Reason.TIMED_OUT, Reason.UNAVAILABLE,
})  # fmt: skip
