"""The wheel that Lambda runs: built twice to the same bytes, for a baseline processor, and it works."""

import re
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import capstone
import pytest

from scripts.annoy_wheel import build

# 512-bit registers, mask registers, and the upper sixteen vector registers: none of them exists without AVX-512.
_AVX512 = re.compile(r"\bzmm\d+|\bk[0-7]\b|\b[xy]mm(1[6-9]|2\d|3[01])\b")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("x86_64", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def instructions(library: Path) -> Iterator[tuple[str, str]]:
    """Mnemonic and operands of the executable sections of an ELF64 file, by linear sweep."""
    content = library.read_bytes()
    (section_headers,) = struct.unpack_from("<Q", content, 0x28)
    size, number = struct.unpack_from("<HH", content, 0x3A)
    disassembler = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    disassembler.skipdata = True
    for i in range(number):
        _, kind, flags, address, offset, length = struct.unpack_from("<IIQQQQ", content, section_headers + i * size)
        if kind == 1 and flags & 4:  # program bits, executable
            for _, _, mnemonic, operands in disassembler.disasm_lite(content[offset : offset + length], address):
                yield mnemonic, operands


def test_the_wheel_is_the_same_bytes_when_built_again(wheel: Path, tmp_path: Path) -> None:
    assert build("x86_64", tmp_path).read_bytes() == wheel.read_bytes()


def test_no_instruction_needs_avx512_though_avx2_is_used(unpacked: Path) -> None:
    found = list(instructions(unpacked / "annoy" / "annoylib.abi3.so"))
    assert len(found) > 10_000
    assert any("ymm" in operands for _, operands in found), "the sweep sees no vector instruction at all"
    assert [f"{mnemonic} {operands}" for mnemonic, operands in found if _AVX512.search(operands)] == []


def test_the_wheel_answers_like_the_annoy_that_the_tests_use(unpacked: Path) -> None:
    program = """
import random, sys
from annoy import AnnoyIndex
source = random.Random(0)
index = AnnoyIndex(16, "angular")
for row in range(500):
    index.add_item(row, [source.gauss(0, 1) for _ in range(16)])
index.build(5, n_jobs=1)
print([index.get_nns_by_item(row, 5, 500) for row in range(20)], sys.modules["annoy.annoylib"].__file__)
"""
    answers = [
        subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True, env={"PYTHONPATH": path}
        ).stdout.rpartition(" ")
        for path in ("", str(unpacked))
    ]
    assert answers[0][0] == answers[1][0]
    assert answers[1][2].strip().endswith("annoylib.abi3.so")
