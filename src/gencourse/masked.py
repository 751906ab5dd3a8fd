"""What keeps a network from seeing the future: masks, and reading a pixel's numbers."""

from __future__ import annotations

from typing import Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gencourse.images import check_count

Mask = Literal["A", "B"]


class MaskedConv2d(nn.Module):
    """A square convolution that sees the pixels before its own, in raster order.

    Mask A hides the pixel itself, mask B shows it. With ``channel_groups`` the channels
    fall into as many equal groups, in order (R, G, B): within the pixel itself a group
    sees the groups before it, and with mask B its own too (van den Oord et al. 2016,
    section 3.4 and figure 2, https://arxiv.org/abs/1601.06759).

    The mask stands in the product, never in the weight: a masked weight gets no
    gradient and takes no part.
    """

    mask: Tensor
    bias: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        *,
        mask: Mask,
        channel_groups: int = 1,
    ) -> None:
        super().__init__()
        allowed = causal_mask(in_channels, out_channels, kernel, mask, channel_groups)
        conv = nn.Conv2d(in_channels, out_channels, kernel)
        self.weight, self.bias = conv.weight, cast(Tensor, conv.bias)
        self.register_buffer("mask", allowed, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same sides: (B, in, H, W) -> (B, out, H, W)."""
        kernel = self.weight * self.mask
        return F.conv2d(x, kernel, self.bias, padding=kernel.shape[-1] // 2)


def raster_mask(kernel: int, mask: Mask) -> Tensor:
    """Return which weights of a kernel see earlier pixels: 0.0 or 1.0, (k, k).

    The kernel's centre lies on the pixel itself. Earlier are the rows above, and what
    is on the left in the pixel's own row.

    Args:
        kernel: odd, the side k of the kernel; an even one is a ValueError.
        mask: "A" hides the pixel itself, "B" shows it; another is a ValueError.
    """
    if kernel < 1 or kernel % 2 == 0:
        raise ValueError(f"expected an odd kernel, got {kernel}")
    if mask not in ("A", "B"):
        raise ValueError(f"expected mask 'A' or 'B', got {mask!r}")
    centre = kernel // 2
    allowed = torch.zeros(kernel, kernel)
    allowed[:centre] = 1
    allowed[centre, :centre] = 1
    allowed[centre, centre] = 1 if mask == "B" else 0
    return allowed


def causal_mask(
    in_channels: int,
    out_channels: int,
    kernel: int,
    mask: Mask,
    channel_groups: int = 1,
) -> Tensor:
    """Return which weights of a causal convolution count: 0 or 1, (out, in, k, k).

    Args:
        in_channels: a multiple of channel_groups.
        out_channels: a multiple of channel_groups.
        kernel: odd, the side of the kernel.
        mask: "A" hides the pixel itself, "B" shows it.
        channel_groups: into how many groups the channels fall.
    """
    allowed = raster_mask(kernel, mask).repeat(out_channels, in_channels, 1, 1)
    source = _groups(in_channels, channel_groups)
    target = _groups(out_channels, channel_groups)
    earlier = source < target[:, None] if mask == "A" else source <= target[:, None]
    allowed[:, :, kernel // 2, kernel // 2] = earlier.to(allowed.dtype)
    return allowed


def _groups(channels: int, count: int) -> Tensor:
    """Return the group of each channel: 0 0 ... 1 1 ... count - 1."""
    check_count("channel_groups", count)
    if channels < count or channels % count:
        raise ValueError(f"expected channels in {count} equal groups, got {channels}")
    return torch.arange(channels) * count // channels


def blind_spot(field: Tensor, i: int, j: int) -> Tensor:
    """Return the pixels before (i, j) in raster order that its field does not hold.

    Args:
        field: bool (H, W), what pixel (i, j) depends on, as
            `gencourse.testing.receptive_field` measures it.
        i: the row of the pixel.
        j: its column.

    Returns:
        bool (H, W), True for an earlier pixel that is not seen.
    """
    number = torch.arange(field.numel()).view_as(field)
    return (number < number[i, j]) & ~field


def gate(x: Tensor, dim: int) -> Tensor:
    """Return tanh of the first half of x along dim, times sigmoid of the second half.

    van den Oord et al. 2016, equation 2, https://arxiv.org/abs/1606.05328.
    """
    signal, opening = x.chunk(2, dim)
    return signal.tanh() * opening.sigmoid()


class Readout(nn.Module):
    """A pixel's numbers, from features of the pixels before it and earlier channels.

    ELU, linear, ELU, linear, every channel on its own. The hidden layer of a channel
    also sees the earlier channels of the pixel itself, so that R, G, B come in order.
    """

    def __init__(self, features: int, channels: int, size: int) -> None:
        super().__init__()
        self.channels = channels
        self.hidden = nn.Linear(features, channels * features)
        self.outs = nn.ModuleList(nn.Linear(features, size) for _ in range(channels))
        self.links = nn.ModuleList(
            nn.Linear(c, features, bias=False) for c in range(1, channels)
        )

    def forward(self, features: Tensor, x: Tensor) -> Tensor:
        """Return numbers (..., C, size) from features (..., F) and pixels (..., C).

        The pixels are scaled to [-1, 1]; those of the last channel are not looked at.
        """
        hidden = self.hidden(F.elu(features)).chunk(self.channels, -1)
        each = [self.outs[0](F.elu(hidden[0]))]
        for c, link in enumerate(self.links, start=1):
            each.append(self.outs[c](F.elu(hidden[c] + link(x[..., :c]))))
        return torch.stack(each, -2)
