"""Every child that reads foreign audio, whoever starts it, lives within the same walls."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from crawler.cutting.cutter import Cutter
from earshot.confined import walls
from extractor.audio.decoder import Decoder
from lab import cutting
from lab.corpus import Clip
from tests.stubs.audio import sweep


def _decoder(path: Path) -> Decoder:
    decoder = Decoder(16_000, 1.5)
    decoder.decode(path.read_bytes())
    return decoder


def _cutter(path: Path) -> Cutter:
    cutter = Cutter()
    with path.open("rb") as file:
        cutter.clip(file, max_bytes=10**7)
    return cutter


def _laboratory(path: Path) -> cutting.Cutter:
    cutter = cutting.Cutter()
    cutter.samples(Clip("a", "a", "a", path, ""))
    return cutter


@pytest.fixture(scope="module", params=[_decoder, _cutter, _laboratory], ids=["decoder", "cutter", "laboratory"])
def child(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psutil.Process]:
    path = tmp_path_factory.mktemp("audio") / "a.m4a"
    path.write_bytes(sweep(32, "m4a"))
    with pytest.MonkeyPatch.context() as patch:
        for library in ("OPENBLAS", "OMP", "MKL"):
            patch.setenv(f"{library}_NUM_THREADS", "8")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("EARSHOT_SPOTIFY_CLIENT_SECRET", "secret")
        patch.setenv("SOMEBODYS_TOKEN", "secret")
        owner = request.param(path)
    yield psutil.Process(owner.pid)
    owner.close()


def test_it_holds_no_secret(child: psutil.Process) -> None:
    assert "secret" not in child.environ().values()
    assert not [name for name in child.environ() if name.startswith(("AWS_", "EARSHOT_"))]


def test_how_many_threads_its_host_allows_does_not_cost_it_its_memory(child: psutil.Process) -> None:
    assert child.num_threads() == 1


def test_it_can_write_no_file_start_no_process_and_outgrow_no_memory(child: psutil.Process) -> None:
    assert child.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
    assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    assert child.rlimit(psutil.RLIMIT_NPROC) == (0, 0)
    assert child.rlimit(psutil.RLIMIT_DATA) == (walls.MEMORY_BYTES,) * 2


def test_it_has_its_channel_and_room_for_one_file(child: psutil.Process) -> None:
    assert child.num_fds() == 3
    assert child.rlimit(psutil.RLIMIT_NOFILE) == (4, 4)


def test_the_kernel_filters_its_calls(child: psutil.Process) -> None:
    status = Path(f"/proc/{child.pid}/status").read_text()
    assert "Seccomp:\t2" in status
    assert "NoNewPrivs:\t1" in status
