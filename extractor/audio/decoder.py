"""Decoding in a process of its own, so that a file which crashes, hangs or bloats the decoder takes nothing with it."""

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass

import numpy as np

from earshot.errors import AudioRejected, DecoderCrashed
from earshot.reasons import Reason
from extractor.audio.decode import in_memory
from extractor.audio.decode_worker import MAX_BYTES, REPLY, REQUEST, receive
from extractor.audio.samples import Audio

_GRACE_S = 5.0
_WITHHELD = ("AWS_", "EARSHOT_", "_X_AMZN")
"""Prefixes of environment variables that the decoder does not get: credentials first of all."""
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_PERHAPS_OF_EARLIER_FILES = (Reason.DECODER_CRASHED, Reason.TOO_MUCH_MEMORY)


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    channel: socket.socket
    used: bool = False


class Decoder:
    """Decodes one file at a time in a child process, which is started ahead and replaced when it dies.

    Args:
        rate: sample rate to deliver, Hz.
        min_seconds: shorter audio is refused.
        timeout_s: a file that takes longer is given up.
    """

    def __init__(self, rate: int, min_seconds: float, timeout_s: float = 20.0) -> None:
        self._rate = rate
        self._min_seconds = min_seconds
        self._timeout_s = timeout_s
        self._worker: _Worker | None = self._start()

    def decode(self, data: bytes) -> Audio:
        """Mono audio of an encoded file. Only a process that has seen no other file may blame this one for its end.

        Raises:
            AudioRejected: as `extractor.audio.decode.decode`; also `too_large` (over `MAX_BYTES`), `too_much_memory`.
            DecoderCrashed: the process died or hung on this file; it has been replaced.
        """
        if len(data) > MAX_BYTES:
            raise AudioRejected(f"{len(data)} bytes, the decoder takes {MAX_BYTES}", reason=Reason.TOO_LARGE)
        with in_memory(data) as file:
            while True:
                worker = self._worker = self._worker or self._start()
                used, worker.used = worker.used, True
                try:
                    return self._ask(worker, file)
                except (AudioRejected, DecoderCrashed) as error:
                    if not used or error.reason not in _PERHAPS_OF_EARLIER_FILES:
                        raise
                self.close()

    def _ask(self, worker: _Worker, file: int) -> Audio:
        request = REQUEST.pack(self._rate, self._min_seconds, self._timeout_s)
        try:
            socket.send_fds(worker.channel, [request], [file])
            note_size, samples_size = REPLY.unpack(receive(worker.channel, REPLY.size).ljust(REPLY.size, b"\0"))
            note = receive(worker.channel, note_size)
            samples = receive(worker.channel, samples_size)
        except OSError:  # it died while being written to, or answers nothing even to its own alarm
            note_size = 0
        if not note_size or len(note) < note_size or len(samples) < samples_size:
            raise self._crashed(worker)
        said = json.loads(note)
        if "reason" in said:
            raise AudioRejected(said["message"], reason=Reason(said["reason"]))
        return Audio(np.frombuffer(samples, np.float32), self._rate, said["seconds"])

    @property
    def pid(self) -> int | None:
        """The child process; None when it died and the next file has yet to start another."""
        return self._worker.process.pid if self._worker else None

    def close(self) -> None:
        """End the child process."""
        if self._worker:
            self._end(self._worker)

    def _start(self) -> _Worker:
        ours, theirs = socket.socketpair()
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_WITHHELD)}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        # It decodes on one thread. More would reserve stacks, and its memory is limited: every file would be too much.
        environment |= dict.fromkeys(_THREADS, "1")
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "extractor.audio.decode_worker"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # decoders print what they think of a file
                env=environment,
            )
        ours.settimeout(self._timeout_s + _GRACE_S)
        return _Worker(process, ours)

    def _crashed(self, worker: _Worker) -> DecoderCrashed:
        code = self._end(worker)
        if code == -signal.SIGALRM:
            return DecoderCrashed(f"decoding took longer than {self._timeout_s:g} s", reason=Reason.DECODER_TIMEOUT)
        return DecoderCrashed(f"the decoder ended with {code} on this file", reason=Reason.DECODER_CRASHED)

    def _end(self, worker: _Worker) -> int:
        """Close the channel, which ends a healthy worker, and kill one that stays. Returns its exit code."""
        self._worker = None
        worker.channel.close()
        try:
            return worker.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()
            return -signal.SIGALRM
