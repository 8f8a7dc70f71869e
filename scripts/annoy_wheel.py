"""Builds the wheel of Annoy that Lambda runs: `python -m scripts.annoy_wheel x86_64|arm64 [python version]`.

Annoy comes as source that compiles with `-march=native`: the result dies with SIGILL on an older processor. Here the
source pinned by its hash is compiled for a named baseline (x86-64-v3: every processor of Lambda has AVX2; ARMv8-A) with
zig's C++ compiler, which needs no sysroot for the other architecture and links its own C++ library.

The extension is built against Python's stable ABI, for which three places of `annoymodule.cc` are rewritten: one wheel
then serves Python 3.11 and later, and the headers of the Python at hand suffice. The same inputs give the same bytes.
"""

import argparse
import base64
import hashlib
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "build" / "wheels"
REQUIREMENTS = ROOT / "requirements" / "annoy_service.txt"

_STABLE_ABI = "0x030b0000"  # Python 3.11
_TAG = "cp311-abi3"
_GLIBC = (2, 28)  # Amazon Linux 2023 has 2.34
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_SOURCES = ("annoymodule.cc", "annoylib.h", "kissrandom.h", "mman.h")
_FLAGS = (
    "-shared", "-fPIC", "-O3", "-g0", "-std=c++14", "-ffast-math", "-fno-associative-math", "-fno-finite-math-only",
    "-DANNOYLIB_MULTITHREADED_BUILD", f"-DPy_LIMITED_API={_STABLE_ABI}", "-Wl,--build-id=none", "-Wl,-s", "-w",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """A processor to compile for, as zig and as wheels name it."""

    zig: str
    cpu: str
    machine: str


TARGETS = {
    "x86_64": Target("x86_64-linux-gnu", "x86_64_v3", "x86_64"),
    "arm64": Target("aarch64-linux-gnu", "generic", "aarch64"),
}

# The original spells out a static type object, whose layout is not part of the stable ABI.
_REWRITES = (
    (r"type->tp_alloc\(type, 0\)", "((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0)"),
    (
        r"Py_TYPE\(self\)->tp_free\(\(PyObject\*\)self\);",
        "PyTypeObject* type = Py_TYPE(self);\n"
        "  ((freefunc)PyType_GetSlot(type, Py_tp_free))((PyObject*)self);\n"
        "  Py_DECREF(type);",
    ),
    (
        r"static PyTypeObject PyAnnoyType = \{.*?\n\};",
        "static PyType_Slot annoy_slots[] = {\n"
        "  {Py_tp_dealloc, (void*)py_an_dealloc}, {Py_tp_doc, (void*)ANNOY_DOC}, {Py_tp_methods, AnnoyMethods},\n"
        "  {Py_tp_members, py_annoy_members}, {Py_tp_init, (void*)py_an_init}, {Py_tp_new, (void*)py_an_new}, {0, 0}\n"
        "};\n"
        'static PyType_Spec annoy_spec = {"annoy.Annoy", sizeof(py_annoy), 0,\n'
        "  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, annoy_slots};",
    ),
    (
        r"if \(PyType_Ready\(&PyAnnoyType\) < 0\)\n    return NULL;",
        "PyObject* annoy_type = PyType_FromSpec(&annoy_spec);\n  if (!annoy_type)\n    return NULL;",
    ),
    (r"Py_INCREF\(&PyAnnoyType\);\n", ""),
    (r"\(PyObject \*\)&PyAnnoyType", "annoy_type"),
)


def build(architecture: str, output: Path = OUTPUT) -> Path:
    """The wheel for `architecture` (a key of `TARGETS`), built now."""
    target = TARGETS[architecture]
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        version, requirement = _requirement()
        package = _unpack(_download(requirement, folder), folder)
        (folder / "annoymodule.cc").write_text(_for_stable_abi((folder / "annoymodule.cc").read_text()))
        _compile(target, folder)
        package["annoy/annoylib.abi3.so"] = (folder / "annoylib.abi3.so").read_bytes()
        platform = f"manylinux_{_GLIBC[0]}_{_GLIBC[1]}_{target.machine}"
        path = output / f"annoy-{version}-{_TAG}-{platform}.whl"
        _write_wheel(path, package, version, platform)
    return path


def _requirement() -> tuple[str, str]:
    """Annoy's pinned version, and the line of the requirements file with its hashes."""
    match = re.search(r"^annoy==(\S+) \\\n(?:    --hash=\S+(?: \\)?\n)+", REQUIREMENTS.read_text(), re.MULTILINE)
    if match is None:
        raise SystemExit(f"no pinned annoy in {REQUIREMENTS}; run make lock")
    return match[1], match[0]


def _download(requirement: str, folder: Path) -> Path:
    """The source archive, checked by pip against the pinned hash."""
    listing = folder / "requirements.txt"
    listing.write_text(requirement)
    command = [
        sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--no-binary=:all:",
        "--no-build-isolation", "--require-hashes", "-r", str(listing), "-d", str(folder),
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"pip could not download Annoy's source:\n{done.stderr}")
    return next(folder.glob("annoy-*.tar.gz"))


def _unpack(archive: Path, folder: Path) -> dict[str, bytes]:
    """Write the C++ sources to `folder`; returns the wheel's Python files and licence by name."""
    package: dict[str, bytes] = {}
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            content = tar.extractfile(member) if member.isfile() else None
            if content is None:
                continue
            _, _, name = member.name.partition("/")
            if name.startswith("src/") and name.removeprefix("src/") in _SOURCES:
                (folder / name.removeprefix("src/")).write_bytes(content.read())
            elif name in ("annoy/__init__.py", "annoy/__init__.pyi", "annoy/py.typed"):
                package[name] = content.read()
    return package


def _for_stable_abi(source: str) -> str:
    for pattern, replacement in _REWRITES:
        source, found = re.subn(pattern, replacement.replace("\\", r"\\"), source, count=1, flags=re.DOTALL)
        if found != 1:
            raise SystemExit(f"Annoy's source has changed: {pattern!r} was not found; adapt scripts/annoy_wheel.py")
    return source


def _compile(target: Target, folder: Path) -> None:
    """With relative paths and a fixed working folder name: nothing of this machine ends up in the library."""
    glibc = ".".join(map(str, _GLIBC))
    command = [
        sys.executable, "-m", "ziglang", "c++", "-target", f"{target.zig}.{glibc}", f"-mcpu={target.cpu}", *_FLAGS,
        f"-ffile-prefix-map={folder}=.", "-I", sysconfig.get_path("include"),
        "-I", str(_debian_headers(target, folder)), "-o", "annoylib.abi3.so", "annoymodule.cc",
    ]  # fmt: skip
    cache = ROOT / "build" / "zig-cache"
    environment = os.environ | {"ZIG_GLOBAL_CACHE_DIR": str(cache), "ZIG_LOCAL_CACHE_DIR": str(cache)}
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env=environment)
    if done.returncode:
        raise SystemExit(f"Annoy did not compile for {target.zig}:\n{done.stderr}")


