"""Right and wrong steps of the game, as learners write them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import SGD

from gencourse.gan_losses import (
    discriminator_loss,
    minimax_generator_loss,
    non_saturating_generator_loss,
)

non_saturating = non_saturating_generator_loss


def step(
    tell=discriminator_loss,
    fool=non_saturating,
    attached=False,
    forget_d=True,
    forget_g=True,
    forget_first=False,
    returned=lambda told, fooled: (told, fooled),
):
    """A step with one thing or another done differently."""

    def answer(g, d, g_opt, d_opt, x, z):
        if forget_first:
            g_opt.zero_grad()
            d_opt.zero_grad()
        fake = g(z)
        told = tell(d(x), d(fake if attached else fake.detach()))
        if forget_d:
            d_opt.zero_grad()
        told.backward(retain_graph=True)
        d_opt.step()
        fooled = fool(d(fake))
        if forget_g:
            g_opt.zero_grad()
        fooled.backward()
        g_opt.step()
        return returned(told.item(), fooled.item())

    return answer


def step_bce(g, d, g_opt, d_opt, x, z):
    bce = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(len(x)).to(x), torch.zeros(len(x)).to(x)
    d.zero_grad()
    on_real, on_fake = bce(d(x), ones), bce(d(g(z).detach()), zeros)
    on_real.backward()
    on_fake.backward()
    d_opt.step()
    g.zero_grad()
    fooled = bce(d(g(z)), ones)
    fooled.backward()
    g_opt.step()
    return on_real.item() + on_fake.item(), fooled.item()


def step_by_grad(g, d, g_opt, d_opt, x, z):
    def move(network, optimizer, loss):
        weights = list(network.parameters())
        for p, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
            p.grad = slope
        optimizer.step()
        return loss.detach()

    with torch.no_grad():
        fake = g(z)
    told = move(d, d_opt, F.softplus(-d(x)).mean() + F.softplus(d(fake)).mean())
    return told, move(g, g_opt, F.softplus(-d(g(z))).mean())


def step_frozen(g, d, g_opt, d_opt, x, z):
    """The discriminator needs no gradient while the generator learns."""
    with torch.no_grad():
        fake = g(z)
    real_logits, fake_logits = d(torch.cat([x, fake])).chunk(2)
    told = -F.logsigmoid(real_logits).mean() - F.logsigmoid(-fake_logits).mean()
    d_opt.zero_grad(set_to_none=False)
    told.backward()
    d_opt.step()
    d.requires_grad_(False)
    fooled = -F.logsigmoid(d(g(z))).mean()
    g_opt.zero_grad()
    fooled.backward()
    g_opt.step()
    d.requires_grad_(True)
    return float(told), float(fooled)


def step_closures(g, d, g_opt, d_opt, x, z):
    """Optimisers that call for their losses; what is carried back is forgotten."""

    def tell():
        d_opt.zero_grad()
        loss = discriminator_loss(d(x), d(g(z)))
        loss.backward()
        return loss

    def fool():
        g_opt.zero_grad()
        loss = non_saturating(d(g(z)))
        loss.backward()
        return loss

    # Gradients are asked for inside step(): worked out beforehand for those who look.
    told = tell()
    d_opt.step()
    fooled = fool()
    g_opt.step()
    return told.detach().numpy(), fooled.detach().numpy()


def step_generator_first(g, d, g_opt, d_opt, x, z):
    fooled = non_saturating(d(g(z)))
    g_opt.zero_grad()
    fooled.backward()
    g_opt.step()
    told = discriminator_loss(d(x), d(g(z).detach()))
    d_opt.zero_grad()
    told.backward()
    d_opt.step()
    return told.item(), fooled.item()


def step_without(who):
    def answer(g, d, g_opt, d_opt, x, z):
        told = discriminator_loss(d(x), d(g(z).detach()))
        d_opt.zero_grad()
        told.backward()
        if who != "d":
            d_opt.step()
        fooled = non_saturating(d(g(z)))
        g_opt.zero_grad()
        fooled.backward()
        if who != "g":
            g_opt.step()
        return told.item(), fooled.item()

    return answer


def step_moving_d_again(g, d, g_opt, d_opt, x, z):
    result = step()(g, d, g_opt, d_opt, x, z)
    d_opt.step()
    return result


def step_of_one_optimizer(g, d, g_opt, d_opt, x, z):
    """The generator's turn moves the discriminator, by hand."""
    result = step()(g, d, g_opt, d_opt, x, z)
    with torch.no_grad():
        for p in d.parameters():
            p -= 0.01 * p.grad
    return result


def step_moving_g_too(g, d, g_opt, d_opt, x, z):
    """An optimiser of its own over the generator, in the discriminator's turn."""
    both = SGD(g.parameters(), lr=0.1)
    fake = g(z)
    told = discriminator_loss(d(x), d(fake))
    both.zero_grad()
    d_opt.zero_grad()
    told.backward()
    both.step()
    d_opt.step()
    fooled = non_saturating(d(g(z)))
    g_opt.zero_grad()
    fooled.backward()
    g_opt.step()
    return told.item(), fooled.item()


