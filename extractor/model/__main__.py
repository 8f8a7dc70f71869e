"""`python -m extractor.model [MODEL]`: builds a network's model files; does nothing when they are current."""

import argparse
import sys
from functools import partial
from pathlib import Path

from config.extract import ModelSettings
from earshot.errors import EarshotError
from earshot.networks import CHOI, MUSICNN, MUSICNN_MN04, NETWORKS
from extractor.model.build import build_choi, build_musicnn, build_musicnn_mn04, say
from extractor.model.choi_weights import published


def main(arguments: list[str] | None = None) -> int:
    """Build into `EARSHOT_MODEL_DIR` (default build/model). 0, or 1 with one line that says what is missing."""
    parser = argparse.ArgumentParser(prog="python -m extractor.model", description="Builds a network's model files.")
    parser.add_argument("model", nargs="?", choices=tuple(NETWORKS), default=MUSICNN.name)
    parser.add_argument("--weights", type=Path, help=f"the published weight file of {CHOI.name}")
    parser.add_argument("--download", action="store_true", help=f"fetch that file; it states no licence ({CHOI.name})")
    options = parser.parse_args(arguments)
    try:
        directory = ModelSettings.load().model_dir
        if options.model == MUSICNN.name:
            built = build_musicnn(directory)
        elif options.model == MUSICNN_MN04.name:
            built = build_musicnn_mn04(directory)
        else:
            built = build_choi(directory, partial(published, options.weights, may_download=options.download))
    except EarshotError as error:
        print(f"model: {error.message}", file=sys.stderr)
        return 1
    say(f"{options.model} {'is in' if built else 'is up to date in'} {directory}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
