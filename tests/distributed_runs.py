"""What the tests of several devices run in each of two processes, and in one.

As a script it starts two processes by forking, which costs one import of torch:
``python distributed_runs.py FOLDER`` runs all and leaves FOLDER/RANK.pt.
"""

from __future__ import annotations

import contextlib
import io
import random
import sys
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam
from torch.optim.swa_utils import AveragedModel

from gencourse import checkpoint_io
from gencourse.gan import PointGAN
from gencourse.gan_recipes import game_turns
from gencourse.pixelcnn import PixelCNN
from gencourse.train import (
    Batches,
    NotFiniteError,
    fit,
    launch,
    make_fabric,
    warm_average,
    warmup_cosine,
)
from gencourse.vae import VAE

SIZE = 6
quiet = partial(fit, progress=False)


def images(n=20, levels=4):
    generator = torch.Generator().manual_seed(0)
    shape = (n, 1, 4, 4)
    return torch.randint(0, levels, shape, generator=generator, dtype=torch.uint8)


def points(n=20):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n, 2, generator=generator, dtype=torch.float64)


def strong(module):
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(0.4 * torch.randn(p.shape, generator=generator))
    return module.double()


# --- the same draws for one process and for two


class Draws:
    """Numbers for the whole batch; a process gets its share of them."""

    def __init__(self, fabric):
        self.fabric, self.generator = fabric, torch.Generator().manual_seed(3)

    def of(self, kind, n, *more):
        devices = self.fabric.world_size
        whole = kind(
            (n * devices, *more), generator=self.generator, dtype=torch.float64
        )
        return whole[self.fabric.global_rank :: devices]


class SameNoiseVAE(VAE):
    def _noise(self, shape, generator):
        return self.draws.of(torch.randn, *shape)


class SameNoiseGAN(PointGAN):
    def noise(self, n, generator=None):
        return self.draws.of(torch.randn, n, self.latent)


@contextlib.contextmanager
def same_shares(draws):
    """Let the points between real and fake be those of the whole batch."""
    real = torch.rand
    torch.rand = lambda n, **_: draws.of(real, n)
    try:
        yield
    finally:
        torch.rand = real


def gradients_of(fabric, turns, x, steps=3):
    """Return the gradients of every turn of a few steps, flat."""
    seen = []

    def see(optimizer, *_):
        group = optimizer.param_groups[0]["params"]
        seen.append(torch.cat([p.grad.flatten() for p in group]))

    for optimizer in dict.fromkeys(optimizer for optimizer, _ in turns):
        optimizer.register_step_pre_hook(see)
    quiet(turns, Batches(x, size=SIZE, steps=steps), fabric=fabric)
    return seen


def gradients(fabric):
    draws = Draws(fabric)
    cnn = strong(PixelCNN(shape=(1, 4, 4), levels=4, features=4, blocks=1))
    vae = strong(
        SameNoiseVAE(shape=(1, 4, 4), levels=4, latent=2, network="dense", width=8)
    )
    gan = strong(SameNoiseGAN(width=8, game="wasserstein", penalty=2.0, r1=0.5))
    vae.draws = gan.draws = draws
    judge, fool = game_turns(gan, 0.01, 0.0)
    found = {
        name: gradients_of(fabric, [(SGD(m.parameters(), lr=1e-3), m.losses)], images())
        for name, m in (("pixelcnn", cnn), ("vae", vae))
    }
    with same_shares(draws):
        found["gan"] = gradients_of(fabric, [judge, judge, fool], points())
    return found


# --- a deterministic run with everything that a run can have


def settled_run(fabric, checkpoint=None, resume=False, stop=None):
    """Train a PixelCNN with clipping, schedule and average; perhaps be stopped."""
    torch.manual_seed(7)
    model = PixelCNN(shape=(1, 4, 4), levels=4, features=4, blocks=1)
    model.calls = 0
    ema = AveragedModel(model, multi_avg_fn=partial(warm_average, decay=0.9))

    def count(*_):
        model.calls += 1
        if stop is not None and model.calls > stop:
            raise InterruptedError

    model.first.register_forward_pre_hook(count)
    history = quiet(
        [(Adam(model.parameters(), lr=1e-2), model.losses)],
        Batches(images(), size=SIZE, steps=16, seed=2),
        **{"clip": 0.7, "schedule": warmup_cosine, "ema": ema, "every": 5},
        checkpoint=checkpoint,
        resume=resume,
        fabric=fabric,
    )
    return {
        "history": history.columns,
        "weights": dict(model.state_dict()),
        "average": dict(ema.module.state_dict()),
    }


# --- a run of noise


class Noise(nn.Module):
    """Keeps what it sees and what it draws from every generator."""

    def __init__(self):
        super().__init__()
        self.point = nn.Parameter(torch.zeros(2))
        self.seen, self.drawn, self.stop = [], [], None

    def losses(self, x: Tensor):
        if len(self.seen) == self.stop:
            raise InterruptedError
        noise = torch.randn(2)
        self.seen.append(x)
        self.drawn.append([noise[0].item(), np.random.rand(), random.random()])
        return {"noise": (self.point - noise - x.mean()).square().sum()}

    def other_losses(self, x: Tensor):
        self.seen.append(x)
        return {"other": (self.point - x.mean()).square().sum()}


