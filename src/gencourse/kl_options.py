"""What training may do to the KL of a VAE: warm it up, or leave some of it free."""

from __future__ import annotations

import math

from torch import Tensor, nn

from gencourse.latent import LatentVariableModel
from gencourse.recipe import nimble_turn
from gencourse.turns import Turn


class Eased(nn.Module):
    """Train a model with latent variables under a KL that presses less.

    Args:
        model: what is trained; its ``beta`` weighs the KL on top.
        warmup: steps over which the weight of the KL rises from 0 to 1 (Bowman et al.
            2016, https://arxiv.org/abs/1511.06349); 0 leaves it at 1.
        free_nats: nats a dimension that cost nothing: the KL of a dimension, averaged
            over the batch, counts as this much where it is less (Kingma et al. 2016,
            https://arxiv.org/abs/1606.04934).
    """

    def __init__(
        self, model: LatentVariableModel, *, warmup: int = 0, free_nats: float = 0.0
    ) -> None:
        super().__init__()
        if type(warmup) is not int or warmup < 0:
            raise ValueError(f"expected warmup to be 0 or more steps, got {warmup!r}")
        if not (math.isfinite(free_nats) and free_nats >= 0):
            raise ValueError(f"expected free_nats of 0 or more, got {free_nats!r}")
        self.model, self.warmup, self.free_nats = model, warmup, free_nats
        self.step = 0

    def losses(self, x: Tensor, y: Tensor | None = None) -> dict[str, Tensor]:
        """Return the two halves of the eased negative ELBO, in nats per image.

        Each call is a step of the warm-up.
        """
        reconstruction, kl = self.model.terms(x, y)
        free = kl.mean(0).clamp(min=self.free_nats).sum()
        weight = self.model.beta * self._weight()
        return {"reconstruction": reconstruction.mean(), "kl": weight * free}

    def get_extra_state(self) -> int:
        """Return the step: no buffer, an average of the weights has none of it."""
        return self.step

    def set_extra_state(self, state: int) -> None:
        """Go on with the warm-up where ``get_extra_state`` found it."""
        self.step = state

    def _weight(self) -> float:
        self.step += 1
        return min(1.0, self.step / self.warmup) if self.warmup else 1.0


def eased_turn(
    model: LatentVariableModel,
    lr: float,
    weight_decay: float,
    *,
    warmup: int = 0,
    free_nats: float = 0.0,
) -> list[Turn]:
    """Return the `nimble_turn` of a model whose negative ELBO is eased."""
    eased = Eased(model, warmup=warmup, free_nats=free_nats)
    return nimble_turn(eased, lr, weight_decay)
