"""The compiled libraries that wheels bring along: whose they are, and under what licence. Their files do not say."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

_GNU = "LGPL-3.0-or-later OR GPL-2.0-or-later"
BUNDLED: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(
        ("libavcodec", "libavdevice", "libavfilter", "libavformat", "libavutil", "libswresample", "libswscale"),
        ("FFmpeg", "LGPL-3.0-or-later, linked with x264 and x265: as a whole GPL-3.0-or-later"),
    ),
    "libx264": ("x264", "GPL-2.0-or-later"), "libx265": ("x265", "GPL-2.0-or-later"),
    "libSvtAv1Enc": ("SVT-AV1", "BSD-3-Clause-Clear"), "libdav1d": ("dav1d", "BSD-2-Clause"),
    "libvpx": ("libvpx", "BSD-3-Clause"), "libvmaf": ("VMAF", "BSD-2-Clause-Patent"), "libvpl": ("oneVPL", "MIT"),
    "libopus": ("Opus", "BSD-3-Clause"), "libmp3lame": ("LAME", "LGPL-2.0-or-later"),
    **dict.fromkeys(("libopencore-amrnb", "libopencore-amrwb"), ("OpenCORE AMR", "Apache-2.0")),
    **dict.fromkeys(("libwebp", "libwebpmux", "libsharpyuv"), ("libwebp", "BSD-3-Clause")),
    "libgnutls": ("GnuTLS", "LGPL-2.1-or-later"), "libgmp": ("GMP", _GNU), "libunistring": ("libunistring", _GNU),
    **dict.fromkeys(("libnettle", "libhogweed"), ("Nettle", _GNU)),
    "libasound": ("ALSA", "LGPL-2.1-or-later"), "libdrm": ("libdrm", "MIT"), "libXau": ("libXau", "MIT"),
    **dict.fromkeys(("libxcb", "libxcb-shape", "libxcb-shm", "libxcb-xfixes"), ("XCB", "MIT")),
    "libsndfile": ("libsndfile, with FLAC, Ogg, Vorbis, Opus, mpg123 and LAME", "LGPL-2.1-or-later"),
    **dict.fromkeys(("libscipy_openblas", "libscipy_openblas64"), ("OpenBLAS", "BSD-3-Clause")),
    "libopenblaso-r0": ("OpenBLAS", "BSD-3-Clause"),
    "libgfortran": ("GNU Fortran's runtime", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    "libgomp": ("GNU OpenMP's runtime", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    "libquadmath": ("libquadmath", "LGPL-2.1-or-later"),
    **dict.fromkeys(("libhdf5", "libhdf5_hl"), ("HDF5", "BSD-3-Clause")),
    **dict.fromkeys(("libaec", "libsz"), ("libaec", "BSD-2-Clause")),
}  # fmt: skip
"""Work and licence by the file's name, without version and checksum."""

_BROUGHT_ALONG = re.compile(r"(?:^|/)(?:\w+\.libs|_soundfile_data)/(lib[^/]+?)\.so")
_ADDED = re.compile(r"(-[0-9a-f]{8})+(\.[0-9.]+)?$|_(x86_64|arm64)$")


def bundled_libraries(names: Iterable[str]) -> set[str]:
    """Those of the files that are such libraries, as `BUNDLED` names them."""
    found = (match[1] for name in names if (match := _BROUGHT_ALONG.search(name)))
    return {_ADDED.sub("", library).rstrip("_") for library in found}


def unlisted(names: Iterable[str]) -> set[str]:
    """Those of which it is not known whose they are."""
    return bundled_libraries(names) - set(BUNDLED)
