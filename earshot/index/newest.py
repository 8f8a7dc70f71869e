"""Keeps the newest intact version of something open; never trades a good version for a bad one."""

import threading
import time
from abc import ABC, abstractmethod
from typing import Generic, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from earshot.errors import DamagedIndex, EarshotError
from earshot.telemetry import emit, logger

_RETRY_DAMAGED_S = 30.0

_log = logger()


class Version(Protocol):
    """What is kept open."""

    @property
    def version(self) -> str:
        """Its name."""

    def is_untouched(self) -> bool:
        """Whether the mapped files are still those that were checked. Never query a version that says no."""


_Version = TypeVar("_Version", bound=Version)
_Head = TypeVar("_Head")


class Newest(ABC, Generic[_Head, _Version]):
    """Follows a pointer; safe to share between threads.

    Args:
        what: its name in log lines.
        check_every_s: how often `newest` asks S3 for a newer version, at most.
    """

    def __init__(self, what: str, check_every_s: float) -> None:
        self._what = what
        self._check_every_s = check_every_s
        self._lock = threading.Lock()
        self._due = 0.0
        self._seen: _Head | None = None
        self._serving: _Version | None = None
        self._is_kept_up = False

    @abstractmethod
    def _look(self, seen: _Head | None) -> _Head | None:
        """The pointer; None where there is none, or it is still the one `seen`."""

    @abstractmethod
    def _opened(self, head: _Head, serving: _Version | None) -> _Version:
        """The version that the pointer `head` names, open: the one `serving` where that is it."""

    def _newest(self) -> _Version | None:
        """The newest intact version, the one before it while that cannot be had, or None where none was published.

        A thread that finds another one loading keeps using the version at hand.

        Raises:
            DamagedIndex: the only version there is cannot be used.
        """
        serving = self._serving
        if self._is_kept_up and (serving is None or serving.is_untouched()):
            return serving
        if serving is not None and time.monotonic() < self._due and serving.is_untouched():
            return serving
        if self._lock.acquire(blocking=serving is None or not serving.is_untouched()):
            try:
                self._update(force=False)
                serving = self._serving
            finally:
                self._lock.release()
        return serving

    def refresh(self) -> None:
        """Look for a newer version now (a version was announced).

        Raises:
            DamagedIndex: the only version there is cannot be used.
        """
        with self._lock:
            self._update(force=True)

    def keep_up(self, stop: threading.Event) -> None:
        """Look for newer versions until `stop`, in a thread of its own: meanwhile no question waits for a download."""
        self._is_kept_up = True
        while not stop.wait(self._check_every_s):
            try:
                with self._lock:
                    self._update(force=False)
            except (EarshotError, BotoCoreError, ClientError, OSError):
                _log.exception(f"there is no {self._what} version yet that could be opened; trying again")
        self._is_kept_up = False

    def look_again(self) -> None:
        """Let the next question ask S3, whatever the clock says: in a copy of a machine it may have been set back."""
        with self._lock:
            self._due = 0.0

    def _update(self, *, force: bool) -> None:
        if self._serving is not None and not self._serving.is_untouched():
            self._report(f"a file of the open {self._what} version was written to; loading it anew")
            self._serving, self._seen = None, None
        if not force and self._serving is not None and time.monotonic() < self._due:
            return
        self._due = time.monotonic() + self._check_every_s
        try:
            head = self._look(self._seen)
            if head is not None:
                self._serving = self._opened(head, self._serving)
                self._seen = head
        except DamagedIndex as error:
            self._report(f"damaged {self._what}: {error.message}")
            self._due = time.monotonic() + max(_RETRY_DAMAGED_S, self._check_every_s)
            if self._serving is None:
                raise
        except OSError as error:
            self._report(f"cannot store the newer {self._what} version: {error}")
            self._due = time.monotonic() + max(_RETRY_DAMAGED_S, self._check_every_s)
            if self._serving is None:
                raise
        except (ClientError, BotoCoreError):
            if self._serving is None:
                raise
            _log.warning(f"cannot check for a newer {self._what} version", serving=self._serving.version, exc_info=True)

    def _report(self, message: str) -> None:
        _log.error(message, serving=self._serving.version if self._serving else None)
        emit("IndexDamaged", 1)
