"""MSD_musicnn in Keras: the definition that everything else is exported from and compared with.

Layers carry the names of the checkpoint's variables. Batch normalisation follows the ReLU, and both poolings are
interleaved before the dense layer (max0, mean0, max1, …), as the authors trained it.
"""

import keras

from extractor.model.architecture import (
    BANK_SIZES,
    EPSILON,
    MELS,
    MID,
    MID_FILTERS,
    PATCH_FRAMES,
    PENULTIMATE,
    TAGS,
    TEMPORAL,
    TIMBRAL,
    batch_norm_of,
)
from extractor.model.checkpoint import Weights


def keras_model(weights: Weights) -> keras.Model:
    """The network with its published weights.

    Input (n, 187, 96) log-mel patches. Outputs: penultimate (n, 200), mean pool (n, 753), max pool (n, 753) and tag
    probabilities (n, 50).
    """
    patches = keras.Input((PATCH_FRAMES, MELS))
    image = _norm("batch_normalization")(keras.layers.Reshape((PATCH_FRAMES, MELS, 1))(patches))
    padded = keras.layers.ZeroPadding2D(((3, 3), (0, 0)))(image)
    banks = [
        _bank(padded, name, filters, kernel, "valid")
        for (name, kernel), filters in zip(TIMBRAL.items(), BANK_SIZES, strict=False)
    ]
    banks += [
        _bank(image, name, filters, (taps, 1), "same")
        for (name, taps), filters in zip(TEMPORAL.items(), BANK_SIZES[2:], strict=True)
    ]
    front = keras.ops.concatenate(banks, axis=2)
    first = _mid(front, MID[0])
    second = _mid(first, MID[1]) + first
    third = _mid(second, MID[2]) + second
    features = keras.ops.concatenate([front, first, second, third], axis=2)
    maximum, mean = keras.ops.max(features, axis=1), keras.ops.mean(features, axis=1)
    flat = keras.layers.Flatten()(keras.ops.stack([maximum, mean], axis=2))
    hidden = keras.layers.Dense(PENULTIMATE, activation="relu", name="dense")(_norm("batch_normalization_9")(flat))
    penultimate = _norm("batch_normalization_10")(hidden)
    tags = keras.layers.Dense(TAGS, activation="sigmoid", name="dense_1")(penultimate)
    model = keras.Model(patches, [penultimate, mean, maximum, tags])
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([weights[f"{layer.name}/{variable.name}"] for variable in layer.weights])
    return model


def layer_weights(model: keras.Model) -> Weights:
    """The model's weights, named as in the checkpoint: what the exported graphs are built from."""
    return {
        f"{layer.name}/{variable.name}": value
        for layer in model.layers
        for variable, value in zip(layer.weights, layer.get_weights(), strict=True)
    }


def _norm(name: str) -> keras.Layer:
    return keras.layers.BatchNormalization(epsilon=EPSILON, name=name)


def _bank(
    image: keras.KerasTensor, name: str, filters: int, kernel: tuple[int, int], padding: str
) -> keras.KerasTensor:
    """(n, 187, filters): convolution, ReLU, batch normalisation, maximum over the remaining frequencies."""
    conv = keras.layers.Conv2D(filters, kernel, padding=padding, activation="relu", name=name)(image)
    return keras.ops.max(_norm(batch_norm_of(name))(conv), axis=2)


def _mid(sequence: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """(n, 187, 64): seven frames of all channels. The checkpoint keeps the kernel as an image convolution."""
    channels = sequence.shape[2]
    padded = keras.layers.ZeroPadding2D(((3, 3), (0, 0)))(keras.ops.expand_dims(sequence, 3))
    conv = keras.layers.Conv2D(MID_FILTERS, (7, channels), activation="relu", name=name)(padded)
    return keras.ops.squeeze(_norm(batch_norm_of(name))(conv), 2)
