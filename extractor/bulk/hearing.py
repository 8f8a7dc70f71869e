"""What a task does: hears its keys one by one, and leaves a part of embeddings whenever it has enough."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from earshot.clock import Timestamp, now_iso
from earshot.embedding_files import folder_of, row_of
from earshot.errors import AudioRejected, DecoderCrashed
from earshot.ids import TrackId
from earshot.stores.parts import Parts, parts_at
from earshot.stores.tracks_table import TracksTable
from earshot.track import Status, Track, TrackInfo
from extractor.audio.samples import Audio
from extractor.bulk.clients import dynamodb, s3
from extractor.bulk.ears import Ears, ears
from extractor.bulk.files import packed, part_of, standing
from extractor.bulk.reading import Describe, Found, read
from extractor.extract import extract_audio

Listed = tuple[str, Mapping[str, object] | None]
"""A key, and what its manifest says of the track (`earshot.track.TrackInfo.to_row`), if it has one."""


@dataclass(frozen=True, slots=True)
class Work:
    """What every task is told. `output`: the place for parts; `tracks_table`: a table to write to besides."""

    output: str
    model: str
    model_dir: Path
    describe: Describe
    clips_per_part: int
    max_bytes: int
    decode_timeout_s: float
    tracks_table: str | None = None


class Receipt(NamedTuple):
    """What a part holds: how many were heard, and how many were not, by reason."""

    part: str
    heard: int
    unheard: Mapping[str, int]


class _Decoded(NamedTuple):
    key: str
    found: Found | None
    audio: Audio | AudioRejected | DecoderCrashed


def hear(listed: Iterable[Listed], work: Work) -> Iterator[Receipt]:
    """Hear what is listed. A part that is there already, by an earlier try of the same task, is not made again.

    One clip at a time is in memory, another is being read ahead, and the rows of a part: 3 kB each.

    Raises:
        InvalidSettings: the network's files are not there.
        DecoderUnavailable: no process can be started that decodes.
        ClientError, BotoCoreError: AWS does not work.
    """
    parts = parts_at(work.output, s3)
    waiting = iter(listed)
    while some := list(islice(waiting, work.clips_per_part)):
        name = part_of(folder_of(work.model), (key for key, _ in some))
        body = parts.read(name) or _made(parts, name, some, work)
        unheard = Counter(str(row["reason"]) for row in standing(body) if row["reason"])
        yield Receipt(name, len(some) - unheard.total(), unheard)


def _made(parts: Parts, name: str, some: list[Listed], work: Work) -> bytes:
    mine = ears(work.model, work.model_dir, work.decode_timeout_s)
    table = TracksTable(dynamodb(), work.tracks_table) if work.tracks_table else None
    rows = []
    for decoded in mine.ahead(partial(_decoded, work=work, mine=mine), some):
        track, message = _heard(decoded, mine)
        if table and track.track_id:
            _store(table, track)
        rows.append(row_of(track, decoded.key, message))
    body = packed(rows)
    parts.write(name, body)  # last: a part says that its tracks are in the table, too
    return body


def _decoded(listed: Listed, work: Work, mine: Ears) -> _Decoded:
    key, said = listed
    found = None
    try:
        found = read(key, said, work.describe, max_bytes=work.max_bytes)
        return _Decoded(key, found, mine.decoder.decode(found.audio))
    except (AudioRejected, DecoderCrashed) as error:
        return _Decoded(key, found, error)


def _heard(decoded: _Decoded, mine: Ears) -> tuple[Track, str]:
    """The track, ready or failed, and what was wrong with it."""
    found = decoded.found or Found(TrackInfo(TrackId(""), ""), b"", Timestamp(now_iso()))
    try:
        if isinstance(decoded.audio, Exception):
            raise decoded.audio
        clip = extract_audio(decoded.audio, mine.network)
    except (AudioRejected, DecoderCrashed) as error:
        failed = Track(found.info, Status.FAILED, error.reason, model=mine.network.name, preview_at=found.at)
        return failed, error.message
    embedding, drift = clip.embedding.to_bytes()
    ready = Track(
        found.info,
        Status.READY,
        model=clip.model,
        embedding=embedding,
        drift=drift,
        tags=clip.tags,
        descriptors=clip.descriptors,
        provider=found.provider,
        preview_at=found.at,
    )
    return ready, ""


def _store(table: TracksTable, track: Track) -> None:
    """As the function `extract` does it: what the table holds of a newer preview stays."""
    at = track.preview_at or now_iso()
    if track.embedding is not None and track.drift is not None and track.model:
        table.store_embedding(
            track.info,
            embedding=track.embedding,
            drift=track.drift,
            tags=track.tags,
            model=track.model,
            preview_at=at,
            provider=track.provider,
            descriptors=track.descriptors,
        )
    elif track.reason:
        table.mark_failed(track.info, reason=track.reason, preview_at=at)
