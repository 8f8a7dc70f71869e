"""What a clip becomes."""

from dataclasses import dataclass

from earshot.descriptors import Descriptors
from earshot.embedding import Embedding
from earshot.track import Tag
from extractor.audio.samples import Audio
from extractor.music.key import key_of
from extractor.music.tempo import pulse_of
from extractor.networks.network import Features, Network

TAGS_KEPT = 10


@dataclass(frozen=True, slots=True)
class Extraction:
    """Embedding and likeliest tags of a clip, the model they come from, the seconds of audio it heard, and what these
    are in music's words."""

    embedding: Embedding
    tags: tuple[Tag, ...]
    model: str
    seconds: float
    descriptors: Descriptors


def extract_audio(audio: Audio, network: Network) -> Extraction:
    """Features of decoded audio.

    Raises:
        AudioRejected: `not_finite`, when the features do not fit into float16.
    """
    features = network.features(audio.samples)
    tags = features.tags[:TAGS_KEPT]
    return Extraction(features.embedding, tags, network.name, audio.seconds, _described(audio, features))


def _described(audio: Audio, features: Features) -> Descriptors:
    """As precise as is kept: tempo and loudness to a tenth, shares to a hundredth."""
    pulse = pulse_of(features.onsets) if features.onsets else None
    tonality = key_of(audio.samples, audio.rate)
    return Descriptors(
        bpm=_rounded(pulse.bpm, 1) if pulse else None,
        other_bpm=_rounded(pulse.other_bpm, 1) if pulse else None,
        pulse_clarity=_rounded(pulse.clarity, 2) if pulse else None,
        key=tonality.key if tonality else None,
        key_confidence=_rounded(tonality.confidence, 2) if tonality else None,
        loudness=_rounded(audio.loudness.integrated, 1),
        loudness_range=_rounded(audio.loudness.range, 1),
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(float(value), digits)
