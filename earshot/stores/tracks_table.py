"""The tracks table in DynamoDB. Every write is idempotent and conditional: events may repeat and overtake each other.

Two rules settle every race: an embedding of a newer preview wins over one of an older preview, and a track that is
ready is never turned back by somebody else's failure.

A track may have got another id (`rename`). Its old item then says so and nothing else: it is no track, and whoever asks
for it by that id gets the track (docs/adr/0020).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from earshot.clock import Timestamp, now_iso
from earshot.descriptors import Descriptors
from earshot.facts import NOTHING_LEARNED, Learned, learned_rows
from earshot.ids import TrackId
from earshot.reasons import Reason
from earshot.stores.dynamodb import Item, Row, Table, from_item
from earshot.track import NO_COVER, Status, Tag, Track, TrackInfo

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_MOVED = "moved_to"
_REMOVED = "removed_at"
"""Of a track that somebody removed: it has moved to itself, where nobody finds it and nothing is written to it."""
_IS_TRACK = f"attribute_not_exists({_MOVED})"
_NEWER_PREVIEW = "attribute_not_exists(preview_at) OR preview_at < :preview_at"


def track_from_item(item: Item) -> Track:
    """The track in a DynamoDB item or stream image (wire format, binary values as bytes)."""
    return Track.from_row(from_item(item))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pending track: since when it is that, and when something last happened to it (None: nothing since then)."""

    track_id: TrackId
    since: Timestamp
    updated_at: Timestamp | None = None

    @property
    def quiet_since(self) -> Timestamp:
        """When something last happened to it."""
        return self.updated_at or self.since


@dataclass(frozen=True, slots=True)
class Standing:
    """How a track stands, without what it is. `digest`: of what a crawl was told of it (`earshot.stores.digests`)."""

    status: Status
    reason: Reason | None = None
    model: str | None = None
    updated_at: Timestamp | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class PendingPage:
    """Some pending tracks. `last`: where the scan goes on, None at its end."""

    tracks: Sequence[Waiting]
    last: Row | None


@dataclass(frozen=True, slots=True)
class ReadyPage:
    """The same of tracks that are ready, without what was heard."""

    tracks: Sequence[Track]
    last: Row | None


