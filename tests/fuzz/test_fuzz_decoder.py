import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from earshot.errors import AudioRejected, DecoderCrashed
from extractor.audio.decoder import Decoder
from extractor.audio.samples import CLIP_S
from tests.fuzz.mutations import FORMATS, damaged, sample

_EVERY_TIME = 25
EXAMPLES = int(os.environ.get("EARSHOT_FUZZ_EXAMPLES", _EVERY_TIME))
"""Per format; `make fuzz` sets more."""
TIME_LIMIT_S = 5
MEMORY_LIMIT_MIB = 300
RATE = 16_000


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    decoder = Decoder(RATE, 1.5, timeout_s=TIME_LIMIT_S)
    yield decoder
    decoder.close()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_decodes_undamaged(decoder: Decoder, name: str) -> None:
    audio = decoder.decode(sample(name))
    assert audio.seconds > 3
    assert audio.samples.std() > 0.01


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_is_decoded_or_rejected_but_never_breaks_its_decoder(decoder: Decoder, name: str) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=EXAMPLES == _EVERY_TIME,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        content = data.draw(damaged(name))
        started = time.monotonic()
        try:
            audio = decoder.decode(content)
        except AudioRejected:
            pass
        except DecoderCrashed as error:
            # A parser in C may die of a file; that stays in the child. An error of ours must not look like it.
            if "ended with -" not in error.message:
                raise
        else:
            assert np.isfinite(audio.samples).all()
            assert len(audio.samples) <= (CLIP_S + 1) * RATE + 1
        assert time.monotonic() - started < TIME_LIMIT_S
        assert peak_mib(decoder) < MEMORY_LIMIT_MIB

    check()


def peak_mib(decoder: Decoder) -> float:
    """Peak resident memory of the child process; 0 right after it was replaced."""
    if decoder.pid is None:
        return 0
    lines = Path(f"/proc/{decoder.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
