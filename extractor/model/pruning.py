"""What is left of MSD_musicnn when its dead filters are taken out: algebra, not approximation.

Of the 561 front-end filters 64 have a non-zero kernel, of the first mid convolution's 64 filters 20. A dead filter's
output is the constant ``a * relu(bias) + b`` of its batch normalisation, so it moves into the biases that follow. All
sums are done in float64 and stored as float32.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from extractor.model.architecture import (
    BANK_SIZES,
    EPSILON,
    MID,
    MID_FILTERS,
    PATCH_FRAMES,
    TEMPORAL,
    TIMBRAL,
    batch_norm_of,
)
from extractor.model.checkpoint import Weights

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

DEAD_NORM = 1e-4
"""Kernels below this norm are dead: the smallest live norm is 5.6e-3, the largest dead one 1.3e-6."""
FRONT = sum(BANK_SIZES)


@dataclass(frozen=True, slots=True)
class Bank:
    """Live filters of one front-end bank: ``scale * relu(sign * max(conv(kernel)) + bias) + shift``.

    `kernel` (frames, mels, live) is negated where `scale` is negative: then the maximum over frequencies may be taken
    before the batch normalisation, on one number per frame instead of one per frequency.
    """

    kernel: Array
    sign: Array
    bias: Array
    scale: Array
    shift: Array

    def split(self, first: int) -> tuple["Bank", "Bank"]:
        """The first filters, and the rest."""
        parts = [(self.kernel[..., part], *(row[part] for row in self._rows())) for part in _halves(first)]
        return Bank(*parts[0]), Bank(*parts[1])

    def joined(self, other: "Bank") -> "Bank":
        """Both as one bank; the shorter kernel of `other` is centred as 'same' padding would have it."""
        before = (self.kernel.shape[0] - 1) // 2 - (other.kernel.shape[0] - 1) // 2
        after = self.kernel.shape[0] - other.kernel.shape[0] - before
        kernel = np.concatenate([self.kernel, np.pad(other.kernel, ((before, after), (0, 0), (0, 0)))], axis=2)
        return Bank(kernel, *map(np.concatenate, zip(self._rows(), other._rows(), strict=True)))

    def _rows(self) -> tuple[Array, Array, Array, Array]:
        return self.sign, self.bias, self.scale, self.shift


@dataclass(frozen=True, slots=True)
class MidConv:
    """``sign * relu(conv(kernel) + bias) + shift``; kernel (out, in, 7), bias (out, 187): the edges differ.

    The size of the batch normalisation's scale is in kernel and bias; its sign cannot pass the ReLU.
    """

    kernel: Array
    bias: Array
    sign: Array
    shift: Array


@dataclass(frozen=True, slots=True)
class Pruned:
    """The pruned network. `channels` (212,) are the live channels among the 753 pooled ones."""

    input_scale: float
    input_shift: float
    timbral: list[Bank]
    temporal: list[Bank]
    mid: list[MidConv]
    channels: Indices
    mid_order: Indices
    """Order of the mid channels inside the graph: the live ones of the first convolution come first."""
    mid_live: int
    dense: Array
    """(424, 200): rows are 212 maxima, then 212 means."""
    dense_bias: Array
    dense_scale: Array
    dense_shift: Array
    tags: Array
    tags_bias: Array


def prune(weights: Weights) -> Pruned:
    """Take the dead filters out of the network."""
    scale, shift = affine(weights, "batch_normalization")
    banks, live, constants = [], [], []
    for name in (*TIMBRAL, *TEMPORAL):
        bank, alive, constant = _bank(weights, name)
        banks.append(bank)
        live.append(alive)
        constants.append(constant)
    front_live, front_constant = np.concatenate(live), np.concatenate(constants)
    every, none = np.ones(MID_FILTERS, bool), np.zeros(MID_FILTERS)
    first, mid_live, first_constant = _mid(weights, MID[0], front_live, front_constant)
    second, third = _mid(weights, MID[1], mid_live, first_constant)[0], _mid(weights, MID[2], every, none)[0]
    order, n = np.argsort(~mid_live, kind="stable"), int(mid_live.sum())
    mid = [_ordered(first, order[:n]), _ordered(second, order), _ordered(third, order)]
    # The residual connection adds the first convolution's dead channels to the second's outputs as constants.
    mid[1].shift[n:] += first_constant[order[n:]]
    mid[2] = replace(mid[2], kernel=mid[2].kernel[:, order])

    pooled_live = np.concatenate([front_live, mid_live, np.ones(2 * MID_FILTERS, bool)])
    pooled_constant = np.concatenate([front_constant, first_constant, np.zeros(2 * MID_FILTERS)])
    dense, dense_bias = _dense(weights, pooled_live, pooled_constant)
    dense_scale, dense_shift = affine(weights, "batch_normalization_10")
    return Pruned(
        input_scale=float(scale[0]),
        input_shift=float(shift[0]),
        timbral=banks[: len(TIMBRAL)],
        temporal=banks[len(TIMBRAL) :],
        mid=mid,
        channels=np.flatnonzero(pooled_live),
        mid_order=order,
        mid_live=n,
        dense=dense,
        dense_bias=dense_bias,
        dense_scale=dense_scale,
        dense_shift=dense_shift,
        tags=weights["dense_1/kernel"].astype(np.float64),
        tags_bias=weights["dense_1/bias"].astype(np.float64),
    )


def affine(weights: Weights, norm: str) -> tuple[Array, Array]:
    """Batch normalisation at inference as ``scale * x + shift``."""
    gamma, beta, mean, variance = (
        weights[f"{norm}/{name}"].astype(np.float64) for name in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    scale = gamma / np.sqrt(variance + EPSILON)
    return scale, beta - scale * mean


def _bank(weights: Weights, name: str) -> tuple[Bank, npt.NDArray[np.bool_], Array]:
    kernel = weights[f"{name}/kernel"][:, :, 0, :].astype(np.float64)
    bias = weights[f"{name}/bias"].astype(np.float64)
    scale, shift = affine(weights, batch_norm_of(name))
    live = np.linalg.norm(kernel, axis=(0, 1)) >= DEAD_NORM
    constant = np.where(live, 0.0, scale * np.maximum(bias, 0) + shift)
    sign = np.where(scale < 0, -1.0, 1.0)
    return Bank((kernel * sign)[..., live], sign[live], bias[live], scale[live], shift[live]), live, constant


def _mid(
    weights: Weights, name: str, live: npt.NDArray[np.bool_], constant: Array
) -> tuple[MidConv, npt.NDArray[np.bool_], Array]:
    """One mid convolution over its `live` inputs, which of its outputs live, and the constants of those that do not.

    The bias of a dead input is a map over frames: at the edges the zero padding hides it from some taps.
    """
    taps = weights[f"{name}/kernel"][:, :, 0, :].astype(np.float64).transpose(2, 1, 0)  # (out, in, 7)
    bias = weights[f"{name}/bias"].astype(np.float64)
    scale, shift = affine(weights, batch_norm_of(name))
    bias_map = bias[:, None] + np.einsum("oct,c->ot", taps, constant) @ _seen_taps()
    alive = np.linalg.norm(taps, axis=(1, 2)) >= DEAD_NORM
    size = np.abs(scale)
    conv = MidConv(taps[:, live] * size[:, None, None], bias_map * size[:, None], np.sign(scale), shift)
    return conv, alive, np.where(alive, 0.0, scale * np.maximum(bias, 0) + shift)


def _seen_taps() -> Array:
    """(7, 187): 1 where a tap sees a real frame, 0 where it sees the padding."""
    frames = np.arange(PATCH_FRAMES)[None, :] + np.arange(7)[:, None] - 3
    return ((frames >= 0) & (frames < PATCH_FRAMES)).astype(np.float64)


def _ordered(conv: MidConv, outputs: Indices) -> MidConv:
    return MidConv(conv.kernel[outputs], conv.bias[outputs], conv.sign[outputs], conv.shift[outputs])


def _dense(weights: Weights, live: npt.NDArray[np.bool_], constant: Array) -> tuple[Array, Array]:
    """The dense layer with the batch normalisation before it and the constant inputs folded in.

    Its inputs run max0, mean0, max1, …; maximum and mean of a constant are that constant.
    """
    scale, shift = affine(weights, "batch_normalization_9")
    kernel = weights["dense/kernel"].astype(np.float64)
    bias = weights["dense/bias"].astype(np.float64) + shift @ kernel
    kernel = (scale[:, None] * kernel).reshape(len(live), 2, -1)
    bias = bias + constant @ kernel.sum(axis=1)
    return np.concatenate([kernel[live, 0], kernel[live, 1]]), bias


def _halves(first: int) -> tuple[slice, slice]:
    return slice(None, first), slice(first, None)
