"""Where clips go up: to S3 at a signed address in the cloud, to this very API on one machine."""

from typing import Protocol

from earshot.ids import QueryId
from earshot.stores.sound_queries import Upload, check_size


class Uploads(Protocol):
    """Says where: `earshot.stores.sound_queries.SoundQueries`, or `OwnUploads`."""

    @property
    def origin(self) -> str:
        """What the page's policy must allow beside its own origin; empty: nothing."""

    def upload(self, query_id: QueryId, size: int, media_type: str) -> Upload:
        """Where a clip of `size` bytes can be PUT.

        Raises:
            ClipTooLarge: no clip may have so many bytes.
        """


class OwnUploads:
    """To `api.one_machine.clips`, at an address that nobody guesses. It names no host: whatever a device calls this
    machine, and whatever stands between them, it leads back."""

    origin = ""

    def upload(self, query_id: QueryId, size: int, media_type: str) -> Upload:
        """Where a clip of `size` bytes can be PUT.

        Raises:
            ClipTooLarge: no clip may have so many bytes.
        """
        check_size(size)
        return Upload(f"/queries/{query_id}/clip", {"Content-Type": media_type})
