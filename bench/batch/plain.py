"""`python -m bench.batch.plain FOLDER EMBEDDINGS`: hears every second file, as a process that knows no Spark does.

Two of these at once leave as little of the machine to each other as two tasks do.
"""

import json
import os
import sys
from pathlib import Path

from config.extract import ModelSettings
from extractor.audio.decoder import Decoder
from extractor.extract import extract_audio
from extractor.networks.loading import load_network


def main(folder: Path, half: int, target: Path) -> None:
    """Write the embeddings, in hexadecimal digits, by name of the file."""
    settings = ModelSettings.load()
    network = load_network(settings.model, settings.model_dir)
    decoder = Decoder(network.rate, network.min_seconds)
    heard = {}
    for path in sorted(folder.iterdir())[half::2]:
        clip = extract_audio(decoder.decode(path.read_bytes()), network)
        heard[path.name] = [part.hex() for part in clip.embedding.to_bytes()]
    decoder.close()
    target.write_text(json.dumps(heard), encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
