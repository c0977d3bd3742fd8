"""3x3 convolutions by Winograd's algorithm (Lavin and Gray, CVPR 2016), as matrix products.

The output is computed in tiles of m x m. Input tile and kernel, (m + 2) x (m + 2) after linear transforms, are
multiplied element for element and summed over the channels, one matrix product for each element, and a last transform
gives the tile: (m + 2)^2 multiplications of channels instead of 9 m^2, a quarter with m = 4 and a fifth with m = 6.

The idea in one dimension: a convolution is a product of polynomials. Evaluated at enough points, a product of
polynomials is one product of numbers for each point, and the values at the points determine the coefficients. Both ways
are small constant matrices (Toom and Cook); applied to rows and then to columns, they serve pictures as well.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

POINTS = {4: (0.0, 1.0, -1.0, 2.0, -0.5), 6: (0.0, 1.0, -1.0, 0.5, 2.0, -0.5, -2.0)}
"""The supported m, each with the points at which polynomials are evaluated, chosen for the smallest rounding errors."""
_ONE = 1
"""Index of the point 1 in `POINTS`: what is added there reaches every pixel of a tile unchanged."""
STRIP = 160
"""Tiles that are computed at once, so that they stay in the processor's cache."""


class Transforms(NamedTuple):
    """The linear transforms of rows, and likewise of columns; n is m + 2.

    Attributes:
        inputs: float64 [n, n].
        kernel: float64 [n, 3].
        outputs: float64 [m, n].
    """

    inputs: Tensor
    kernel: Tensor
    outputs: Tensor


@cache
def transforms(m: int) -> Transforms:
    """The transforms of Toom and Cook's algorithm for m outputs of a kernel of 3.

    Args:
        m: Outputs at once, one of `POINTS`.

    Returns:
        The transforms.

    Example:
        >>> row, kernel = torch.arange(6.0, dtype=torch.float64), torch.tensor([1.0, 0, -1], dtype=torch.float64)
        >>> inputs, kernels, outputs = transforms(4)
        >>> (outputs @ ((kernels @ kernel) * (inputs @ row))).round(decimals=6).tolist()
        [-2.0, -2.0, -2.0, -2.0]
    """
    points = np.array(POINTS[m])
    # For each point p the other points q and the product of all p - q: the parts of Lagrange's polynomials, which are 1
    # at p and 0 at the others. That product goes into the kernel's transform, which is computed once for a model.
    others = [np.delete(points, index) for index in range(len(points))]
    scale = np.array([np.prod(point - rest) for point, rest in zip(points, others, strict=True)])
    # Input: row p has the coefficients of the product of all x - q, lowest power first. The last row is the product of
    # all x - p; it stands for the point at infinity, which gives the highest coefficient.
    inputs = np.zeros((m + 2, m + 2))
    for index, rest in enumerate(others):
        inputs[index, :-1] = np.poly(rest)[::-1]
    inputs[-1] = np.poly(points)[::-1]
    # Kernel: its values at the points, as a polynomial of three coefficients; at infinity the last of them.
    kernel = np.vstack([np.vander(points, 3, increasing=True) / scale[:, None], [0, 0, 1]])
    # Output: pixel k takes the k-th powers of the points; infinity reaches the last pixel alone.
    outputs = np.hstack([np.vander(points, m, increasing=True).T, np.eye(m)[:, -1:]])
    return Transforms(*(torch.from_numpy(matrix) for matrix in (inputs, kernel, outputs)))


def transform_kernels(weight: Tensor, m: int) -> Tensor:
    """The kernels of a convolution, transformed once for many pictures.

    Args:
        weight: float32 [K, C, 3, 3].
        m: Side of the tiles, one of `POINTS`.

    Returns:
        float32 [(m + 2)^2, C, K].
    """
    outputs, inputs = weight.shape[:2]
    kernel = transforms(m).kernel
    # Rows and columns in one product: the Kronecker product of the transform with itself, on kernels laid out flat.
    rows_and_columns = torch.kron(kernel, kernel).to(weight)
    return (rows_and_columns @ weight.permute(2, 3, 1, 0).reshape(9, -1)).view(-1, inputs, outputs)


