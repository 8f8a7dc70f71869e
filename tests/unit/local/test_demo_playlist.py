"""The demo's music: where it comes from, and that what packages hold cannot do harm."""

import json
import subprocess
from pathlib import Path

import pytest
import soundfile

from demo.music import PACKAGES, demo_music
from demo.synth import synthesise


@pytest.fixture(scope="module")
def synthesised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which the clips have been synthesised."""
    cache = tmp_path_factory.mktemp("cache")
    synthesise(cache / "synthesised")
    return cache


@pytest.fixture
def fake_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An `apt-get` on the PATH that brings whatever lies in the folder."""
    pool, programs = tmp_path / "pool", tmp_path / "bin"
    pool.mkdir()
    programs.mkdir()
    script = programs / "apt-get"
    script.write_text(f'#!/bin/sh\nset -e\nfor deb in "{pool}"/*.deb; do /bin/cp "$deb" .; done\n')
    script.chmod(0o755)
    (programs / "dpkg-deb").symlink_to("/usr/bin/dpkg-deb")
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return pool


def _build_deb(pool: Path, name: str, version: str, files: dict[str, bytes]) -> None:
    root = pool.parent / f"{name}.root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n"
    )
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    deb = pool / f"{name}_{version}_all.deb"
    subprocess.run(["dpkg-deb", "--build", "-Znone", str(root), str(deb)], check=True, capture_output=True)


def test_without_apt_the_clips_are_synthesised_and_it_is_said(
    synthesised: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = demo_music(synthesised)
    clips = sorted(found.folder.rglob("*.flac"))
    assert len(clips) == 12
    assert len({clip.parent for clip in clips}) == 4
    assert all(soundfile.info(clip).duration == 30 for clip in clips)
    assert "synthesised" in found.about[0]
    assert "no apt-get" in found.about[0]


def test_a_package_with_another_content_than_the_one_checked_is_refused(fake_apt: Path, synthesised: Path) -> None:
    for package in PACKAGES:
        (fake_apt / f"{package.name}_{package.version}_all.deb").write_bytes(b"something else")
    found = demo_music(synthesised)
    assert "SHA-256" in found.about[0]
    assert not (synthesised / "debian").exists()


def test_music_is_filed_by_artist_album_and_title_and_a_newer_version_is_said(fake_apt: Path, tmp_path: Path) -> None:
    music = bytes(range(256)) * 1000
    for package in PACKAGES:
        files = {
            f"usr/share/{package.name}/the_hero's-theme.ogg": music,
            f"usr/share/{package.name}/second-copy/the_hero's-theme.ogg": music,
            f"usr/share/{package.name}/beep.ogg": b"short",
            f"usr/share/doc/{package.name}/copyright": b"free",
        }
        _build_deb(fake_apt, package.name, "99.1", files)
    found = demo_music(tmp_path / "cache")
    paths = sorted(path.relative_to(found.folder) for path in found.folder.rglob("*") if path.is_file())
    assert len(paths) == len(PACKAGES)
    assert Path("Alex Almarza/Amoebax/The hero's theme.ogg") in paths
    assert all("version 99.1" in line for line in found.about)
    about = json.loads((tmp_path / "cache" / "debian" / "about.json").read_text())
    assert tuple(about) == found.about
    assert (tmp_path / "cache" / "debian" / "licences" / "amoebax-data").read_bytes() == b"free"


def test_every_package_has_a_licence_and_a_checksum() -> None:
    for package in PACKAGES:
        assert package.licence
        assert len(bytes.fromhex(package.sha256)) == 32
