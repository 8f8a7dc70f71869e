"""MSD_musicnn as published, in ONNX: no filter left out. What the pruned graph is measured against."""

import numpy as np
import numpy.typing as npt
import onnx

from extractor.model.architecture import MELS, MID, PATCH_FRAMES, TEMPORAL, TIMBRAL, batch_norm_of
from extractor.model.checkpoint import Weights
from extractor.model.graph import FEATURES, INPUT, TAGS, GraphBuilder
from extractor.model.pruning import affine


def plain_graph(weights: Weights, channels: npt.NDArray[np.intp]) -> onnx.ModelProto:
    """Patches (n, 187, 96) -> the same features and tags as `pruned_graph`, with `channels` of the pooled 753."""
    g = GraphBuilder()
    image = g.affine(
        g.reshape(INPUT, 0, 1, PATCH_FRAMES, MELS), *(part[0] for part in affine(weights, "batch_normalization"))
    )
    banks = [_bank(g, image, weights, name, before=3, after=3) for name in TIMBRAL]
    banks += [
        _bank(g, image, weights, name, before=(taps - 1) // 2, after=taps // 2) for name, taps in TEMPORAL.items()
    ]
    front = g.reshape(g.node("Concat", *banks, axis=1), 0, -1, 1, PATCH_FRAMES)
    first = _mid(g, front, weights, MID[0])
    second = g.node("Add", _mid(g, first, weights, MID[1]), first)
    third = g.node("Add", _mid(g, second, weights, MID[2]), second)
    sequences = g.reshape(g.node("Concat", front, first, second, third, axis=1), 0, -1, PATCH_FRAMES)
    maximum = g.node("ReduceMax", sequences, axes=[2], keepdims=0)
    mean = g.node("ReduceMean", sequences, axes=[2], keepdims=0)
    pairs = [g.node("Unsqueeze", pool, g.constant([2], np.int64)) for pool in (maximum, mean)]
    flat = g.affine(g.reshape(g.node("Concat", *pairs, axis=2), 0, -1), *affine(weights, "batch_normalization_9"))
    hidden = g.node("Relu", _dense(g, flat, weights, "dense"))
    penultimate = g.affine(hidden, *affine(weights, "batch_normalization_10"))
    live = g.constant(channels, np.int64)
    pooled = [g.node("Gather", pool, live, axis=1) for pool in (mean, maximum)]
    g.node("Concat", penultimate, *pooled, output=FEATURES, axis=1)
    g.node("Sigmoid", _dense(g, penultimate, weights, "dense_1"), output=TAGS)
    features, tags = weights["dense/bias"].size + 2 * len(channels), weights["dense_1/bias"].size
    return g.model({INPUT: ("n", PATCH_FRAMES, MELS)}, {FEATURES: ("n", features), TAGS: ("n", tags)})


def _bank(g: GraphBuilder, image: str, weights: Weights, name: str, *, before: int, after: int) -> str:
    kernel = weights[f"{name}/kernel"].transpose(3, 2, 0, 1)
    conv = g.node("Conv", image, g.constant(kernel), g.constant(weights[f"{name}/bias"]), pads=[before, 0, after, 0])
    scale, shift = affine(weights, batch_norm_of(name))
    normed = g.affine(g.node("Relu", conv), scale[:, None, None], shift[:, None, None])
    return g.node("ReduceMax", normed, axes=[3], keepdims=0)


def _mid(g: GraphBuilder, sequence: str, weights: Weights, name: str) -> str:
    kernel = weights[f"{name}/kernel"][:, :, 0, :].transpose(2, 1, 0)[:, :, None, :]
    conv = g.node("Conv", sequence, g.constant(kernel), g.constant(weights[f"{name}/bias"]), pads=[0, 3, 0, 3])
    scale, shift = affine(weights, batch_norm_of(name))
    return g.affine(g.node("Relu", conv), scale[:, None, None], shift[:, None, None])


def _dense(g: GraphBuilder, x: str, weights: Weights, name: str) -> str:
    return g.node("Gemm", x, g.constant(weights[f"{name}/kernel"]), g.constant(weights[f"{name}/bias"]))
