"""EfficientAT mn04_as up to its twelfth block: MobileNetV3 at 0.4 of its width, trained on AudioSet.

Schmid, Koutini & Widmer, "Efficient large-scale audio tagging via Transformer-to-CNN knowledge distillation", 2023. A
block widens (1 x 1), looks around in each channel (k x k), weighs channels by their means over the whole input where it
*squeezes*, and narrows (1 x 1); where neither size nor channels change, its input is added. Convolutions pad by half
their size on either side, and their batch statistics are constants here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import keras
import numpy as np
import numpy.typing as npt
import onnx

from extractor.model.checkpoint import Weights
from extractor.model.graph import GraphBuilder, Shape

MELS: Final = 128
INPUT: Final = "mels"
HEARD: Final = {6: "block6", 12: "block12"}
"""The blocks of which means are kept, and what the graph calls those."""
_LAST: Final = max(HEARD)
_EPSILON = 1e-3
Activation = Literal["relu", "hard_silu"]


@dataclass(frozen=True, slots=True)
class _Block:
    """Of one block what its weights do not say."""

    activation: Activation
    stride: int = 1
    squeezes: bool = False


_WIDENED: Final = "features.2.block.0"
"""What is part of the graph's start."""
_BLOCKS: Final = (
    _Block("relu"),
    _Block("relu", stride=2), _Block("relu"),
    _Block("relu", stride=2, squeezes=True), _Block("relu", squeezes=True), _Block("relu", squeezes=True),
    _Block("hard_silu", stride=2), _Block("hard_silu"), _Block("hard_silu"), _Block("hard_silu"),
    _Block("hard_silu", squeezes=True), _Block("hard_silu", squeezes=True),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Conv:
    """A convolution with its batch normalisation folded in: `kernel` (out, in / groups, k, k), `bias` (out,)."""

    kernel: npt.NDArray[np.float64]
    bias: npt.NDArray[np.float64]
    groups: int = 1
    stride: int = 1


def keras_mn04(weights: Weights) -> keras.Model:
    """Spectrograms (n, frames, 128) -> the maps of blocks 6 and 12, (n, channels, mels, frames).

    As the checkpoint has it: batch normalisation by its stored statistics, nothing folded.
    """
    spectrogram = keras.Input((None, MELS))
    x = keras.ops.expand_dims(keras.ops.transpose(spectrogram, (0, 2, 1)), 3)
    x = _keras_conv(x, weights, "features.0", stride=2, activation="hard_silu")
    maps = []
    for number, block in enumerate(_BLOCKS, 1):
        y = x
        for part, role in _parts(weights, number):
            if role == "squeeze":
                y = y * _keras_weighing(y, weights, part)
            else:
                stride = block.stride if role == "around" else 1
                y = _keras_conv(y, weights, part, stride, None if role == "narrow" else block.activation)
        x = y + x if block.stride == 1 and y.shape[3] == x.shape[3] else y
        if number in HEARD:
            maps.append(keras.ops.transpose(x, (0, 3, 1, 2)))
    return keras.Model(spectrogram, maps)


def spans(block: str) -> str:
    """The graph's input (frames, spans): what each frame of the map of `block` counts in its means over time."""
    return f"{block} spans"


def mn04_graph(weights: Weights) -> onnx.ModelProto:
    """As ONNX, and of the same maps the means over spans of time: (n, channels, mels, spans)."""
    g = GraphBuilder()
    x, channels, mels = _start(g, weights), 0, MELS // 2
    inputs: dict[str, Shape] = {INPUT: ("n", "frames", MELS)}
    outputs: dict[str, Shape] = {}
    for number, block in enumerate(_BLOCKS[1:], 2):
        y, gate, narrow, mels = x, None, 0, mels // block.stride
        for part, role in _parts(weights, number):
            if role == "squeeze":
                gate = _gate(g, y, weights, part)
            elif role == "narrow":
                if number == _LAST:  # the rest is linear: of means it gives means, and they are fewer than frames
                    y, x = (g.node("MatMul", it, spans(HEARD[number])) for it in (y, x))
                conv = _folded(weights, part)
                y, narrow = _conv(g, g.node("Mul", y, gate) if gate else y, conv, None), len(conv.bias)
            elif part != _WIDENED:
                stride = block.stride if role == "around" else 1
                y = _conv(g, y, _folded(weights, part, stride), block.activation)
        x, channels = g.node("Add", y, x) if block.stride == 1 and narrow == channels else y, narrow
        if number in HEARD:
            name = HEARD[number]
            g.node("Identity", x if number == _LAST else g.node("MatMul", x, spans(name)), output=name)
            inputs[spans(name)] = (f"frames of {name}", "spans")
            outputs[name] = ("n", channels, mels, "spans")
    return g.model(inputs, outputs)


def _start(g: GraphBuilder, weights: Weights) -> str:
    """(n, 24, 64, frames / 2): all up to where block 2 has widened.

    Block 1 narrows and adds its input, and block 2 widens that, all of it linear: one convolution of what block 1 has
    looked around in, beside its input. Eight channels each, they fill the 16 that the runtime computes at once.
    """
    around, narrow = (_folded(weights, part) for part, _ in _parts(weights, 1))
    widen = _folded(weights, _WIDENED)
    image = g.node("Unsqueeze", g.node("Transpose", INPUT, perm=[0, 2, 1]), g.constant([1], np.int64))
    x = _conv(g, image, _folded(weights, "features.0", stride=2), "hard_silu")
    both = g.node("Concat", _conv(g, x, around, "relu"), x, axis=1)
    wide = widen.kernel[:, :, 0, 0]
    kernel = np.concatenate([wide @ narrow.kernel[:, :, 0, 0], wide], axis=1)
    return _conv(g, both, _Conv(kernel[:, :, None, None], wide @ narrow.bias + widen.bias), "relu")


def _parts(weights: Weights, number: int) -> Iterator[tuple[str, str]]:
    """Names of a block's layers, each with its role: widen, around, squeeze, narrow."""
    prefix, place = f"features.{number}.block", 0
    if weights[f"{prefix}.0.0.weight"].shape[2] == 1:
        yield f"{prefix}.0", "widen"
        place = 1
    yield f"{prefix}.{place}", "around"
    if _BLOCKS[number - 1].squeezes:
        place += 1
        yield f"{prefix}.{place}.conc_se_layers.0", "squeeze"
    yield f"{prefix}.{place + 1}", "narrow"


def _folded(weights: Weights, part: str, stride: int = 1) -> _Conv:
    kernel = weights[f"{part}.0.weight"].astype(np.float64)
    gamma, beta, mean, variance = (
        weights[f"{part}.1.{name}"].astype(np.float64) for name in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gamma / np.sqrt(variance + _EPSILON)
    return _Conv(kernel * scale[:, None, None, None], beta - mean * scale, _groups(part, kernel), stride)


def _groups(part: str, kernel: npt.NDArray[np.floating]) -> int:
    """Beside the first convolution, whatever is larger than 1 x 1 takes each channel by itself."""
    return len(kernel) if kernel.shape[2] > 1 and part != "features.0" else 1


def _conv(g: GraphBuilder, x: str, conv: _Conv, activation: Activation | None) -> str:
    size = conv.kernel.shape[2]
    y = g.node(
        "Conv", x, g.constant(conv.kernel), g.constant(conv.bias),
        kernel_shape=[size, size], strides=[conv.stride] * 2, pads=[size // 2] * 4, group=conv.groups,
    )  # fmt: skip
    return g.node({"relu": "Relu", "hard_silu": "HardSwish"}[activation], y) if activation else y


def _gate(g: GraphBuilder, x: str, weights: Weights, part: str) -> str:
    """(n, channels, 1, 1): what each channel weighs, two dense layers on the channels' means."""
    squeezed = g.node("GlobalAveragePool", x)
    for layer, activation in (("fc1", "Relu"), ("fc2", "Sigmoid")):
        kernel = g.constant(weights[f"{part}.{layer}.weight"][:, :, None, None])
        squeezed = g.node(activation, g.node("Conv", squeezed, kernel, g.constant(weights[f"{part}.{layer}.bias"])))
    return squeezed


def _keras_conv(
    x: keras.KerasTensor, weights: Weights, part: str, stride: int = 1, activation: Activation | None = None
) -> keras.KerasTensor:
    kernel = weights[f"{part}.0.weight"]
    size, name = kernel.shape[2], part.replace(".", "_")
    layer: keras.Layer
    if _groups(part, kernel) > 1:
        layer = keras.layers.DepthwiseConv2D(size, stride, use_bias=False, name=name)
        kernel = kernel.transpose(2, 3, 0, 1)
    else:
        layer = keras.layers.Conv2D(len(kernel), size, stride, use_bias=False, name=name)
        kernel = kernel.transpose(2, 3, 1, 0)
    norm = keras.layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_norm")
    y = norm(layer(keras.layers.ZeroPadding2D(size // 2)(x)))
    layer.set_weights([kernel])
    norm.set_weights([weights[f"{part}.1.{it}"] for it in ("weight", "bias", "running_mean", "running_var")])
    return keras.layers.Activation(activation)(y) if activation else y


def _keras_weighing(x: keras.KerasTensor, weights: Weights, part: str) -> keras.KerasTensor:
    squeezed = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
    for layer, activation in (("fc1", "relu"), ("fc2", "sigmoid")):
        kernel, name = weights[f"{part}.{layer}.weight"], f"{part}.{layer}".replace(".", "_")
        dense = keras.layers.Dense(len(kernel), activation, name=name)
        squeezed = dense(squeezed)
        dense.set_weights([kernel.T, weights[f"{part}.{layer}.bias"]])
    return squeezed