def drawing(where, seed=None):
    """Fresh codes in one turn or the other."""

    def draw(z):
        if seed is None:
            return torch.randn_like(z)
        return torch.randn(z.shape, generator=torch.Generator().manual_seed(seed)).to(z)

    def answer(g, d, g_opt, d_opt, x, z):
        told = discriminator_loss(d(x), d(g(draw(z) if "d" in where else z).detach()))
        d_opt.zero_grad()
        told.backward()
        d_opt.step()
        fooled = non_saturating(d(g(draw(z) if "g" in where else z)))
        g_opt.zero_grad()
        fooled.backward()
        g_opt.step()
        return told.item(), fooled.item()

    return answer


def both_first(fool):
    """Both losses go back before anything moves."""

    def answer(g, d, g_opt, d_opt, x, z):
        g_opt.zero_grad()
        d_opt.zero_grad()
        fake = g(z)
        told = discriminator_loss(d(x), d(fake.detach()))
        told.backward()
        fooled = fool(d(fake))
        fooled.backward()
        d_opt.step()
        g_opt.step()
        return told.item(), fooled.item()

    return answer


def step_against_old(g, d, g_opt, d_opt, x, z):
    fooled = non_saturating(d(g(z)))
    g_opt.zero_grad()
    fooled.backward()
    told = discriminator_loss(d(x), d(g(z).detach()))
    d_opt.zero_grad()
    told.backward()
    d_opt.step()
    g_opt.step()
    return told.item(), fooled.item()


def step_late(g, d, g_opt, d_opt, x, z):
    """The loss of before the discriminator's turn goes back after it."""
    fake = g(z)
    told = discriminator_loss(d(x), d(fake.detach()))
    fooled = non_saturating(d(fake))
    d_opt.zero_grad()
    told.backward()
    d_opt.step()
    g_opt.zero_grad()
    fooled.backward()
    g_opt.step()
    return told.item(), fooled.item()


def step_scored_once(keep):
    """Both losses go back through the same scores of the generated points."""

    def answer(g, d, g_opt, d_opt, x, z):
        logits = d(g(z))
        told = discriminator_loss(d(x), logits)
        d_opt.zero_grad()
        told.backward(retain_graph=keep)
        d_opt.step()
        fooled = non_saturating(logits)
        g_opt.zero_grad()
        fooled.backward()
        g_opt.step()
        return told.item(), fooled.item()

    return answer


def step_attached(g, d, g_opt, d_opt, x, z):
    """The bug of the exercise, without what hides it."""
    fake = g(z)
    told = discriminator_loss(d(x), d(fake))
    d_opt.zero_grad()
    told.backward()
    d_opt.step()
    fooled = non_saturating(d(fake))
    g_opt.zero_grad()
    fooled.backward()
    g_opt.step()
    return told.item(), fooled.item()


def step_twice_back(g, d, g_opt, d_opt, x, z):
    told = discriminator_loss(d(x), d(g(z).detach()))
    told.backward()
    told.backward()
    return told.item(), told.item()


def step_with_graph(g, d, g_opt, d_opt, x, z):
    told = discriminator_loss(d(x), d(g(z).detach()))
    d_opt.zero_grad()
    told.backward()
    d_opt.step()
    fooled = non_saturating(d(g(z)))
    g_opt.zero_grad()
    fooled.backward()
    g_opt.step()
    return told, fooled


def measured_late(g, d, g_opt, d_opt, x, z):
    told, _ = step()(g, d, g_opt, d_opt, x, z)
    return told, non_saturating(d(g(z))).item()


def step_zeroed(who):
    def answer(g, d, g_opt, d_opt, x, z):
        fake = g(z)
        told = discriminator_loss(d(x), d(fake.detach()))
        d_opt.zero_grad()
        told.backward()
        if who == "d":
            d_opt.zero_grad()
        d_opt.step()
        fooled = non_saturating(d(fake.detach() if who == "cut" else fake))
        g_opt.zero_grad()
        fooled.backward()
        if who == "g":
            g_opt.zero_grad()
        g_opt.step()
        return told.item(), fooled.item()

    return answer


def step_forgetting_after(g, d, g_opt, d_opt, x, z):
    """Gradients are forgotten at the end, for the next call."""
    result = step(forget_d=False, forget_g=False)(g, d, g_opt, d_opt, x, z)
    g_opt.zero_grad()
    d_opt.zero_grad()
    return result


def measured_again(which):
    def answer(g, d, g_opt, d_opt, x, z):
        before = non_saturating(d(g(z))).item()
        told, fooled = step()(g, d, g_opt, d_opt, x, z)
        if which == "fooled":
            return told, before
        return discriminator_loss(d(x), d(g(z))).item(), fooled

    return answer


