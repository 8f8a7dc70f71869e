"""`python -m lab VERB`: `evaluate` judges recipes and models (docs/lab.md)."""

import argparse
import sys
from collections.abc import Sequence

from earshot.errors import EarshotError
from lab.evaluating import add_evaluate


def main(arguments: Sequence[str]) -> int:
    """Do what the words of the command line say; 1 when it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m lab", description="The laboratory: judges recipes and models.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    add_evaluate(verbs)
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except EarshotError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