def convolve(images: Tensor, kernels: Tensor, bias: Tensor | None, m: int) -> Tensor:
    """A 3x3 convolution of stride 1 with a border of one zero; for inference, since it has no gradient.

    Its rounding errors are 2 to 10 times those of `torch.nn.functional.conv2d`, about 1e-6 of the result.

    Args:
        images: float32 [B, C, H, W], fastest in channels-last.
        kernels: From `transform_kernels`.
        bias: float32 [K], or None.
        m: The m of the kernels.

    Returns:
        float32 [B, K, H, W], in channels-last.

    Example:
        >>> images, weight = torch.rand(2, 5, 7, 9), torch.rand(3, 5, 3, 3)
        >>> close = convolve(images, transform_kernels(weight, 4), None, 4)
        >>> torch.allclose(close, torch.conv2d(images, weight, padding=1), atol=1e-4)
        True
    """
    batch, _, height, width = images.shape
    n = m + 2
    down, right = -(-height // m), -(-width // m)
    # A tile of m outputs needs m + 2 inputs, so tiles of the input overlap by two: they are views, nothing is copied.
    bordered = _bordered(images.permute(0, 2, 3, 1), down * m + 2, right * m + 2)
    tiles = bordered.unfold(1, n, m).unfold(2, n, m).permute(4, 5, 0, 1, 2, 3)  # [n, n, B, down, right, C]
    result = images.new_empty(batch, height, width, kernels.shape[2])
    # At most STRIP tiles at once: several pictures together where these are small, else some rows of tiles of one.
    together = max(1, STRIP // (down * right))
    strips = -(-down * right // STRIP)
    rows = -(-down // strips)
    for first in range(0, batch, together):
        for row in range(0, down, rows):
            strip = _convolve_tiles(tiles[:, :, first : first + together, row : row + rows], kernels, bias, m)
            # The last tiles may reach beyond the picture; what is too much is left out.
            part = result[first : first + together, row * m : (row + rows) * m]
            part.copy_(strip[:, : part.shape[1], :width])
    return result.permute(0, 3, 1, 2)


def _bordered(images: Tensor, height: int, width: int) -> Tensor:
    """Images [B, height, width, C] of smaller ones, which begin at the second row and column; zeros around them."""
    # The frame alone is set to zero: filling everything first would write the whole memory twice.
    bordered = images.new_empty(len(images), height, width, images.shape[3])
    bottom, right = images.shape[1] + 1, images.shape[2] + 1
    bordered[:, 1:bottom, 1:right] = images
    for border in (bordered[:, :1], bordered[:, bottom:], bordered[:, :, :1], bordered[:, :, right:]):
        border.zero_()
    return bordered


def _convolve_tiles(tiles: Tensor, kernels: Tensor, bias: Tensor | None, m: int) -> Tensor:
    """The output [B, down * m, right * m, K] of tiles [n, n, B, down, right, C]."""
    n, (batch, down, right, channels) = m + 2, tiles.shape[2:]
    inputs, _, outputs = (matrix.to(kernels) for matrix in transforms(m))
    # The n x n elements of a tile become the batch of one matrix product: [n * n, tiles, C] x [n * n, C, K].
    transformed = _by_rows_and_columns(inputs, tiles.reshape(n, n, -1)).view(n * n, -1, channels)
    products = torch.bmm(transformed, kernels)
    if bias is not None:
        # All powers of 1 are 1: the last transform takes this element into every pixel once, and so the bias.
        products[_ONE * n + _ONE] += bias
    pixels = _by_rows_and_columns(outputs, products.view(n, n, -1)).view(m, m, batch, down, right, -1)
    # [m, m, B, down, right, K] -> [B, down, m, right, m, K]: each tile's rows and columns beside the tile's own.
    return pixels.permute(2, 3, 0, 4, 1, 5).reshape(batch, down * m, right * m, -1)


def _by_rows_and_columns(transform: Tensor, tiles: Tensor) -> Tensor:
    """Tiles [q, q, ...] of tiles [n, n, ...]; ``transform`` is [q, n]."""
    # Rows as one product with everything else laid out flat; then columns, the same for each of the q new rows.
    q, n = transform.shape
    rows_transformed = torch.mm(transform, tiles.view(n, -1)).view(q, n, -1)
    return torch.bmm(transform.expand(q, q, n), rows_transformed)