def told_after(g, d, g_opt, d_opt, x, z):
    fake = g(z)
    told = discriminator_loss(d(x), d(fake.detach()))
    d_opt.zero_grad()
    told.backward()
    d_opt.step()
    told = discriminator_loss(d(x), d(fake.detach()))
    fooled = non_saturating(d(fake))
    g_opt.zero_grad()
    fooled.backward()
    g_opt.step()
    return told.item(), fooled.item()


def leaving(spoil):
    def answer(g, d, g_opt, d_opt, x, z):
        result = step()(g, d, g_opt, d_opt, x, z)
        spoil(g, d)
        return result

    return answer


def step_of_real_changed(g, d, g_opt, d_opt, x, z):
    x += 0.1
    return step()(g, d, g_opt, d_opt, x - 0.1, z)


def step_with_state_lost(g, d, g_opt, d_opt, x, z):
    d_opt.state.clear()
    return step()(g, d, g_opt, d_opt, x, z)


KEY = "gan.game_step"
RIGHT = {KEY: [step_bce, step_by_grad, step_frozen, step_closures]}
WRONG = {
    KEY: {
        "generator's optimiser never": step_without("g"),
        "discriminator's optimiser never": step_without("d"),
        "discriminator's optimiser steps 2 times": step_moving_d_again,
        "The generator moves first": step_generator_first,
        "discriminator moves outside": step_of_one_optimizer,
        "generator moves outside": step_moving_g_too,
        "is left to draw": drawing("dg"),
        "discriminator's loss does not depend": drawing("dg", seed=0),
        "generator's loss does not depend": lambda g, d, g_opt, d_opt, x, z: (
            step()(g, d, g_opt, d_opt, x, z)[0],
            0.5,
        ),
        "labels are exchanged": step(tell=lambda r, f: discriminator_loss(f, r)),
        "discriminator climbs": step(tell=lambda r, f: -discriminator_loss(r, f)),
        "learns by half of its loss's gradient": step(
            tell=lambda r, f: discriminator_loss(r, f) / 2
        ),
        "generated points alone": step(tell=lambda r, f: F.softplus(f).mean()),
        "real points alone": step(tell=lambda r, f: discriminator_loss(r, f.detach())),
        "all points are real": step(
            tell=lambda r, f: non_saturating(r) + non_saturating(f)
        ),
        "discriminator's loss is added up": step(
            tell=lambda r, f: len(r) * discriminator_loss(r, f)
        ),
        "that of the generator's loss too": both_first(non_saturating),
        "helps to be fooled": step(tell=lambda r, f: non_saturating(f)),
        "discriminator's gradient is 0": step_zeroed("d"),
        "discriminator's optimiser steps, its gradient is not": step(
            tell=lambda r, f: F.relu(1 - r).mean() + F.relu(1 + f).mean()
        ),
        "plays the minimax game": step(fool=minimax_generator_loss),
        "learns to be recognised": step(fool=lambda f: F.softplus(f).mean()),
        "generator climbs": step(fool=lambda f: -non_saturating(f)),
        "generator learns by half": step(fool=lambda f: non_saturating(f) / 2),
        "generator's loss is added up": step(fool=lambda f: F.softplus(-f).sum()),
        "as it was before its turn": step_against_old,
        "nothing should flow back": step(
            attached=True, forget_first=True, forget_d=False, forget_g=False
        ),
        "generator's gradient is 0": step_zeroed("g"),
        "generator's optimiser steps, its gradient is not": step(
            fool=lambda f: -f.mean()
        ),
        "discriminator's optimiser steps, its gradient still": step(forget_d=False),
        "generator's optimiser steps, its gradient still": step(forget_g=False),
        "pair is exchanged": step(returned=lambda told, fooled: (fooled, told)),
        "after it moved; before": told_after,
        "loss that you return is that against": measured_again("fooled"),
        "loss is halved in what": step(
            returned=lambda told, fooled: (told / 2, fooled)
        ),
        "that after both have moved": measured_again("told"),
        "discriminator's loss that you return is off": step(
            returned=lambda told, fooled: (told + 1, fooled)
        ),
        "generator's loss that you return": step(
            returned=lambda told, fooled: (told, fooled + 1)
        ),
        "a pair (discriminator's": step(returned=lambda told, fooled: told + fooled),
        "need no gradient": leaving(lambda g, d: d.requires_grad_(False)),
        "leaves the generator in eval": leaving(lambda g, d: g.eval()),
        "After a second step": step_with_state_lost,
        "changed its input x": step_of_real_changed,
        "scored before the discriminator moved": step_late,
        "back into the generator in the discriminator's turn": step_attached,
        "Two backward calls": step_twice_back,
        "still hold their graph": step_with_graph,
        "generator's loss that you return is that after it moved": measured_late,
    }
}


def _networks():
    torch.manual_seed(0)
    g, d = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))
    return g, d, SGD(g.parameters(), lr=0.1), SGD(d.parameters(), lr=0.1)


INPUTS = {KEY: (*_networks(), torch.ones(4, 2), torch.arange(8.0).sin().view(4, 2))}