def _debian_headers(target: Target, folder: Path) -> Path:
    """A folder where Debian's `pyconfig.h`, which only points to that of the architecture, finds one.

    That of this machine serves all: both architectures have the same sizes of types.
    """
    headers = folder / "debian"
    own = Path("/usr/include") / str(sysconfig.get_config_var("MULTIARCH")) / Path(sysconfig.get_path("include")).name
    if (own / "pyconfig.h").is_file():
        place = headers / target.zig / own.name
        place.mkdir(parents=True)
        (place / "pyconfig.h").write_bytes((own / "pyconfig.h").read_bytes())
    return headers


def _write_wheel(path: Path, package: dict[str, bytes], version: str, platform: str) -> None:
    info = f"annoy-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: annoy\nVersion: {version}\nLicense: Apache-2.0\n"
    wheel_file = f"Wheel-Version: 1.0\nGenerator: earshot\nRoot-Is-Purelib: false\nTag: {_TAG}-{platform}\n"
    files = package | {f"{info}/METADATA": metadata.encode(), f"{info}/WHEEL": wheel_file.encode()}
    record = "".join(f"{name},sha256={_urlsafe(content)},{len(content)}\n" for name, content in sorted(files.items()))
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _FIXED_TIME)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(entry, content)


def _urlsafe(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("architecture", choices=sorted(TARGETS))
    parser.add_argument("python", nargs="?", choices=("3.11", "3.12", "3.13"), help="any: one wheel serves them all")
    print(build(parser.parse_args().architecture))


if __name__ == "__main__":
    main()
