"""Densities fitted to points (N, D), and a sampler that has no density to show."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gencourse.density import kernel_log_prob


class Histogram:
    """Equal boxes over a range, each as dense as its share of the data.

    Args:
        data: (N, D), all inside the range.
        bins: boxes along each axis.
        low: the lower end of the range, on every axis.
        high: the upper end.
        smoothing: added to every box's count, so that log_prob is finite inside.
    """

    def __init__(
        self,
        data: Tensor,
        *,
        bins: int = 30,
        low: float = -4.0,
        high: float = 4.0,
        smoothing: float = 0.0,
    ) -> None:
        _check_points(data)
        if bins < 1 or not smoothing >= 0:
            given = f"{bins} and {smoothing}"
            raise ValueError(f"expected bins >= 1 and smoothing >= 0, got {given}")
        if not (low < high and low <= data.min() and data.max() <= high):
            given = f"{data.min():.3g} to {data.max():.3g}"
            raise ValueError(f"expected data in [{low}, {high}], got {given}")
        self.dims, self.bins, self.low, self.high = data.shape[1], bins, low, high
        counts = torch.bincount(self._box(data), minlength=bins**self.dims)
        smooth = counts.double() + smoothing
        self.share = smooth / smooth.sum()  # (bins**D,)

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, -inf outside the range: (N, D) -> (N,)."""
        _check_points(x, self.dims)
        inside = ((x >= self.low) & (x <= self.high)).all(1)
        side = (self.high - self.low) / self.bins
        density = self.share[self._box(x)].log() - self.dims * math.log(side)
        return torch.where(inside, density, -torch.inf).to(x.dtype)

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return n draws, (n, D)."""
        _check_number(n)
        box = torch.multinomial(self.share, n, replacement=True, generator=generator)
        places = self.bins ** torch.arange(self.dims - 1, -1, -1)
        corner = box[:, None] // places % self.bins
        within = torch.rand(n, self.dims, generator=generator)
        return self.low + (corner + within) * (self.high - self.low) / self.bins

    def _box(self, x: Tensor) -> Tensor:
        """Return the number of the box that each point falls into: (N,)."""
        place = ((x - self.low) / (self.high - self.low) * self.bins).long()
        places = self.bins ** torch.arange(self.dims - 1, -1, -1)
        return (place.clamp(0, self.bins - 1) * places).sum(1)


class Gaussian:
    """One Gaussian with the data's own mean and covariance: its maximum likelihood."""

    def __init__(self, data: Tensor) -> None:
        _check_points(data)
        self.mean = data.mean(0)
        centred = data - self.mean
        self.law = torch.distributions.MultivariateNormal(
            self.mean, centred.T @ centred / len(data)
        )

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats: (N, D) -> (N,)."""
        _check_points(x, len(self.mean))
        log_prob: Tensor = self.law.log_prob(x)
        return log_prob

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return n draws, (n, D)."""
        _check_number(n)
        noise = torch.randn(n, len(self.mean), generator=generator).to(self.mean)
        return self.mean + noise @ self.law.scale_tril.T


class KernelDensity:
    """A round Gaussian on every data point, see `gencourse.density.kernel_log_prob`."""

    def __init__(self, data: Tensor, *, bandwidth: float = 0.2) -> None:
        _check_points(data)
        if not bandwidth > 0:
            raise ValueError(f"expected a bandwidth above 0, got {bandwidth}")
        self.data, self.bandwidth = data, bandwidth

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats: (N, D) -> (N,)."""
        _check_points(x, self.data.shape[1])
        parts = [kernel_log_prob(p, self.data, self.bandwidth) for p in x.split(1000)]
        return torch.cat(parts)

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return n draws, (n, D): a data point, and a step away from it."""
        _check_number(n)
        which = torch.randint(len(self.data), (n,), generator=generator)
        noise = torch.randn(n, self.data.shape[1], generator=generator)
        return self.data[which] + self.bandwidth * noise


class GaussianMixture(nn.Module):
    """Round Gaussians with learned weights, means and widths, fitted by gradient.

    ``losses(x)`` is the negative log-likelihood, so `gencourse.train.fit` fits it.
    """

    def __init__(self, *, components: int = 8, dims: int = 2) -> None:
        super().__init__()
        if components < 1:
            raise ValueError(f"expected one component or more, got {components}")
        self.scores = nn.Parameter(torch.zeros(components))
        self.means = nn.Parameter(torch.randn(components, dims))
        self.log_stds = nn.Parameter(torch.zeros(components))

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats: (N, D) -> (N,)."""
        _check_points(x, self.means.shape[1])
        squares = (x[:, None] - self.means).square().sum(-1)  # (N, components)
        volume = self.log_stds + 0.5 * math.log(2 * math.pi)
        each = -0.5 * squares * (-2 * self.log_stds).exp() - x.shape[1] * volume
        return torch.logsumexp(self.scores.log_softmax(0) + each, dim=1)

    def losses(self, x: Tensor) -> dict[str, Tensor]:
        """Return the negative log-likelihood in nats per point."""
        return {"negative_log_likelihood": -self.log_prob(x).mean()}

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return n draws, (n, D); a seed draws the same on every device."""
        _check_number(n)
        weights = self.scores.softmax(0).cpu()
        which = torch.multinomial(weights, n, replacement=True, generator=generator)
        noise = torch.randn(n, self.means.shape[1], generator=generator).to(self.means)
        return self.means[which] + self.log_stds.exp()[which, None] * noise


class NoiseTransformer(nn.Module):
    """A network that turns noise into points: an implicit density.

    Its loss needs samples alone: the sliced Wasserstein distance (Bonneel et al. 2015,
    https://doi.org/10.1007/s10851-014-0506-3).
    """

    def __init__(self, *, dims: int = 2, width: int = 64, directions: int = 64) -> None:
        super().__init__()
        self.dims, self.directions = dims, directions
        self.network = nn.Sequential(
            *(nn.Linear(dims, width), nn.Tanh()),
            *(nn.Linear(width, width), nn.Tanh()),
            *(nn.Linear(width, width), nn.Tanh()),
            nn.Linear(width, dims),
        )

    def losses(self, x: Tensor) -> dict[str, Tensor]:
        """Return the squared distance between data (B, D) and as many samples.

        Both are projected on random directions. On a line the best match is known: the
        first with the first, the second with the second.
        """
        _check_points(x, self.dims)
        fake = self.network(torch.randn_like(x))
        steps = torch.randn(self.dims, self.directions).to(x)
        directions = nn.functional.normalize(steps, dim=0)
        shadows = (x @ directions).sort(0).values, (fake @ directions).sort(0).values
        return {"sliced_wasserstein": (shadows[0] - shadows[1]).square().mean()}

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return n draws, (n, D); a seed draws the same on every device."""
        _check_number(n)
        noise = torch.randn(n, self.dims, generator=generator)
        points: Tensor = self.network(noise.to(next(self.parameters())))
        return points


def _check_points(data: Tensor, dims: int | str = "D") -> None:
    if data.ndim != 2 or not len(data) or dims not in ("D", data.shape[1]):
        given = tuple(data.shape)
        raise ValueError(f"expected points of shape (N, {dims}), got shape {given}")


def _check_number(n: int) -> None:
    if n < 1:
        raise ValueError(f"expected one draw or more, got n = {n}")
