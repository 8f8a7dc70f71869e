"""The demo's playlist: real, freely licensed music out of Debian packages, or clips that are synthesised here.

Nothing is installed and no root is needed: `apt-get download` fetches the packages, the music is taken out of them.
"""

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from demo.synth import synthesise

_AUDIO = (".ogg", ".oga", ".mp3", ".opus", ".flac")
_MIN_BYTES = 200_000  # shorter files are sound effects
_DOWNLOAD_TIMEOUT_S = 150
_UNSAFE = re.compile(r"[^\w .,'&()+-]+")


@dataclass(frozen=True, slots=True)
class Package:
    """A Debian package with music. `sha256` is that of `version`; another version is accepted and said."""

    name: str
    version: str
    sha256: str
    artist: str
    album: str
    licence: str


PACKAGES = (
    Package(
        "adonthell-data",
        "0.3.8-1",
        "2312e765b35668ba18f7f9b4cd75e8cad03e509ef1033bad7c37568cb1353adc",
        "ZhayTee",
        "Adonthell: Waste's Edge",
        "GPL-2+",
    ),
    Package(
        "amoebax-data",
        "0.2.1+dfsg-6",
        "e7bc4d55ad15e20decc44f67819c109c42935f2173ed39926aeb3ec502642009",
        "Alex Almarza",
        "Amoebax",
        "Free Art License 1.2",
    ),
    Package(
        "wordwarvi-sound",
        "1.0.4-2",
        "455adb1ebc1602523c719ce182f9b3deee9ae6677763011ad5740d09ea7a0529",
        "Stephen M. Cameron",
        "Word War vi",
        "CC-BY-SA-3.0 / GPL-2+",
    ),
    Package(
        "noiz2sa-data",
        "0.51a-13",
        "7e38af552d946eaaf06ab2789c921972bb2bd88f202d48113faf11a30a614223",
        "Kenta Cho (ABA Games)",
        "Noiz2sa",
        "BSD-2-Clause",
    ),
    Package(
        "tumiki-fighters-data",
        "0.2.dfsg1-10",
        "74eb827adfbe9622d693c4bc1c930ad7a5846242689c34da64c97ba214995fba",
        "Kenta Cho (ABA Games)",
        "Tumiki Fighters",
        "BSD-2-Clause",
    ),
    Package(
        "hex-a-hop-data",
        "1.1.0+git20140926-1.1",
        "6ecefa3bafa06c5a64391396ef81ed2df8264ef1415f66ab97612ab7a2643043",
        "remaxim",
        "Hex-a-Hop",
        "CC-BY-SA-3.0",
    ),
)


@dataclass(frozen=True, slots=True)
class DemoMusic:
    """A folder to crawl, and what is to be said about it."""

    folder: Path
    about: tuple[str, ...]


def demo_music(cache: Path) -> DemoMusic:
    """Music under `cache`, fetched or made when it is not there yet."""
    try:
        return debian_music(cache)
    except NoPackages as problem:
        folder = cache / "synthesised"
        synthesise(folder)
        about = f"clips synthesised here, in four styles, free of rights (Debian packages with real music: {problem})"
        return DemoMusic(folder, (about,))


def debian_music(cache: Path, packages: tuple[Package, ...] = PACKAGES) -> DemoMusic:
    """The packages' music under `cache`, fetched when it is not there yet.

    Raises:
        NoPackages: they cannot be had here.
    """
    listing = cache / "debian" / "about.json"
    if not listing.exists():
        _fetch(cache, packages)
    return DemoMusic(listing.parent / "music", tuple(json.loads(listing.read_text(encoding="utf-8"))))


class NoPackages(Exception):
    """The packages cannot be had here. The text says why."""


def _fetch(cache: Path, packages: tuple[Package, ...]) -> None:
    """Download and unpack; the result appears as a whole or not at all.

    Raises:
        NoPackages: apt-get or the network is missing, or a package is not what it should be.
    """
    work = cache / "debian.unfinished"
    shutil.rmtree(work, ignore_errors=True)
    debs = work / "debs"
    debs.mkdir(parents=True)
    _download([package.name for package in packages], debs, apt_state=cache / "apt")
    about = []
    for package in packages:
        deb = next(debs.glob(f"{package.name}_*.deb"), None)
        if deb is None:
            raise NoPackages(f"apt-get brought no {package.name}")
        version = deb.name.split("_")[1].replace("%3a", ":")
        if version == package.version:
            found = hashlib.sha256(deb.read_bytes()).hexdigest()
            if found != package.sha256:
                raise NoPackages(f"{deb.name} has SHA-256 {found}, expected {package.sha256}")
        count = _unpack(deb, package, work)
        note = "" if version == package.version else f" (version {version}; {package.version} is the one checked)"
        about.append(f"{package.album}: {count} tracks by {package.artist}, {package.licence}{note}")
    shutil.rmtree(debs)
    (work / "about.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    target = cache / "debian"
    shutil.rmtree(target, ignore_errors=True)
    work.rename(target)


def _download(names: list[str], debs: Path, *, apt_state: Path) -> None:
    """`apt-get download`; where the package lists are missing, with lists of our own, which needs no root either."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise NoPackages("no apt-get on this system")
    if _apt(["download", *names], debs):
        return
    for folder in (apt_state / "lists" / "partial", apt_state / "cache" / "archives" / "partial"):
        folder.mkdir(parents=True, exist_ok=True)
    own = ["-o", f"Dir::State::lists={apt_state / 'lists'}", "-o", f"Dir::Cache={apt_state / 'cache'}"]
    if not (_apt([*own, "update"], debs) and _apt([*own, "download", *names], debs)):
        raise NoPackages("apt-get download failed")


def _apt(arguments: list[str], folder: Path) -> bool:
    try:
        outcome = subprocess.run(
            ["apt-get", "-q", *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_DOWNLOAD_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return outcome.returncode == 0


def _unpack(deb: Path, package: Package, work: Path) -> int:
    """Write the package's music as ``music/<artist>/<album>/<title>`` and its licence; how many tracks."""
    folder = work / "music" / _safe(package.artist) / _safe(package.album)
    folder.mkdir(parents=True, exist_ok=True)
    (work / "licences").mkdir(exist_ok=True)
    seen: set[bytes] = set()
    for name, content in _members(deb):
        if name.endswith("/copyright"):
            (work / "licences" / package.name).write_bytes(content)
        elif (digest := hashlib.sha256(content).digest()) not in seen:
            seen.add(digest)
            path = Path(name)
            (folder / f"{_title(path.stem)}{path.suffix.lower()}").write_bytes(content)
    return len(seen)


def _members(deb: Path) -> Iterator[tuple[str, bytes]]:
    """Path and content of the music and the licence in a package."""
    with (
        subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE) as process,
        tarfile.open(fileobj=process.stdout, mode="r|") as archive,
    ):
        for member in archive:
            is_music = member.name.lower().endswith(_AUDIO) and member.size >= _MIN_BYTES
            if member.isfile() and (is_music or member.name.endswith("/copyright")):
                file = archive.extractfile(member)
                if file is not None:
                    yield member.name, file.read()


def _title(stem: str) -> str:
    words = re.sub(r"[_-]+", " ", stem).strip()
    return _safe(words[:1].upper() + words[1:])


def _safe(text: str) -> str:
    """A name for one path component: titles come out of packages and must not leave their folder."""
    return _UNSAFE.sub(" ", text).strip(" .") or "untitled"
