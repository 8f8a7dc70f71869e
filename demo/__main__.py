"""`python -m demo [--music FOLDER] [--keep] [--no-open]`: what stands behind `make demo`."""

import argparse
import sys
from pathlib import Path

from config.local import LocalSettings
from earshot.terminal import spare_the_terminal
from ops.terminal import in_words, only_local, say


def main(arguments: list[str]) -> int:
    """The whole pipeline on real music, then the page."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=main.__doc__)
    parser.add_argument("--music", type=Path, help="a folder of your own instead of the demo's playlist")
    parser.add_argument("--keep", action="store_true", help="go on until Ctrl-C where there is no terminal, too")
    parser.add_argument("--no-open", action="store_true", help="open no browser")
    asked = parser.parse_args(arguments)

    def show(settings: LocalSettings) -> int:
        from demo.page import ending  # late, so that a refusal answers at once
        from demo.show import run

        only_local(settings)
        return run(settings, asked.music, ending(keep=asked.keep, may_open=not asked.no_open), say)

    return in_words(show)


if __name__ == "__main__":
    spare_the_terminal()
    sys.exit(main(sys.argv[1:]))
