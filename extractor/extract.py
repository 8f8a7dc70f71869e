"""What a clip becomes."""

from dataclasses import dataclass

from earshot.embedding import Embedding
from earshot.track import Tag
from extractor.decode import decode
from extractor.network import Network

TAGS_KEPT = 10


@dataclass(frozen=True, slots=True)
class Extraction:
    """Embedding and likeliest tags of a clip, the model they come from, and the seconds of audio it heard."""

    embedding: Embedding
    tags: tuple[Tag, ...]
    model: str
    seconds: float


def extract_clip(data: bytes, network: Network) -> Extraction:
    """Decode an audio file and compute its features.

    Raises:
        AudioRejected: the file cannot become an embedding; `reason` says why (`extractor.decode.decode`).
    """
    audio = decode(data, network.rate, network.min_seconds)
    features = network.features(audio.samples)
    return Extraction(features.embedding, features.tags[:TAGS_KEPT], network.name, audio.seconds)
