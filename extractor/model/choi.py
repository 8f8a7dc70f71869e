"""The convnet of Choi et al., "Transfer learning for music classification and regression tasks" (arXiv 1703.09179).

This is its Keras 2 release: five convolutions whose outputs, averaged, are the features.

Batch normalisation comes before the ELU and uses the
stored statistics; features are taken before the pooling.
"""

import keras
import numpy as np
import onnx

from extractor.model.checkpoint import Weights
from extractor.model.graph import FEATURES, INPUT, GraphBuilder

POOLS = ((2, 4), (3, 4), (2, 5), (2, 4))
"""(mels, frames) after each convolution but the last."""
MELS, FILTERS, EPSILON = 96, 32, 1e-3
LAYERS = range(1, len(POOLS) + 2)


def keras_choi(weights: Weights) -> keras.Model:
    """Normalised decibel spectrograms (n, 96, frames, 1) -> features (n, 160), frames >= 320."""
    spectrogram = keras.Input((MELS, None, 1))
    x, features = spectrogram, []
    for layer in LAYERS:
        x = keras.layers.Conv2D(FILTERS, 3, padding="same", name=f"conv2d_{layer}")(x)
        x = keras.layers.BatchNormalization(epsilon=EPSILON, name=f"batch_normalization_{layer}")(x)
        x = keras.layers.ELU()(x)
        features.append(keras.layers.GlobalAveragePooling2D()(x))
        if layer <= len(POOLS):
            x = keras.layers.MaxPooling2D(POOLS[layer - 1])(x)
    model = keras.Model(spectrogram, keras.ops.concatenate(features, axis=1))
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([weights[f"{layer.name}/{variable.name}"] for variable in layer.weights])
    return model


def choi_graph(weights: Weights) -> onnx.ModelProto:
    """Normalised decibel spectrograms (n, frames, 96) -> features (n, 160), with batch statistics folded in."""
    g = GraphBuilder()
    x = g.node("Unsqueeze", g.node("Transpose", INPUT, perm=[0, 2, 1]), g.constant([1], np.int64))
    features = []
    for layer in LAYERS:
        kernel, bias = folded(weights, layer)
        conv = g.node("Conv", x, g.constant(kernel), g.constant(bias), kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        x = g.node("Elu", conv)
        features.append(g.node("ReduceMean", x, axes=[2, 3], keepdims=0))
        if layer <= len(POOLS):
            pool = list(POOLS[layer - 1])
            x = g.node("MaxPool", x, kernel_shape=pool, strides=pool)
    g.node("Concat", *features, output=FEATURES, axis=1)
    return g.model({INPUT: ("n", "frames", MELS)}, {FEATURES: ("n", FILTERS * len(LAYERS))})


def folded(weights: Weights, layer: int) -> tuple[np.ndarray, np.ndarray]:
    """Kernel (out, in, 3, 3) and bias (out,) of a convolution with the stored statistics of its normalisation."""
    gamma, beta, mean, variance = (
        weights[f"batch_normalization_{layer}/{name}"].astype(np.float64)
        for name in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    scale = gamma / np.sqrt(variance + EPSILON)
    kernel = weights[f"conv2d_{layer}/kernel"].astype(np.float64) * scale
    bias = (weights[f"conv2d_{layer}/bias"] - mean) * scale + beta
    return kernel.transpose(3, 2, 0, 1).astype(np.float32), bias.astype(np.float32)
