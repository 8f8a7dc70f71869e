"""A catalogue in shards: which of them a track belongs to. The rule is for ever: what is stored lies where it says."""

import hashlib
from typing import NamedTuple

from earshot.errors import InvalidInput

MOST = 1_000
"""Shards: beyond that a query asks more processes than it has milliseconds."""


class Shard(NamedTuple):
    """One of `of` parts of a catalogue, by its number from 0."""

    number: int
    of: int

    def owns(self, track_id: str) -> bool:
        """Whether the track belongs to it."""
        return shard_of(track_id, self.of) == self.number


def shard_of(track_id: str, of: int) -> int:
    """Number of the shard, of so many, that the track belongs to: BLAKE2b of its id (8 bytes, big-endian), modulo `of`.

    Raises:
        InvalidInput: there cannot be so many shards.
    """
    if not 1 <= of <= MOST:
        raise InvalidInput(f"a catalogue has 1 to {MOST} shards, not {of}")
    return int.from_bytes(hashlib.blake2b(track_id.encode(), digest_size=8).digest(), "big") % of
