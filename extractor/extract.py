"""What a clip becomes."""

from dataclasses import dataclass

from earshot.embedding import Embedding
from earshot.track import Tag
from extractor.audio.samples import Audio
from extractor.networks.network import Network

TAGS_KEPT = 10


@dataclass(frozen=True, slots=True)
class Extraction:
    """Embedding and likeliest tags of a clip, the model they come from, and the seconds of audio it heard."""

    embedding: Embedding
    tags: tuple[Tag, ...]
    model: str
    seconds: float


def extract_audio(audio: Audio, network: Network) -> Extraction:
    """Features of decoded audio.

    Raises:
        AudioRejected: `not_finite`, when the features do not fit into float16.
    """
    features = network.features(audio.samples)
    return Extraction(features.embedding, features.tags[:TAGS_KEPT], network.name, audio.seconds)
