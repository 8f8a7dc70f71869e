"""The exact, ten times cheaper ONNX graph of MSD_musicnn, built from its pruned weights.

The convolutions are laid out in polyphase: one filter evaluated at two (or five) neighbouring positions is two (or
five) output channels of a strided convolution. That fills the runtime's blocks of 16 output channels, which 23, 14, 3
or 7 live filters alone would leave partly empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from extractor.model.pruning import FRONT, Array, Bank, MidConv, Pruned
from extractor.model.reference import MELS, MID_FILTERS, PATCH_FRAMES

OPSET = 17
IR_VERSION = 9
INPUT, FEATURES, TAGS = "patches", "features", "tags"
_BLOCK = 16  # channels that the runtime convolves at once
_PAD = 3  # frames on each side of a seven-frame kernel


Shape = tuple[int | str, ...]


class GraphBuilder:
    """Collects nodes and constants; every method returns the name of what it added."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, values: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """A constant tensor."""
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype), name))
        return name

    def node(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """An operator with one output."""
        name = output or f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def affine(self, x: str, scale: npt.ArrayLike, shift: npt.ArrayLike) -> str:
        """``scale * x + shift``."""
        return self.node("Add", self.node("Mul", x, self.constant(scale)), self.constant(shift))

    def slice(self, x: str, axis: int, start: int, stop: int, step: int = 1) -> str:
        """``x[..., start:stop:step, ...]`` on one axis."""
        bounds = (self.constant([value], np.int64) for value in (start, stop, axis, step))
        return self.node("Slice", x, *bounds)

    def reshape(self, x: str, *shape: int) -> str:
        """Zero keeps a dimension, -1 infers one."""
        return self.node("Reshape", x, self.constant(shape, np.int64))

    def model(self, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> onnx.ModelProto:
        """The finished model with its float32 inputs and outputs; a text in a shape stands for any size."""
        taken, given = (
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in tensors.items()]
            for tensors in (inputs, outputs)
        )
        graph = helper.make_graph(self._nodes, "earshot", taken, given, self._constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="earshot")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        return model


def pruned_graph(net: Pruned) -> onnx.ModelProto:
    """Patches (n, 187, 96) -> 624 features (200 penultimate, 212 means, 212 maxima) and 50 tag probabilities."""
    g = GraphBuilder()
    image = g.affine(g.reshape(INPUT, 0, 1, PATCH_FRAMES, MELS), net.input_scale, net.input_shift)
    # 64-tap filters come in twos with 32-tap ones where that fills a block of 16 channels.
    long, middle, short = net.temporal
    borrowed, short = short.split(1)
    middle = middle.joined(borrowed)
    bins = _bins(g, image)
    wide, wider = net.timbral
    maxima = [_timbral(g, bins, wide, (1, 2)), _timbral(g, bins, wider, (2, 1))]
    maxima += [_temporal(g, image, long, 16), _temporal(g, image, middle, 2)]
    maxima += [_temporal(g, image, short, 1)]
    banks = (*net.timbral, long, middle, short)
    sign, bias, scale, shift = (
        np.concatenate([getattr(bank, name) for bank in banks])[:, None] for name in ("sign", "bias", "scale", "shift")
    )
    peak = g.node("Concat", *maxima, axis=1)
    front = g.affine(g.node("Relu", g.affine(peak, sign, bias)), scale, shift)  # (n, 64, 187)

    live = g.reshape(front, 0, -1, 1, PATCH_FRAMES)
    first = _mid(g, live, net.mid[0])
    missing = g.constant([0, 0, 0, 0, 0, MID_FILTERS - net.mid_live, 0, 0], np.int64)
    second = g.node("Add", _mid(g, first, net.mid[1]), g.node("Pad", first, missing))
    third = g.node("Add", _mid(g, second, net.mid[2]), second)
    sequences = g.reshape(g.node("Concat", live, first, second, third, axis=1), 0, -1, PATCH_FRAMES)
    order = g.constant(_pooled_order(net), np.int64)
    maximum = g.node("Gather", g.node("ReduceMax", sequences, axes=[2], keepdims=0), order, axis=1)
    mean = g.node("Gather", g.node("ReduceMean", sequences, axes=[2], keepdims=0), order, axis=1)

    pooled = g.node("Concat", maximum, mean, axis=1)
    hidden = g.node("Relu", g.node("Gemm", pooled, g.constant(net.dense), g.constant(net.dense_bias)))
    penultimate = g.affine(hidden, net.dense_scale, net.dense_shift)
    g.node("Concat", penultimate, mean, maximum, output=FEATURES, axis=1)
    logits = g.node("Gemm", penultimate, g.constant(net.tags), g.constant(net.tags_bias))
    g.node("Sigmoid", logits, output=TAGS)
    features = net.dense.shape[1] + 2 * len(net.channels)
    return g.model({INPUT: ("n", PATCH_FRAMES, MELS)}, {FEATURES: ("n", features), TAGS: ("n", net.tags.shape[1])})


@dataclass(frozen=True, slots=True)
class _Bins:
    """The image's odd mel bins, and what its even ones add to them; (n, 1, 187, 48) each."""

    odd: str
    even_minus_odd: str
    next_minus_odd: str


