"""Writes THIRD_PARTY_NOTICES.md: what others made of what is shipped, and its licence. `make notices`.

Libraries are those of the requirements; their licences are what their own metadata says. What wheels bring along
besides stands in scripts/bundled.py. A test compares the page.
"""

import re
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from typing import Final

from scripts.bundled import BUNDLED
from scripts.package import ROOT, handlers_by_service

PAGE = ROOT / "THIRD_PARTY_NOTICES.md"
_IMAGE = "local"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", re.MULTILINE)

_SPDX: Final[Mapping[str, str]] = {
    "Apache 2.0": "Apache-2.0", "Apache License": "Apache-2.0", "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0", "3-Clause BSD License": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause", "BSD 3-Clause": "BSD-3-Clause", "BSD License": "BSD",
    "MIT License": "MIT", "MIT license": "MIT", "The MIT License (MIT)": "MIT", "PSFL": "PSF-2.0",
}  # fmt: skip
# Whose metadata says nothing or something vague, and what only other machines install.
_KNOWN: Final[Mapping[str, str]] = {
    "async-timeout": "Apache-2.0", "audioop-lts": "PSF-2.0", "namex": "Apache-2.0", "numba": "BSD-2-Clause",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause", "scipy": "BSD-3-Clause", "standard-aifc": "PSF-2.0",
    "standard-chunk": "PSF-2.0", "standard-sunau": "PSF-2.0", "tensorflow": "Apache-2.0",
    "tensorflow-cpu": "Apache-2.0", "astunparse": "BSD-3-Clause",
}  # fmt: skip
_INTRODUCTION = """\
# Third-party notices

Earshot itself is under the MIT licence. What it is shipped with, in the zips of the functions and in a container image,
is not all so permissive: **the image, and the zips that hold mutagen or PyAV, hold works under the GNU GPL** (mutagen;
x264 and x265 within PyAV's build of FFmpeg, of which Earshot uses the AAC decoder alone). Whoever hands them on does so
under the GPL: with this page, the licences' texts, and the sources, which are those of the versions named here,
unchanged. What PyAV's wheels bring along is built at https://github.com/PyAV-Org/pyav-ffmpeg. A deployment into an
account of one's own hands nothing on.

Wheels hold the texts of their licences (`*.dist-info`), which stay where they are. The network's weights (MSD_musicnn)
are under the ISC licence; those of EfficientAT mn04 (Florian Schmid), which are in `musicnn-mn04@2`, under the MIT
licence (`extractor/model/data/LICENSE.EfficientAT`). Written by `make notices`; `make package` lists the same with
checksums, as CycloneDX has it.
"""


def page() -> str:
    """The whole page."""
    shipped = {service: _pins(service) for service in (*sorted(handlers_by_service()), _IMAGE)}
    names = sorted({name for pins in shipped.values() for name in pins})
    rows = [
        f"| {name} | {', '.join(shipped[_IMAGE][name])} | {licence(name)} | "
        f"{', '.join(service for service in shipped if name in shipped[service] and service != _IMAGE) or '–'} |"
        for name in names
    ]
    bundled: dict[tuple[str, str], list[str]] = {}
    for library, work in BUNDLED.items():
        bundled.setdefault(work, []).append(f"`{library}`")
    works = [f"| {name} | {terms} | {', '.join(files)} |" for (name, terms), files in sorted(bundled.items())]
    return "\n".join([
        _INTRODUCTION,
        "## Python libraries\n", "All of them are in the image, or made what is in it.\n",
        "| library | version | licence | in the zip of |", "|---|---|---|---|", *rows,
        "\n## Brought along by wheels\n",
        "By PyAV, soundfile, NumPy, SciPy, scikit-learn and h5py; which of them depends on version and processor.\n",
        "| work | licence | files |", "|---|---|---|", *works, "",
    ])  # fmt: skip


def licence(name: str) -> str:
    """The licence of a library, in SPDX's words where it can be said in them.

    Raises:
        LookupError: neither the library nor this file says.
    """
    if name in _KNOWN:
        return _KNOWN[name]
    try:
        metadata = distribution(name).metadata
    except PackageNotFoundError:
        raise LookupError(f"{name} is not installed here: say in scripts/notices.py what its licence is") from None
    classified = [line.rpartition(" :: ")[2] for line in metadata.get_all("Classifier", []) if line.startswith("Lic")]
    said_elsewhere = [*metadata.get_all("License-Expression", []), *metadata.get_all("License", [])]
    for said in (*said_elsewhere, *classified):
        if "\n" not in said and said != "BSD":
            return _SPDX.get(said, said)
    raise LookupError(f"{name} does not say what its licence is: say it in scripts/notices.py")


def _pins(name: str) -> dict[str, list[str]]:
    """The versions of every library in a requirements file; more than one where they depend on Python's version."""
    found: dict[str, list[str]] = {}
    for match in _PIN.finditer((ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")):
        found.setdefault(match[1], []).append(match[2])
    return found


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
