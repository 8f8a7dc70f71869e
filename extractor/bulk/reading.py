"""Reads what a key names: the audio, and what is known of its track."""

import os
import stat
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from botocore.exceptions import ClientError

from earshot.clock import Timestamp, iso, moment_of
from earshot.containers.identity import track_id_of
from earshot.errors import AudioRejected
from earshot.ids import TrackId, source_of
from earshot.reasons import Reason
from earshot.stores.parts import S3, split_s3
from earshot.stores.previews_bucket import PreviewsBucket
from earshot.stores.s3 import code_of, get_object
from earshot.track import TrackInfo
from extractor.bulk.clients import s3
from extractor.bulk.wanted import preview_in

Describe = Callable[[TrackId, BinaryIO, Path], TrackInfo]
"""What a file says of its track: by its id, the file, and its absolute path. A function of an importable module."""
_DENIED = frozenset({"AccessDenied", "403", "Forbidden", "InvalidObjectState"})


@dataclass(frozen=True, slots=True)
class Found:
    """What a key names. `at`: when it was put there, which orders several of the same track."""

    info: TrackInfo
    audio: bytes
    at: Timestamp
    provider: str | None = None


def by_name(track_id: TrackId, _file: BinaryIO, path: Path) -> TrackInfo:
    """A track of which nothing is known but what its file is called."""
    return TrackInfo(track_id, source_of(track_id), title=path.stem)


def read(key: str, said: Mapping[str, object] | None, describe: Describe, *, max_bytes: int) -> Found:
    """The audio at `key`, of a track that `said` describes, else its own tags.

    Raises:
        AudioRejected: `file_gone`, `unreadable_file`, `too_large`.
        ClientError, BotoCoreError: S3 does not work.
    """
    preview = preview_in(key)
    if preview is not None and said is None:
        return _preview(key, TrackId(preview), max_bytes)
    audio, at = _object(key, max_bytes) if key.startswith(S3) else _file(key, max_bytes)
    return Found(_info(key, audio, said, describe), audio, at)


def _preview(key: str, track_id: TrackId, max_bytes: int) -> Found:
    preview = PreviewsBucket(s3(), split_s3(key)[0]).get(track_id, max_bytes=max_bytes)
    if preview is None:
        raise AudioRejected(f"{key} is gone", reason=Reason.FILE_GONE)
    return Found(preview.info, preview.audio, preview.fetched_at, preview.provider)


def _object(key: str, max_bytes: int) -> tuple[bytes, Timestamp]:
    try:
        answer = get_object(s3(), *split_s3(key))
    except ClientError as error:
        if code_of(error) in _DENIED:
            raise AudioRejected(f"{key}: {code_of(error)}", reason=Reason.UNREADABLE_FILE) from None
        raise
    if answer is None:
        raise AudioRejected(f"{key} is gone", reason=Reason.FILE_GONE)
    with closing(answer["Body"]) as body:
        _check(answer["ContentLength"], max_bytes)
        return body.read(), iso(answer["LastModified"])


def _file(path: str, max_bytes: int) -> tuple[bytes, Timestamp]:
    try:
        # Without waiting: a pipe may never be written to.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                raise AudioRejected(f"{path} is no regular file", reason=Reason.UNREADABLE_FILE)
            _check(state.st_size, max_bytes)
            return file.read(max_bytes), iso(moment_of(state.st_mtime))
    except FileNotFoundError:
        raise AudioRejected(f"{path} is gone", reason=Reason.FILE_GONE) from None
    except (OSError, ValueError) as error:
        raise AudioRejected(f"{path}: {error}", reason=Reason.UNREADABLE_FILE) from None


def _check(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise AudioRejected(f"{size} bytes, the limit is {max_bytes}", reason=Reason.TOO_LARGE)


def _info(key: str, audio: bytes, said: Mapping[str, object] | None, describe: Describe) -> TrackInfo:
    if said is not None and said.get("track_id"):
        return TrackInfo.from_row(said)
    with TemporaryFile() if not hasattr(os, "memfd_create") else os.fdopen(os.memfd_create("audio"), "w+b") as file:
        file.write(audio)
        file.flush()
        track_id = track_id_of(file)
        if said is not None:
            return TrackInfo.from_row({**said, "track_id": track_id, "source": source_of(track_id)})
        file.seek(0)
        path = Path("/", key.removeprefix(S3))
        return replace(describe(track_id, file, path), preview_url=None if key.startswith(S3) else path.as_uri())
