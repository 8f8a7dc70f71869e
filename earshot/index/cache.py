"""Files of versions on local disk: each is downloaded once, and checked before anything maps it into memory."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from earshot.errors import DamagedIndex
from earshot.index.manifest import StoredObject
from earshot.index.objects import ObjectStore

_CHUNK = 1 << 20


class Entry(Protocol):
    """Objects that belong together and never change, as a manifest describes them: a segment, a co-listening table."""

    @property
    def id(self) -> str:
        """Names them, in the bucket and on disk."""

    @property
    def objects(self) -> Mapping[str, StoredObject]:
        """What they are, by name."""

    def key(self, name: str) -> str:
        """S3 key of the object `name`."""


class FileCache:
    """Files of entries below `folder`, which belongs to one process at a time.

    A file appears under its name by a rename after its size and SHA-256 were checked, and is never written again:
    writing under a live mapping would kill the process that maps it.
    """

    def __init__(self, store: ObjectStore, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._checked: dict[Path, tuple[int, int, int]] = {}
        for partial in self._folder.glob("*/.*"):  # of a process that was killed
            partial.unlink(missing_ok=True)

    def fetch(self, entry: Entry, name: str) -> Path:
        """The local path of the entry's object `name`, downloaded if need be and known to be intact.

        A file that an earlier process left is read and checked once; one that was touched since is fetched again.

        Raises:
            DamagedIndex: the object in S3 is missing or not what the manifest says.
        """
        expected = entry.objects.get(name)
        if expected is None:
            raise DamagedIndex(f"{entry.id} has no {name}", hint="Rebuild the index: make repair.")
        path = self._folder / entry.id / name
        if not self._is_intact(path, expected):
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{name}.", delete=False) as file:
                temporary = Path(file.name)
            try:
                self._store.download(entry.key(name), expected, temporary)
                temporary.chmod(0o444)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
            self._checked[path] = _state(path)
        return path

    def adopt(self, entry: Entry, folder: Path) -> None:
        """Move the files of an entry that this process has just built into the cache."""
        target = self._folder / entry.id
        target.mkdir(parents=True, exist_ok=True)
        for name in entry.objects:
            path = target / name
            (folder / name).chmod(0o444)
            (folder / name).replace(path)
            self._checked[path] = _state(path)

    def keep_only(self, ids: Iterable[str]) -> None:
        """Remove other entries from disk. Mappings of removed files stay valid."""
        wanted = set(ids)
        if self._folder.is_dir():
            for folder in self._folder.iterdir():
                if folder.name not in wanted:
                    shutil.rmtree(folder, ignore_errors=True)
        self._checked = {path: state for path, state in self._checked.items() if path.parent.name in wanted}

    def _is_intact(self, path: Path, expected: StoredObject) -> bool:
        try:
            state = _state(path)
        except FileNotFoundError:
            return False
        if self._checked.get(path) == state:
            return True
        if state[1] != expected.size or _sha256(path) != expected.sha256:
            return False
        self._checked[path] = state
        return True


class SegmentCache(FileCache):
    """Files of segments, below `segments/` in `folder`."""

    def __init__(self, store: ObjectStore, folder: Path) -> None:
        super().__init__(store, folder / "segments")


class Watch:
    """Files that are mapped, so that somebody's writing to one of them is noticed before it is read again."""

    def __init__(self) -> None:
        self._watched: list[tuple[int, int, int]] = []

    def __del__(self) -> None:
        for descriptor, _, _ in self._watched:
            os.close(descriptor)

    def add(self, path: Path) -> Path:
        """Watch `path` from now on; returns it."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        found = os.fstat(descriptor)
        self._watched.append((descriptor, found.st_size, found.st_mtime_ns))
        return path

    def is_untouched(self) -> bool:
        """Whether no one has written to the files since they were added."""
        return all(
            (found := os.fstat(descriptor)).st_size == size and found.st_mtime_ns == modified
            for descriptor, size, modified in self._watched
        )


def _state(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def stored_object(path: Path) -> StoredObject:
    """Size and hash of a file."""
    return StoredObject(path.stat().st_size, _sha256(path))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
