"""`python -m demo [--music FOLDER]`: what stands behind `make demo`."""

import argparse
import sys
from pathlib import Path

from config.local import LocalSettings
from earshot.terminal import spare_the_terminal
from ops.terminal import in_words, only_local, say


def main(arguments: list[str]) -> int:
    """The whole pipeline on real music, then stop."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=main.__doc__)
    parser.add_argument("--music", type=Path, help="a folder of your own instead of the demo's playlist")
    music = parser.parse_args(arguments).music

    def show(settings: LocalSettings) -> int:
        from demo.show import run  # late, so that a refusal answers at once

        only_local(settings)
        return run(settings, music, say)

    return in_words(show)


if __name__ == "__main__":
    spare_the_terminal()
    sys.exit(main(sys.argv[1:]))
