"""The exact, many times cheaper ONNX graph of MSD_musicnn, built from its pruned weights.

Filters over time and frequency (timbral) are applied by the convolution theorem along frequency, with less than a third
of the multiplications of the fastest direct form (docs/adr/0009). Filters over time alone (temporal) are laid out in
polyphase: one filter at several neighbouring frames is as many output channels of a strided convolution. That fills the
runtime's blocks of 16 output channels, which 3, 8 or 16 live filters leave partly empty, or too few to keep it busy.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from extractor.model.architecture import MELS, MID_FILTERS, PATCH_FRAMES
from extractor.model.pruning import FRONT, Array, Bank, MidConv, Pruned

OPSET = 17
IR_VERSION = 9
INPUT, FEATURES, TAGS = "patches", "features", "tags"
_WAVES = MELS // 2 + 1
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
    spectrum = _spectrum(g, image)
    maxima = [_timbral(g, spectrum, bank) for bank in net.timbral]
    maxima += [_temporal(g, image, long, 16), _temporal(g, image, middle, 8), _temporal(g, image, short, 2)]
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


def _spectrum(g: GraphBuilder, image: str) -> str:
    """(n, 98, 187): Fourier transform of every frame over its mel bins, real and imaginary parts in turn."""
    angles = 2 * np.pi / MELS * np.outer(np.arange(MELS), np.arange(_WAVES))
    transform = np.stack([np.cos(angles), -np.sin(angles)], axis=2).reshape(MELS, 2 * _WAVES)
    waves = g.node("MatMul", g.reshape(image, 0, PATCH_FRAMES, MELS), g.constant(transform))
    return g.node("Transpose", waves, perm=[0, 2, 1])


def _timbral(g: GraphBuilder, spectrum: str, bank: Bank) -> str:
    """(n, live, 187): maximum over frequency of a bank valid in frequency, by the convolution theorem.

    Along frequency a filter is a product with its transfer function, and the circular transform of 96 bins holds all
    positions that do not wrap around. Seen from the middle one, at offset `m`, the inverse transform is a part even in
    `m` plus a part odd in it, from the real and the imaginary parts alone::

        y[m] = sum_k Re Z[k] cos(2 pi k m / 96) - Im Z[k] sin(2 pi k m / 96)

    so ``max(y[m], y[-m]) = even[m] + |odd[m]|``, and half the positions are enough.
    """
    positions, live = MELS - bank.kernel.shape[1] + 1, bank.kernel.shape[2]
    middle = (positions - 1) / 2
    wave = np.arange(_WAVES)
    share = np.where((wave == 0) | (wave == MELS // 2), 1, 2) / MELS
    transfer = np.fft.rfft(bank.kernel, MELS, axis=1).conj()
    transfer *= (share * np.exp(2j * np.pi / MELS * wave * middle))[:, None]
    angles = 2 * np.pi / MELS * np.outer(np.arange(middle % 1, middle + 0.5), wave)
    even = _positions(g, spectrum, np.cos(angles), transfer.real, -transfer.imag)
    odd = _positions(g, spectrum, np.sin(angles), transfer.imag, transfer.real)
    heights = g.reshape(g.node("Add", even, g.node("Abs", odd)), 0, 3, len(angles) // 3, live * PATCH_FRAMES)
    # In two steps: the runtime takes three times as long for one.
    peaks = g.node("ReduceMax", g.node("ReduceMax", heights, axes=[2], keepdims=0), axes=[1], keepdims=0)
    return g.reshape(peaks, 0, live, PATCH_FRAMES)


def _positions(g: GraphBuilder, spectrum: str, inverse: Array, of_real: Array, of_imaginary: Array) -> str:
    """(n, offsets, live * 187): the filtered waves' real or imaginary parts, `inverse` (offsets, 49) transformed.

    `of_real` and `of_imaginary` (7, 49, live) are what the parts of the spectrum are multiplied with.
    """
    frames, _, live = of_real.shape
    taps = np.stack([of_real, of_imaginary]).transpose(2, 3, 0, 1).reshape(_WAVES * live, 2, frames)
    waves = g.node("Conv", spectrum, g.constant(taps), kernel_shape=[frames], pads=[_PAD, _PAD], group=_WAVES)
    return g.node("MatMul", g.constant(inverse), g.reshape(waves, 0, _WAVES, live * PATCH_FRAMES))


def _temporal(g: GraphBuilder, image: str, bank: Bank, phases: int) -> str:
    """(n, live, 187): maximum over frequency of a bank over time alone, 'same' padding, in time phases."""
    taps, _, live = bank.kernel.shape
    rows, before = -(-PATCH_FRAMES // phases), (taps - 1) // 2
    shifted = [np.pad(bank.kernel, ((phase, phases - 1 - phase), (0, 0), (0, 0))) for phase in range(phases)]
    kernel = np.concatenate(shifted, axis=2).transpose(2, 1, 0)[..., None]  # (phases * live, 1, frames, 1)
    frames = kernel.shape[2]
    pads = [before, 0, (rows - 1) * phases + frames - PATCH_FRAMES - before, 0]
    conv = g.node("Conv", image, g.constant(kernel), kernel_shape=[frames, 1], strides=[phases, 1], pads=pads)
    pooled = g.node("MaxPool", conv, kernel_shape=[1, MELS])
    return _interleaved(g, g.reshape(pooled, 0, live * phases, rows), live, phases)


def _interleaved(g: GraphBuilder, peaks: str, live: int, phases: int) -> str:
    """Time phases (n, phases * live, rows) back in one sequence (n, live, 187)."""
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
