"""Builds the zips that Lambda runs, one per service: `python -m scripts.package --help`.

Each holds the own modules its handlers import, its pinned requirements as binary wheels for the target (no compiler
or container needed), and for the extractor the model. The same inputs give the same bytes; what is up to date is left
alone. Ends with 1 when a service is larger than Lambda takes.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from scripts.bundled import unlisted
from scripts.import_closure import data_files, import_closure

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "build" / "package"
MAX_UNZIPPED_BYTES = 250 * 1024 * 1024
"""Lambda's limit for a zip function, unpacked."""

_PLATFORMS = {"arm64": "aarch64", "x86_64": "x86_64"}
_GLIBC = "2_28"  # the newest that every wheel here is built for; Amazon Linux 2023 has 2.34
_BUILT_HERE = "annoy"  # its author publishes no wheels for Linux
_MODEL = Path("build/model")
_FOR_WHOEVER_GETS_IT = (Path("LICENSE"), Path("THIRD_PARTY_NOTICES.md"))
_AWS_SERVICES = ("dynamodb", "s3", "s3vectors", "sns", "sqs", "ssm")
_UNUSED = re.compile(
    r"(^|/)(__pycache__|tests?|bin|share)/"
    r"|^onnxruntime/(transformers|tools|quantization|datasets)/"
    r"|^onnxruntime/capi/libonnxruntime\.so"  # for programs in C: Python's own module holds the same once more
    r"|\.(pyi|pxd|pyx|h|a|lib)$"
    # how and where uv installed it: paths of the machine that packaged
    r"|\.dist-info/(RECORD|INSTALLER|REQUESTED|direct_url\.json|uv_cache\.json)$"
)
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Package:
    """A finished zip. Sizes in bytes."""

    service: str
    path: str
    zipped: int
    unzipped: int
    digest: str
    """Of everything that went into it."""


def handlers_by_service() -> dict[str, list[str]]:
    """Modules of the handlers in serverless.yml, by service."""
    functions = yaml.safe_load((ROOT / "serverless.yml").read_text(encoding="utf-8"))["functions"]
    found: dict[str, list[str]] = {}
    for function in functions.values():
        module = function["handler"].rpartition(".")[0]
        found.setdefault(module.partition(".")[0], []).append(module)
    return {service: sorted(set(modules)) for service, modules in found.items()}


def build(service: str, *, architecture: str, python: str, output: Path = OUTPUT) -> Package:
    """Build the zip of `service`, or return the one that is up to date.

    Raises:
        subprocess.CalledProcessError: a requirement has no wheel for the target, or a hash is wrong.
        FileNotFoundError: the extractor's model has not been built.
        LookupError: a wheel brings along a library whose licence is not known.
    """
    folder = output / f"{architecture}-python{python}"
    own = _own_files(service)
    requirements = _requirements(service)
    recipe = [ROOT / "scripts" / "package.py", ROOT / "scripts" / "annoy_wheel.py"]
    digest = _digest(f"{architecture} {python} {requirements}", [*recipe, *(ROOT / path for path in own)])
    receipt, archive = folder / f"{service}.json", folder / f"{service}.zip"
    if receipt.exists() and archive.exists():
        package = Package(**json.loads(receipt.read_text()))
        if package.digest == digest:
            return package
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as staging:
        installed = Path(staging)
        _install(requirements, installed, architecture=architecture, python=python)
        files = {name: installed / name for name in _needed(installed)} | {str(path): ROOT / path for path in own}
        if unknown := unlisted(files):
            raise LookupError(f"scripts/bundled.py does not say whose these are: {', '.join(sorted(unknown))}")
        unzipped = sum(path.stat().st_size for path in files.values())
        partial = folder / f".{service}.zip"
        _zip(files, partial)
        partial.replace(archive)
    package = Package(service, str(archive), archive.stat().st_size, unzipped, digest)
    receipt.write_text(json.dumps(asdict(package)))
    return package


def _own_files(service: str) -> list[Path]:
    modules = import_closure(ROOT, handlers_by_service()[service])
    files = [*modules, *data_files(ROOT, modules), *_FOR_WHOEVER_GETS_IT]
    if service == "extractor":
        model = sorted((ROOT / _MODEL).glob("*@*"))
        if not model:
            raise FileNotFoundError(f"{_MODEL} holds no model: run `make model` first")
        files += [path.relative_to(ROOT) for path in model]
    return files


def _requirements(service: str) -> str:
    """The service's pinned requirements."""
    return (ROOT / "requirements" / f"{service}.txt").read_text(encoding="utf-8")


def _install(requirements: str, target: Path, *, architecture: str, python: str) -> None:
    own_wheel = re.search(rf"^{_BUILT_HERE}==(?:.*\\\n)*.*\n", requirements, re.MULTILINE)
    listing = target / "requirements.txt"
    listing.write_text(requirements.replace(own_wheel[0], "") if own_wheel else requirements)
    options = [
        "--python-platform", f"{_PLATFORMS[architecture]}-manylinux_{_GLIBC}", "--python-version", python,
        "--only-binary", ":all:", "--no-deps", "--target", str(target),
    ]  # fmt: skip
    _uv("--require-hashes", *options, "-r", str(listing))
    listing.unlink()
    if own_wheel:
        command = [str(ROOT / "scripts" / "build-annoy-wheel"), architecture, python]
        built = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        wheel = built.stdout.strip().splitlines()[-1]
        _uv("--no-index", *options, wheel)


def _uv(*arguments: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([str(uv), "pip", "install", "-q", *arguments], check=True)


def _needed(installed: Path) -> Iterator[str]:
    for path in sorted(installed.rglob("*")):
        name = path.relative_to(installed).as_posix()
        if path.is_file() and not _UNUSED.search(name) and not _is_foreign_api(name):
            yield name


def _is_foreign_api(name: str) -> bool:
    """botocore describes every AWS API there is, 17 MB of them; a function calls a handful."""
    parts = name.split("/")
    return parts[:2] == ["botocore", "data"] and len(parts) > 3 and parts[2] not in _AWS_SERVICES


def _zip(files: dict[str, Path], target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, path in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            executable = os.access(path, os.X_OK)
            entry.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
            with path.open("rb") as source, archive.open(entry, "w") as sink:
                shutil.copyfileobj(source, sink)


def _digest(text: str, files: list[Path]) -> str:
    digest = hashlib.sha256(text.encode())
    for path in files:
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def main() -> int:
    """Build what was asked for and print its sizes."""
    services = sorted(handlers_by_service())
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("services", nargs="*", default=services, metavar="SERVICE", help=", ".join(services))
    parser.add_argument("--architecture", choices=sorted(_PLATFORMS), default="arm64")
    parser.add_argument("--python", default="3.13")
    wanted = parser.parse_args()
    too_large = []
    for service in wanted.services:
        package = build(service, architecture=wanted.architecture, python=wanted.python)
        megabytes = package.unzipped / 2**20
        print(f"{service:14} {package.zipped / 2**20:6.1f} MB zipped {megabytes:6.1f} MB unzipped  {package.path}")
        if package.unzipped >= MAX_UNZIPPED_BYTES:
            too_large.append(service)
    if too_large:
        print(f"larger than the 250 MB that Lambda takes: {', '.join(too_large)}", file=sys.stderr)
    return 1 if too_large else 0


if __name__ == "__main__":
    sys.exit(main())