def _bins(g: GraphBuilder, image: str) -> _Bins:
    even, odd = g.slice(image, 3, 0, MELS, step=2), g.slice(image, 3, 1, MELS, step=2)
    following = g.node("Pad", g.slice(even, 3, 1, MELS // 2), g.constant([0, 0, 0, 0, 0, 0, 0, 1], np.int64))
    return _Bins(odd, g.node("Sub", even, odd), g.node("Sub", following, odd))


def _timbral(g: GraphBuilder, bins: _Bins, bank: Bank, phases: tuple[int, int]) -> str:
    """(n, live, 187): maximum over frequency of a bank valid in frequency, as a fast FIR filter.

    Three half-length convolutions give what four would (Mou & Duhamel, 1991). With the kernel's even and odd columns
    We, Wo and the image's even and odd bins xe, xo::

        y[2i] = We * (xe - xo) + Ws * xo        y[2i+1] = Wo * (xe' - xo) + Ws * xo
        Ws = We + Wo                            xe'[i] = xe[i+1]

    Each is laid out in `phases` of time and frequency.
    """
    positions, live = MELS - bank.kernel.shape[1] + 1, bank.kernel.shape[2]
    even, odd = bank.kernel[:, 0::2], bank.kernel[:, 1::2]
    odd = np.pad(odd, ((0, 0), (0, even.shape[1] - odd.shape[1]), (0, 0)))
    shared = _timbral_conv(g, bins.odd, even + odd, phases)
    peaks = []
    for parity, x, kernel in ((0, bins.even_minus_odd, even), (1, bins.next_minus_odd, odd)):
        y = g.node("Add", _timbral_conv(g, x, kernel, phases), shared)
        # In the last phases the last position may read beyond the highest mel: pooled over `valid[-1]` columns, two
        # columns are left, of which those phases keep the first.
        valid = [-(-(positions - parity - 2 * phase) // (2 * phases[1])) for phase in range(phases[1])]
        pooled = g.node("MaxPool", y, kernel_shape=[1, valid[-1]])
        rows = phases[0] * live
        for phase, columns in enumerate(valid):
            part = g.slice(pooled, 1, phase * rows, (phase + 1) * rows)
            if columns < valid[0]:
                part = g.slice(part, 3, 0, 1)
            peaks.append(g.node("ReduceMax", part, axes=[3], keepdims=0))
    return _interleaved(g, g.node("Max", *peaks), live, phases[0])


def _timbral_conv(g: GraphBuilder, x: str, kernel: Array, phases: tuple[int, int]) -> str:
    """(n, frequency phases * time phases * live, rows, columns): same length in time, valid in frequency."""
    rows = -(-PATCH_FRAMES // phases[0])
    columns = (MELS // 2 - kernel.shape[1]) // phases[1] + 1
    taps = _phases(_phases(kernel, 0, phases[0]), 1, phases[1])
    return _conv(g, x, taps, strides=phases, size=(rows, columns), before=_PAD)


def _temporal(g: GraphBuilder, image: str, bank: Bank, phases: int) -> str:
    """(n, live, 187): maximum over frequency of a bank over time alone, 'same' padding, in time phases."""
    taps, _, live = bank.kernel.shape
    rows = -(-PATCH_FRAMES // phases)
    kernel = _phases(bank.kernel, 0, phases)
    conv = _conv(g, image, kernel, strides=(phases, 1), size=(rows, MELS), before=(taps - 1) // 2)
    pooled = g.node("MaxPool", conv, kernel_shape=[1, MELS])
    return _interleaved(g, g.reshape(pooled, 0, live * phases, rows), live, phases)


def _phases(kernel: Array, axis: int, phases: int) -> Array:
    """Kernel (frames, mels, live) -> (…, phases * live): shifted by 0, 1, … along `axis`, phase by phase."""
    shifted = []
    for shift in range(phases):
        margins = [(0, 0)] * 3
        margins[axis] = (shift, phases - 1 - shift)
        shifted.append(np.pad(kernel, margins))
    return np.concatenate(shifted, axis=2)


def _conv(
    g: GraphBuilder, x: str, kernel: Array, *, strides: tuple[int, int], size: tuple[int, int], before: int
) -> str:
    """(n, filters, rows, columns) of the wanted `size`, with `before` frames of zeros before the first."""
    frames, mels, _ = kernel.shape
    width = MELS if strides[1] == 1 and mels == 1 else MELS // 2
    below = (size[0] - 1) * strides[0] + frames - PATCH_FRAMES - before
    beyond = (size[1] - 1) * strides[1] + mels - width
    missing = -kernel.shape[2] % _BLOCK  # filters of zeros: pooling runs in blocks only if all blocks are full
    weights = g.constant(np.pad(kernel.transpose(2, 0, 1)[:, None], ((0, missing), (0, 0), (0, 0), (0, 0))))
    pads = [before, 0, below, beyond]
    return g.node("Conv", x, weights, kernel_shape=[frames, mels], strides=list(strides), pads=pads)


def _interleaved(g: GraphBuilder, peaks: str, live: int, phases: int) -> str:
    """Time phases (n, phases * live, rows) back in one sequence (n, live, 187)."""
    if phases == 1:
        return peaks
    rows = -(-PATCH_FRAMES // phases)
    sequence = g.node("Transpose", g.reshape(peaks, 0, phases, live, rows), perm=[0, 2, 3, 1])
    return g.slice(g.reshape(sequence, 0, live, rows * phases), 2, 0, PATCH_FRAMES)


def _mid(g: GraphBuilder, sequence: str, conv: MidConv) -> str:
    """(n, out, 1, 187): one of the seven-frame convolutions with its bias map, ReLU and batch normalisation."""
    kernel = g.constant(conv.kernel[:, :, None, :])
    out = g.node("Conv", sequence, kernel, kernel_shape=[1, 2 * _PAD + 1], pads=[0, _PAD, 0, _PAD])
    active = g.node("Relu", g.node("Add", out, g.constant(conv.bias[:, None, :])))
    if (conv.sign < 0).any():
        active = g.node("Mul", active, g.constant(conv.sign[:, None, None]))
    return g.node("Add", active, g.constant(conv.shift[:, None, None]))


def _pooled_order(net: Pruned) -> npt.NDArray[np.intp]:
    """Where each of the 212 live channels, in the checkpoint's order, lies among the graph's sequences."""
    front = net.channels[net.channels < FRONT]
    inside = np.argsort(net.mid_order)
    first = len(front) + inside[np.sort(net.mid_order[: net.mid_live])]
    second = len(front) + net.mid_live + inside
    return np.concatenate([np.arange(len(front)), first, second, second + MID_FILTERS])