class TracksTable:
    """Reads and writes tracks.

    Args:
        client: a boto3 DynamoDB *client*.
        name: the table's name.
    """

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._table = Table(client, name)

    def get(self, track_id: TrackId) -> Track | None:
        """The track, strongly consistent, or None. One that got another id is found by both."""
        row = self._table.get(_key(track_id))
        if row and _MOVED in row:
            row = self._table.get(_key(row[_MOVED]))
        return Track.from_row(row) if row and _MOVED not in row else None

    def get_many(self, track_ids: Iterable[TrackId]) -> dict[TrackId, Track]:
        """Those of `track_ids` that exist, by id; ids that tracks no longer have are none."""
        rows = self._table.get_many(map(_key, dict.fromkeys(track_ids)))
        return {row["track_id"]: Track.from_row(row) for row in rows if _MOVED not in row}

    def described_many(self, track_ids: Iterable[TrackId]) -> dict[TrackId, Track]:
        """The same without what was heard: no embeddings, no tags."""
        names = (*_DESCRIPTION, "status", "reason", "model", "created_at", "updated_at", _MOVED)
        rows = self._table.get_many(map(_key, dict.fromkeys(track_ids)), names)
        return {row["track_id"]: Track.from_row(row) for row in rows if _MOVED not in row}

    def standings(self, track_ids: Iterable[TrackId]) -> dict[TrackId, Standing]:
        """How those of `track_ids` stand that exist; ids that tracks no longer have are none, and have no status.

        One that somebody removed stands as failed, for good, with the reason ``removed``.
        """
        rows = self._table.get_many(map(_key, dict.fromkeys(track_ids)), ("track_id", *_STANDING, _REMOVED))
        return {row["track_id"]: _standing(row) for row in rows if "status" in row or _REMOVED in row}

    def find_many(self, track_ids: Iterable[TrackId]) -> dict[TrackId, Track]:
        """The same by the ids that are asked for: a track that got another one is found by both, as `get` finds it."""
        rows = {row["track_id"]: row for row in self._table.get_many(map(_key, dict.fromkeys(track_ids)))}
        moved = {track_id: row[_MOVED] for track_id, row in rows.items() if _MOVED in row}
        now = self.get_many(moved.values()) if moved else {}
        found = {track_id: Track.from_row(row) for track_id, row in rows.items() if track_id not in moved}
        return found | {track_id: now[new_id] for track_id, new_id in moved.items() if new_id in now}

    def states(self, track_ids: Iterable[TrackId]) -> dict[TrackId, tuple[Status, Reason | None]]:
        """Status and reason of those of `track_ids` that exist, without their embeddings.

        The reason of a track that shares another's embedding is ``version``. A track that got another id is found by
        both.
        """
        rows = self._states(track_ids)
        moved = {row["track_id"]: row[_MOVED] for row in rows if _MOVED in row}
        states = {row["track_id"]: _state(row) for row in rows if _MOVED not in row}
        if moved:
            now = {row["track_id"]: _state(row) for row in self._states(moved.values()) if _MOVED not in row}
            states |= {track_id: now[new_id] for track_id, new_id in moved.items() if new_id in now}
        return states

    def _states(self, track_ids: Iterable[TrackId]) -> list[Row]:
        names = ("track_id", "status", "reason", "version_of", _MOVED)
        return list(self._table.get_many(map(_key, dict.fromkeys(track_ids)), names))

    def briefs(self, track_ids: Iterable[TrackId]) -> dict[TrackId, Track]:
        """Those of `track_ids` that exist, with title, artists and how they stand, and nothing else."""
        keys = map(_key, dict.fromkeys(track_ids))
        names = ("track_id", "title", "artists", "status", "reason", "version_of", _REMOVED)
        rows = self._table.get_many(keys, names)
        return {row["track_id"]: Track.from_row(row) for row in rows if _REMOVED not in row}

    def scan(self) -> Iterator[Track]:
        """Every track, page by page. For repairs only: it costs what exists."""
        return map(track_from_item, self.scan_items())

    def scan_items(self, segment: int = 0, segments: int = 1) -> Iterator[Item]:
        """Every track as stored, for a repair that has to survive one that is none; of so many equal parts, one."""
        return (item for item in self._table.scan(segment, segments) if _MOVED not in item)

    def register(self, info: TrackInfo, *, digest: str | None = None) -> bool:
        """Create the track as pending, or refresh what its source says of it. Status and embedding stay.

        Args:
            digest: of `info`, where a crawl has noted all else that it keeps of the track.

        Returns:
            Whether the track is new. One that somebody removed stays removed, and is not.
        """
        old = self._table.update(
            _key(info.track_id),
            set_=_attributes(info) | ({"digest": digest} if digest else {}),
            keep={"status": Status.PENDING, "created_at": now_iso(), "pending_since": now_iso()},
            remove=() if digest else ("digest",),
            condition=f"attribute_not_exists({_REMOVED})",
            returns="ALL_OLD",
        )
        return old is not None and not old

    def rename(self, track_id: TrackId, info: TrackInfo) -> bool:
        """Give the track the id of `info`, which says what is known of it now. It keeps its embedding and its status.

        A track that is ready under the new id stays as it is. May be repeated, and may die at any line: the old item
        goes last, once nothing has happened to it meanwhile.

        Returns:
            False when there is no such track.
        """
        while (row := next(iter(self._table.get_many([_key(track_id)])), None)) and _MOVED not in row:
            if self._moved(row, info):
                return True
        return False

    def _moved(self, row: Row, info: TrackInfo) -> bool:
        """False when something happened to the track since `row` was read."""
        kept = {name: value for name, value in row.items() if name not in ("track_id", "digest", *_DESCRIPTION)}
        self._table.update(
            _key(info.track_id),
            set_={"status": Status.PENDING, **kept, **_attributes(info)},
            remove=("digest",),
            condition="attribute_not_exists(#status) OR #status <> :ready",
            values={":ready": Status.READY},
        )
        seen = row.get("updated_at")
        moved = self._table.update(
            _key(row["track_id"]),
            set_={_MOVED: info.track_id, "updated_at": now_iso()},
            remove=[name for name in row if name not in ("track_id", "updated_at")],
            condition="#updated_at = :seen" if seen else "attribute_not_exists(#updated_at)",
            values={":seen": seen} if seen else None,
        )
        return moved is not None

    def note_cover(self, track_id: TrackId, cover: str, *, cover_id: str) -> bool:
        """Say which cover is kept for the track. False when its source calls its cover otherwise by now."""
        set_ = {"cover": cover, "cover_id": cover_id}
        return self._table.update(_key(track_id), set_=set_, condition="#cover_id = :cover_id") is not None

    def covers(self) -> Iterator[tuple[TrackId, str, str | None]]:
        """Every track whose source has a cover: what the source calls it, and which is kept. It costs what exists."""
        names = ("track_id", "cover_id", "cover")
        for rows, _ in self._table.pages(names, "#cover_id > :cover_id", {":cover_id": ""}):
            for row in rows:
                if row["cover_id"] != NO_COVER or "cover" in row:
                    yield TrackId(row["track_id"]), row["cover_id"], row.get("cover")

    def reopen(self, track_id: TrackId) -> bool:
        """Make a track without preview, or one that failed, pending again. False when it is neither."""
        return self._settle(
            track_id,
            Status.PENDING,
            "#status IN (:failed, :no_preview)",
            {":failed": Status.FAILED, ":no_preview": Status.NO_PREVIEW},
            also={"pending_since": now_iso()},
            remove=("reason",),
        )

    def pending(self, after: Row | None = None) -> Iterator[PendingPage]:
        """Every track that waits, with how long nothing has happened to it, page by page. It costs what exists.

        Args:
            after: `PendingPage.last` of a scan that goes on here.
        """
        names = ("track_id", "updated_at", "created_at", "pending_since")
        for rows, last in self._table.pages(names, "#status = :status", {":status": Status.PENDING}, after):
            yield PendingPage([_waiting(row) for row in rows], last)

    def ready(self, after: Row | None = None) -> Iterator[ReadyPage]:
        """Every track that is ready, and what was learned of it, page by page. It costs what exists.

        Args:
            after: `ReadyPage.last` of a scan that goes on here.
        """
        names = (*_DESCRIPTION, "facts")
        for rows, last in self._table.pages(names, "#status = :status", {":status": Status.READY}, after):
            yield ReadyPage([Track.from_row(row) for row in rows], last)

    def note_learned(self, track: Track, provider: str, learned: Learned) -> bool:
        """Keep what a provider says of a track, which is as it was read.

        False when something else was learned of it since, or it is no track any more.
        """
        seen = learned_rows(track.learned)
        written = self._table.update(
            _key(track.track_id),
            set_={"facts": {**seen, provider: learned.to_row()}},
            condition=f"{_IS_TRACK} AND attribute_exists(created_at) AND "
            + ("#facts = :seen" if seen else "attribute_not_exists(#facts)"),
            values={":seen": seen} if seen else None,
        )
        return written is not None

    def store_embedding(
        self,
        info: TrackInfo,
        *,
        embedding: bytes,
        drift: bytes,
        tags: Iterable[Tag],
        model: str,
        preview_at: Timestamp,
        provider: str | None = None,
        version_of: TrackId | None = None,
        descriptors: Descriptors | None = None,
        learned: Mapping[str, Learned] = NOTHING_LEARNED,
    ) -> bool:
        """Make the track ready, creating it from `info` where the table has lost it.

        `version_of`: the track whose embedding it shares. `descriptors`: what was measured of the same audio.
        `learned`: what others said of it, where the table has lost that, too.

        Returns:
            False when the table already holds this embedding or one of a newer preview.
        """
        return self._settle(
            info.track_id,
            Status.READY,
            f"{_NEWER_PREVIEW} OR (preview_at = :preview_at AND (#status <> :ready OR #model <> :model))",
            {":ready": Status.READY},
            also={
                "embedding": embedding,
                "drift": drift,
                "tags": [[tag.name, round(tag.probability, 6)] for tag in tags],
                "model": model,
                "preview_at": preview_at,
                **({"version_of": version_of} if version_of else {}),
                **({"descriptors": descriptors.to_row()} if descriptors else {}),
            },
            keep={
                **_new(info),
                **({"provider": provider} if provider else {}),
                **({"facts": learned_rows(learned)} if learned else {}),
            },
            remove=("reason", *(() if version_of else ("version_of",)), *(() if descriptors else ("descriptors",))),
        )

    def mark_failed(self, info: TrackInfo, *, reason: Reason, preview_at: Timestamp) -> bool:
        """The preview fetched at `preview_at` cannot become an embedding. False when the track knows better."""
        return self._settle(
            info.track_id,
            Status.FAILED,
            f"(attribute_not_exists(#status) OR #status <> :ready) AND ({_NEWER_PREVIEW} OR preview_at = :preview_at)",
            {":ready": Status.READY},
            also={"reason": reason, "preview_at": preview_at},
            keep=_new(info),
        )

    def mark_no_preview(self, track_id: TrackId, *, reason: Reason) -> bool:
        """No provider has a preview. False when the track is ready or unknown."""
        return self._settle(
            track_id,
            Status.NO_PREVIEW,
            "attribute_exists(#status) AND #status <> :ready",
            {":ready": Status.READY},
            also={"reason": reason},
        )

    def mark_waiting(self, track_id: TrackId, *, reason: Reason) -> bool:
        """Note why a pending track is still pending. False when it is not pending."""
        return self._settle(track_id, Status.PENDING, "#status = :status", also={"reason": reason})

    def delete(self, track_id: TrackId) -> None:
        """Remove the track; the stream carries the news to the index."""
        self._table.delete(_key(track_id))

    def remove(self, track_id: TrackId) -> bool:
        """Remove the track because somebody wants it gone: crawls that find it again leave it alone, until `restore`.

        What its source says of it stays, as a mark; what was heard goes. False when there is no such track.
        """
        removed = self._table.update(
            _key(track_id),
            set_={_MOVED: track_id, _REMOVED: now_iso(), "updated_at": now_iso()},
            remove=_HEARD,
            condition=f"attribute_exists(#{_HEARD[0]}) AND {_IS_TRACK}",
        )
        return removed is not None

    def restore(self, track_id: TrackId) -> bool:
        """Make a track that somebody removed pending, as if it were new. False when nobody removed it."""
        moment = now_iso()
        restored = self._table.update(
            _key(track_id),
            set_={"status": Status.PENDING, "created_at": moment, "pending_since": moment, "updated_at": moment},
            remove=(_MOVED, _REMOVED),
            condition=f"attribute_exists({_REMOVED})",
        )
        return restored is not None

    def _settle(
        self,
        track_id: TrackId,
        status: Status,
        condition: str,
        values: Row | None = None,
        *,
        also: Row | None = None,
        keep: Row | None = None,
        remove: tuple[str, ...] = (),
    ) -> bool:
        """Give the track a status, and what comes with it. False when `condition` did not hold."""
        set_ = {**(also or {}), "status": status, "updated_at": now_iso()}
        written = self._table.update(
            _key(track_id),
            set_=set_,
            keep=keep,
            remove=remove,
            condition=f"({condition}) AND {_IS_TRACK}",
            values=values,
        )
        return written is not None


