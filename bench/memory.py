"""Memory that a process has for itself: mapped files, which the kernel may drop at any time, do not count."""

from pathlib import Path

_KIB = 1024


def own_bytes() -> int:
    """Bytes of this process that no file backs."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * _KIB
    raise RuntimeError("the kernel does not tell")
