import os
import signal
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from earshot.confined import process as confined
from earshot.errors import AudioRejected, DecoderCrashed
from extractor.audio.decode import decode
from extractor.audio.decoder import MAX_BYTES, Decoder
from tests.corpus import clips, hostile_dir
from tests.fuzz.mutations import sample
from tests.unit.extractor.conftest import encoded, tone

RATE = 16_000


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    decoder = Decoder(RATE, 1.5, timeout_s=2)
    yield decoder
    decoder.close()


def pid_of(decoder: Decoder) -> int:
    assert decoder.pid is not None
    return decoder.pid


def wait_until_ready(decoder: Decoder) -> None:
    """Its process has seen no file yet, and could take one."""
    child = decoder._process._child
    assert child is not None
    decoder._process._wait_until_ready(child)


def peak_mib(decoder: Decoder) -> float:
    lines = Path(f"/proc/{decoder.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def test_it_gives_what_decoding_in_this_process_gives(decoder: Decoder) -> None:
    data = clips()[0].path.read_bytes()
    here, there = decode(data, RATE, 1.5), decoder.decode(data)
    np.testing.assert_array_equal(there.samples, here.samples)
    assert (there.seconds, there.rate) == (here.seconds, here.rate)


def test_a_rejection_crosses_the_process_boundary_with_its_reason(decoder: Decoder) -> None:
    with pytest.raises(AudioRejected, match="no audio format") as caught:
        decoder.decode(b"<html>")
    assert caught.value.reason == "undecodable"


def test_one_process_serves_many_files(decoder: Decoder) -> None:
    before = decoder.pid
    for _ in range(3):
        decoder.decode(encoded(tone()))
    assert decoder.pid == before


def test_a_killed_decoder_is_reported_and_replaced(decoder: Decoder) -> None:
    wait_until_ready(decoder)
    os.kill(pid_of(decoder), signal.SIGSEGV)
    with pytest.raises(DecoderCrashed) as caught:
        decoder.decode(encoded(tone()))
    assert caught.value.reason == "decoder_crashed"
    assert decoder.decode(encoded(tone())).seconds == 4


def test_a_process_that_dies_of_an_earlier_file_costs_the_next_one_nothing(decoder: Decoder) -> None:
    decoder.decode(encoded(tone()))
    before = pid_of(decoder)
    os.kill(before, signal.SIGKILL)
    assert decoder.decode(encoded(tone())).seconds == 4
    assert decoder.pid != before


def test_a_file_that_no_decoder_has_room_for_is_refused_by_name(decoder: Decoder) -> None:
    before = decoder.pid
    with pytest.raises(AudioRejected) as caught:
        decoder.decode(bytes(MAX_BYTES + 1))
    assert caught.value.reason == "too_large"
    assert decoder.pid == before


def test_large_files_one_after_another_find_the_memory_of_the_first(decoder: Decoder) -> None:
    before = decoder.pid
    for size in (24, 31, 22, 30, 31, 20):
        padding = size * 2**20
        for name in ("m4a", "mp3"):
            ending = struct.pack(">I4s", padding, b"free") if name == "m4a" else b""
            assert decoder.decode(sample(name) + ending + bytes(padding - len(ending))).seconds > 3
    assert decoder.pid == before
    assert peak_mib(decoder) < 150


def test_a_decoder_that_hangs_is_given_up_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "_GRACE_S", 0.2)
    decoder = Decoder(RATE, 1.5, timeout_s=1)
    decoder.decode(encoded(tone()))
    process = psutil.Process(pid_of(decoder))
    process.suspend()  # as deaf as an endless loop; its own alarm cannot ring either
    started = time.monotonic()
    with pytest.raises(DecoderCrashed) as caught:
        decoder.decode(encoded(tone(60)))
    assert caught.value.reason == "decoder_timeout"
    assert time.monotonic() - started < 5
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert decoder.decode(encoded(tone())).seconds == 4
    decoder.close()


def test_an_endless_decoding_rings_its_own_alarm() -> None:
    decoder = Decoder(RATE, 1.5, timeout_s=1)
    wait_until_ready(decoder)
    os.kill(pid_of(decoder), signal.SIGALRM)  # what the worker sets for itself
    with pytest.raises(DecoderCrashed) as caught:
        decoder.decode(encoded(tone()))
    assert caught.value.reason == "decoder_timeout"
    decoder.close()


def test_no_hostile_file_costs_more_than_its_share_of_memory(decoder: Decoder) -> None:
    for path in sorted(hostile_dir().iterdir()):
        if path.is_file():
            try:
                decoder.decode(path.read_bytes())
            except AudioRejected:
                continue
    assert peak_mib(decoder) < 200


def test_a_decoder_without_owner_ends(decoder: Decoder) -> None:
    process = psutil.Process(pid_of(decoder))
    decoder.close()
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
