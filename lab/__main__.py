"""`python -m lab VERB`: judges recipes and models, and lets the best one serve (docs/lab.md)."""

import argparse
import sys
from collections.abc import Sequence

from earshot.errors import EarshotError
from earshot.terminal import spare_the_terminal
from lab.evaluating import add_evaluate
from lab.promoting import add_promoting


def main(arguments: Sequence[str]) -> int:
    """Do what the words of the command line say; 1 when it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m lab", description="The laboratory: judges recipes and models.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    add_evaluate(verbs)
    add_promoting(verbs)
    options = parser.parse_args(arguments)
    try:
        return options.run(options) or 0
    except EarshotError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 1


if __name__ == "__main__":
    spare_the_terminal()
    sys.exit(main(sys.argv[1:]))