def _state(row: Row) -> tuple[Status, Reason | None]:
    track = Track.from_row(row)
    return track.status, Reason.VERSION if track.version_of else track.reason


_STANDING = tuple(field.name for field in fields(Standing))


_HEARD = (
    "status", "reason", "model", "embedding", "drift", "tags", "descriptors", "provider", "preview_at", "version_of",
    "created_at", "pending_since", "digest", "cover", "cover_id",
)  # fmt: skip
"""What a track that somebody removed has no more. Its cover goes, since no track has it."""


def _standing(row: Row) -> Standing:
    if _REMOVED in row:
        return Standing(Status.FAILED, Reason.REMOVED, updated_at=row.get("updated_at"))
    reason = row.get("reason")
    said = {name: row[name] for name in ("model", "updated_at", "digest") if name in row}
    return Standing(Status(row["status"]), Reason(reason) if reason else None, **said)


def _waiting(row: Row) -> Waiting:
    since = row.get("pending_since") or row.get("created_at") or Timestamp("")
    return Waiting(TrackId(row["track_id"]), since, row.get("updated_at"))


_DESCRIPTION = tuple(field.name for field in fields(TrackInfo))


def _key(track_id: TrackId) -> Row:
    return {"track_id": track_id}


def _attributes(info: TrackInfo) -> dict[str, object]:
    return {name: value for name, value in info.to_row().items() if name != "track_id"}


def _new(info: TrackInfo) -> Row:
    """What a track is created with."""
    return {**_attributes(info), "created_at": now_iso()}