def noisy_run(fabric, checkpoint=None, resume=False, stop=None):
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)
    model = Noise()
    model.stop = stop
    try:
        quiet(
            [(Adam(model.parameters(), lr=0.1), model.losses)],
            Batches(torch.arange(10.0)[:, None], size=4, steps=12, seed=9),
            checkpoint=checkpoint,
            resume=resume,
            every=4,
            fabric=fabric,
        )
    except InterruptedError:
        assert stop
    return {"drawn": model.drawn, "point": model.point.detach()}


def stream(fabric):
    """Return what each turn sees of ten images, over more than two epochs."""
    model = Noise()
    first = (SGD(model.parameters(), lr=0.1), model.losses)
    second = (first[0], model.other_losses)
    x = torch.arange(10.0)[:, None]
    quiet([first, second], Batches(x, size=4, steps=4, seed=1), fabric=fabric)
    return model.seen


# --- who writes, who stops


def writing(fabric, folder):
    """Return which files this process wrote, and what it showed."""
    written, real = [], checkpoint_io.write_atomically

    def seen(path, write):
        written.append(path.name)
        real(path, write)

    checkpoint_io.write_atomically = seen
    shown = io.StringIO()
    model = Noise()
    turn = (SGD(model.parameters(), lr=0.1), model.losses)
    batches = Batches(torch.arange(10.0)[:, None], size=4, steps=4)
    path = folder / "written.checkpoint"
    with contextlib.redirect_stderr(shown):
        fit([turn], batches, checkpoint=path, every=2, fabric=fabric)
    checkpoint_io.write_atomically = real
    return {"written": written, "shown": shown.getvalue()}


class Exploding(Noise):
    def __init__(self, here):
        super().__init__()
        self.here = here

    def losses(self, x: Tensor):
        bad = self.here and len(self.seen) == 5
        terms = super().losses(x)
        return {"noise": terms["noise"] * (float("nan") if bad else 1.0)}


def explosion(fabric, folder):
    """Return the error of a run whose loss is not a number in one process."""
    model = Exploding(here=fabric.global_rank == fabric.world_size - 1)
    turn = (Adam(model.parameters(), lr=0.1), model.losses)
    batches = Batches(torch.arange(10.0)[:, None], size=4, steps=12)
    path = folder / "exploded.checkpoint"
    try:
        quiet([turn], batches, checkpoint=path, every=2, fabric=fabric)
    except NotFiniteError as why:
        return {"error": str(why), "point": model.point.detach()}


def refusals(fabric):
    model, other = Noise(), Noise()
    adam = Adam(model.parameters(), lr=0.1)
    found = []
    for turn, size in (
        ((adam, lambda x: model.losses(x)), 4),
        ((adam, other.losses), 4),
        ((adam, model.losses), 3),
    ):
        batches = Batches(torch.arange(10.0)[:, None], size=size, steps=1)
        try:
            quiet([turn], batches, fabric=fabric)
        except ValueError as why:
            found.append(str(why))
    return found


def game(fabric):
    """Train a GAN whose processes draw for themselves, spectral norm and all."""
    torch.manual_seed(0)
    gan = PointGAN(width=8, game="non-saturating", norm="spectral")
    judge, fool = game_turns(gan, 0.01, 0.0)
    before = [p.detach().clone() for p in gan.parameters()]
    batches = Batches(points().float(), size=SIZE, steps=5)
    history = quiet([judge, judge, fool], batches, fabric=fabric)
    moved = [
        not torch.equal(p, q) for p, q in zip(gan.parameters(), before, strict=True)
    ]
    return {
        "weights": {n: p.detach() for n, p in gan.named_parameters()},
        "moved": moved,
        "history": history.columns,
    }


def interrupted(run, fabric, checkpoint, stop):
    with contextlib.suppress(InterruptedError):
        run(fabric, checkpoint, stop=stop)


def everything(fabric, folder):
    """Run all of it in this process, and save what it found."""
    interrupted(settled_run, fabric, folder / "two.checkpoint", 12)
    interrupted(noisy_run, fabric, folder / "noisy.checkpoint", 7)
    found = {
        "gradients": gradients(fabric),
        "settled": settled_run(fabric),
        "from one": settled_run(fabric, folder / "one.checkpoint", resume=True),
        "noisy": noisy_run(fabric),
        "noisy again": noisy_run(fabric, folder / "noisy.checkpoint", resume=True),
        "noisy from one": noisy_run(
            fabric, folder / "noisy-one.checkpoint", resume=True
        ),
        "stream": stream(fabric),
        "writing": writing(fabric, folder),
        "explosion": explosion(fabric, folder),
        "refusals": refusals(fabric),
        "game": game(fabric),
    }
    torch.save(found, folder / f"{fabric.global_rank}.pt")


def two_processes():
    """Return a Fabric whose processes are forked."""
    return make_fabric("cpu", devices=2, strategy="ddp_notebook")


if __name__ == "__main__":
    torch.set_num_threads(1)
    launch(two_processes(), everything, Path(sys.argv[1]))
