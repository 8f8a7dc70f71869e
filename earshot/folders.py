"""Which folders of this machine may be read."""

import os
from collections.abc import Iterable
from pathlib import Path

from earshot.errors import InvalidPlaylist


class Folders:
    """The folders that the settings allow, with what is below them.

    Args:
        roots: absolute, or below ``~``; none: no file of this machine is ever read.
    """

    def __init__(self, roots: Iterable[Path]) -> None:
        self._roots = tuple(without_links(root.expanduser()) for root in roots)

    @property
    def roots(self) -> tuple[Path, ...]:
        """The allowed folders, without links."""
        return self._roots

    def allowed(self, path: Path) -> Path:
        """`path` without links.

        Raises:
            InvalidPlaylist: it is outside the allowed folders.
        """
        real = without_links(path)
        if not any(real.is_relative_to(root) for root in self._roots):
            listed = os.pathsep.join(map(str, self._roots)) or "none"
            raise InvalidPlaylist(
                f"{path} is outside the folders that may be crawled ({listed})",
                hint="Add its folder to EARSHOT_FOLDER_ROOTS. Functions in the cloud see no folder of yours.",
            )
        return real


def without_links(path: Path) -> Path:
    """`path` with its links followed; a link that leads to itself stays (`Path.resolve` would raise)."""
    return Path(os.path.realpath(path))
