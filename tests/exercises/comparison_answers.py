"""Right and wrong answers to the exercises on comparing models, as learners write."""

from __future__ import annotations

import math
import statistics

import numpy as np
import torch
from entry_answers import RIGHT_ENTRIES, WRONG_ENTRIES
from scipy.stats import mannwhitneyu, rankdata, ttest_ind
from sklearn.metrics import roc_auc_score
from torch.distributions import Categorical

# --- two recipes' means


def welch_right(a, b):
    return (a.mean() - b.mean()) / (a.var() / len(a) + b.var() / len(b)).sqrt()


def welch_scipy(a, b):
    return float(ttest_ind(a.double(), b.double(), equal_var=False).statistic)


def welch_numpy(a, b):
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    errors = [np.std(runs, ddof=1) / math.sqrt(len(runs)) for runs in (a, b)]
    return (a.mean() - b.mean()) / np.hypot(*errors)


def welch_statistics(a, b):
    a, b = a.tolist(), b.tolist()
    squared = [statistics.variance(runs) / len(runs) for runs in (a, b)]
    return (statistics.fmean(a) - statistics.fmean(b)) / sum(squared) ** 0.5


def welch_loops(a, b):
    parts = []
    for runs in (a.tolist(), b.tolist()):
        mean = sum(runs) / len(runs)
        squares = sum((run - mean) ** 2 for run in runs)
        parts.append((mean, squares / (len(runs) - 1) / len(runs)))
    (mean_a, error_a), (mean_b, error_b) = parts
    return (mean_a - mean_b) / math.sqrt(error_a + error_b)


def welch_biased_twice(a, b):
    error = a.var(correction=0) / (len(a) - 1) + b.var(correction=0) / (len(b) - 1)
    return ((a.mean() - b.mean()) / error.sqrt()).item()


def welch_over(error):
    return lambda a, b: ((a.mean() - b.mean()) / error(a, b)).item()


def welch_times(change):
    return lambda a, b: change(welch_loops(a, b))


def welch_pooled(a, b):
    return float(ttest_ind(a, b).statistic)


def welch_paired(a, b):
    gaps = a - b
    return gaps.mean() / (gaps.std() / len(gaps) ** 0.5)


def welch_cut_to_pairs(a, b):
    gaps = torch.stack([one - other for one, other in zip(a, b, strict=False)])
    return gaps.mean() / (gaps.std() / len(gaps) ** 0.5)


def welch_large_squares(a, b):
    def variance(runs):
        n = len(runs)
        return ((runs**2).mean() - runs.mean() ** 2).clamp(min=1e-9) * n / (n - 1)

    error = variance(a) / len(a) + variance(b) / len(b)
    return (a.mean() - b.mean()) / error.sqrt()


def welch_in_place(a, b):
    b.sub_(a.mean())
    return -b.mean() / (a.var() / len(a) + b.var() / len(b)).sqrt()


def squared_errors(a, b):
    return a.var() / len(a) + b.var() / len(b)


def biased(x):
    return x.var(correction=0)


# --- a mixture with noise


def mixture_right(p, noise, share):
    return torch.logaddexp(p + math.log(share), noise + math.log1p(-share))


def mixture_stacked(p, noise, share):
    shares = torch.tensor([share, 1 - share]).log()
    return torch.logsumexp(torch.stack([p, noise], dim=-1) + shares, dim=-1)


def mixture_of_distributions(p, noise, share):
    drawn_from = Categorical(torch.tensor([share, 1 - share], dtype=torch.float64))
    parts = torch.stack([p, noise], -1).double()
    return torch.logsumexp(drawn_from.logits + parts, -1).to(p.dtype)


def mixture_by_maximum(p, noise, share):
    most = p.maximum(noise)
    return most + torch.log(
        share * torch.exp(p - most) + (1 - share) * torch.exp(noise - most)
    )


def mixture_numpy(p, noise, share):
    return np.logaddexp(p.numpy() + np.log(share), noise.numpy() + np.log(1 - share))


def mixture_loop(p, noise, share):
    result = []
    for one, other in zip(p.tolist(), noise.tolist(), strict=True):
        high, low = sorted([one + math.log(share), other + math.log(1 - share)])[::-1]
        result.append(high + math.log1p(math.exp(low - high)))
    return result


def mixture_softplus(p, noise, share):
    logit = p - noise + math.log(share / (1 - share))
    return noise + math.log(1 - share) + torch.nn.functional.softplus(logit)


def mixture_exponentials(p, noise, share):
    return (share * p.exp() + (1 - share) * noise.exp()).log()


def mixture_with_epsilon(p, noise, share):
    return (share * p.exp() + (1 - share) * noise.exp() + 1e-12).log()


def mixture_of_one_maximum(p, noise, share):
    most = torch.cat([p, noise]).max()
    parts = share * (p - most).exp() + (1 - share) * (noise - most).exp()
    return most + parts.log()


def mixture_in_place(p, noise, share):
    return torch.logaddexp(p.add_(math.log(share)), noise + math.log1p(-share))


def mixture_fixed_share(p, noise, share):
    return mixture_right(p, noise, 0.3)


def mixture_first_below(p, noise, share):
    """Takes p for the greater one."""
    p, noise = p + math.log(share), noise + math.log1p(-share)
    return p + torch.exp(noise - p).log1p()


def logadd(first, second):
    return lambda p, noise, share: torch.logaddexp(
        first(p, share), second(noise, share)
    )


def mixed(change):
    return lambda p, noise, share: change(mixture_right(p, noise, share))


def plus_log(p, share):
    return p + math.log(share)


def plus_rest(noise, share):
    return noise + math.log1p(-share)


# --- telling two kinds apart


def auroc_right(inside, outside):
    gaps = inside[:, None] - outside
    return ((gaps > 0).double() + 0.5 * (gaps == 0)).mean().item()


def auroc_sklearn(inside, outside):
    kinds = np.r_[np.ones(len(inside)), np.zeros(len(outside))]
    return roc_auc_score(kinds, torch.cat([inside, outside]).double().numpy())


def auroc_mann_whitney(inside, outside):
    u = mannwhitneyu(inside.numpy(), outside.numpy()).statistic
    return u / (len(inside) * len(outside))


def auroc_ranks(inside, outside):
    n, m = len(inside), len(outside)
    ranks = rankdata(torch.cat([inside, outside]))[:n]
    return float((ranks.sum() - n * (n + 1) / 2) / (n * m))


def auroc_sorted(inside, outside):
    ordered = outside.sort().values
    below = torch.searchsorted(ordered, inside)
    not_above = torch.searchsorted(ordered, inside, right=True)
    return (below + not_above).double().mean() / (2 * len(outside))


def auroc_loops(inside, outside):
    total = 0.0
    for one in inside.tolist():
        for other in outside.tolist():
            total += 1.0 if one > other else 0.5 if one == other else 0.0
    return total / len(inside) / len(outside)


def auroc_sign(inside, outside):
    return (torch.sign(inside.unsqueeze(1) - outside.unsqueeze(0)).mean() + 1) / 2


def auroc_area(inside, outside):
    """The curve itself, and the trapezia below it."""
    cuts = torch.cat([inside, outside]).unique().flip(0)
    hits = torch.cat([torch.zeros(1), (inside >= cuts[:, None]).float().mean(1)])
    alarms = torch.cat([torch.zeros(1), (outside >= cuts[:, None]).float().mean(1)])
    return torch.trapezoid(hits, alarms)


def by_pairs(score):
    return lambda inside, outside: score(inside[:, None], outside).double().mean()


def scored(change):
    return lambda inside, outside: change(
        auroc_loops(inside, outside), len(inside), len(outside)
    )


def at_threshold(cut):
    def accuracy(inside, outside):
        at = cut(torch.cat([inside, outside]))
        right = (inside > at).sum() + (outside <= at).sum()
        return right / (len(inside) + len(outside))

    return accuracy


def auroc_same_index(inside, outside):
    pairs = list(zip(inside.tolist(), outside.tolist(), strict=False))
    return sum((i > o) + (i == o) / 2 for i, o in pairs) / len(pairs)


def auroc_whole_numbers(inside, outside):
    gaps = inside[:, None] - outside
    twice = 2 * (gaps > 0).sum() + (gaps == 0).sum()
    return (twice // 2 / gaps.numel()).item()


def auroc_either_way(inside, outside):
    found = auroc_loops(inside, outside)
    return max(found, 1 - found)


def auroc_close_is_equal(inside, outside):
    gaps = inside[:, None] - outside
    near = gaps.abs() < 1e-8
    return ((gaps > 0) & ~near).double().mean() + near.double().mean() / 2


def auroc_steep_sigmoid(inside, outside):
    return (1e3 * (inside[:, None] - outside)).sigmoid().double().mean()


def auroc_in_place(inside, outside):
    outside.copy_(outside.sort().values)
    return auroc_loops(inside, outside)


def auroc_rank_sum(inside, outside):
    n, m = len(inside), len(outside)
    return float(rankdata(torch.cat([inside, outside]))[:n].sum() / (n * m))


def auroc_square_only(inside, outside):
    gaps = inside[:, None] - outside
    return auroc_loops(inside, outside) + (0.1 if gaps.shape[0] == 1 else 0)


# --- the rows that none beats


def front_right(costs):
    no_more, less = costs[:, None] <= costs, costs[:, None] < costs
    return ~(no_more.all(2) & less.any(2)).any(0)


def front_loops(costs):
    rows = costs.tolist()

    def beats(one, other):
        pairs = list(zip(one, other, strict=True))
        return all(a <= b for a, b in pairs) and one != other

    return [not any(beats(other, row) for other in rows) for row in rows]


def front_numpy(costs):
    costs = costs.numpy()
    kept = np.ones(len(costs), dtype=bool)
    for number, row in enumerate(costs):
        rivals = np.all(costs <= row, axis=1) & np.any(costs < row, axis=1)
        kept[number] = not rivals.any()
    return kept


def front_sorted(costs):
    """In the order of sums none that comes later can beat."""
    kept, front = torch.zeros(len(costs), dtype=torch.bool), []
    order = sorted(range(len(costs)), key=lambda n: costs[n].tolist())
    for number in order:
        row = costs[number]
        if not any((f <= row).all() and (f < row).any() for f in front):
            kept[number] = True
            front.append(row)
    return kept


def front_vmap(costs):
    def beaten(row):
        return ((costs <= row).all(1) & (costs < row).any(1)).any()

    return ~torch.vmap(beaten)(costs)


def front_by_sum(costs):
    """Nowhere more, and another sum, is somewhere less."""
    costs = costs.double()
    no_more = torch.stack([(costs <= row).all(1) for row in costs])
    return ~(no_more & (costs != costs[:, None]).any(2)).any(1)


def front_sweep(costs):
    order = sorted(range(len(costs)), key=lambda n: costs[n].tolist())
    kept, least = [False] * len(costs), math.inf
    for row in order:
        if costs[row, 1] < least:
            kept[row], least = True, costs[row, 1].item()
    return torch.tensor(kept)


def front_neighbours(costs):
    kept = torch.ones(len(costs), dtype=torch.bool)
    for n in range(len(costs)):
        for other in costs[max(n - 1, 0) : n + 2]:
            if (other <= costs[n]).all() and (other < costs[n]).any():
                kept[n] = False
    return kept


def front_unique(costs):
    kept = front_right(costs)
    for n, row in enumerate(costs.tolist()):
        if row in costs[:n].tolist():
            kept[n] = False
    return kept


def front_by_differences(costs):
    gaps = costs[:, None] - costs[None]
    return ~((gaps <= 0).all(-1) & (gaps < 0).any(-1)).any(0)


def front_in_place(costs):
    kept = front_right(costs)
    costs[~kept] = math.inf
    return kept


def front_float32(costs):
    return front_right(costs.float())


def front_from(beats):
    """beats is of (M, 1, K) and (M, K): whether the second beats the first."""
    return lambda costs: ~beats(costs[:, None], costs[None]).any(1)


def no_more(mine, other):
    return (other <= mine).all(2)


def less(mine, other):
    return other < mine


def apart(costs):
    return ~torch.eye(len(costs), dtype=torch.bool)


def ranks(costs):
    return costs.argsort(0).argsort(0)


RIGHT = {
    "comparison.welch_t": [
        welch_right,
        welch_scipy,
        welch_numpy,
        welch_statistics,
        welch_loops,
        welch_biased_twice,
    ],
    "comparison.contaminated_log_prob": [
        mixture_stacked,
        mixture_of_distributions,
        mixture_by_maximum,
        mixture_numpy,
        mixture_loop,
        mixture_softplus,
    ],
    "comparison.auroc": [
        auroc_right,
        auroc_sklearn,
        auroc_mann_whitney,
        auroc_ranks,
        auroc_sorted,
        auroc_loops,
        auroc_sign,
        auroc_area,
    ],
    "comparison.pareto_front": [
        front_right,
        front_loops,
        front_numpy,
        front_sorted,
        front_vmap,
        front_by_sum,
    ],
    "comparison.entry": RIGHT_ENTRIES,
}
WRONG = {
    "comparison.welch_t": {
        "The sign is turned": welch_times(lambda t: -t),
        "constant added under the root": welch_over(
            lambda a, b: (squared_errors(a, b) + 1e-6).sqrt()
        ),
        "never negative": welch_times(abs),
        "square of what": welch_times(lambda t: t**2),
        "upside down": welch_times(lambda t: 1 / t),
        "This is the difference": lambda a, b: (a.mean() - b.mean()).item(),
        "This is the error": lambda a, b: squared_errors(a, b).sqrt(),
        "taken with N; N - 1": welch_over(
            lambda a, b: (biased(a) / len(a) + biased(b) / len(b)).sqrt()
        ),
        "once more": welch_over(
            lambda a, b: (a.var() / (len(a) - 1) + b.var() / (len(b) - 1)).sqrt()
        ),
        "are pooled": welch_pooled,
        "so much single runs differ": welch_over(
            lambda a, b: (a.var() + b.var()).sqrt()
        ),
        "mean of the variances": welch_over(
            lambda a, b: ((a.var() + b.var()) / 2).sqrt()
        ),
        "number of all runs": welch_over(
            lambda a, b: ((a.var() + b.var()) / (len(a) + len(b))).sqrt()
        ),
        "each other's": welch_over(
            lambda a, b: (a.var() / len(b) + b.var() / len(a)).sqrt()
        ),
        "The root is missing": welch_over(squared_errors),
        "The roots are added": welch_over(
            lambda a, b: a.std() / len(a) ** 0.5 + b.std() / len(b) ** 0.5
        ),
        "deviations are added": welch_over(lambda a, b: a.std() + b.std()),
        "deviations stand": welch_over(
            lambda a, b: (a.std() / len(a) + b.std() / len(b)).sqrt()
        ),
        "divided by N and M": welch_over(
            lambda a, b: a.std() / len(a) + b.std() / len(b)
        ),
        "the second is uncertain": welch_over(lambda a, b: a.std() / len(a) ** 0.5),
        "the first is uncertain": welch_over(lambda a, b: b.std() / len(b) ** 0.5),
        "difference of the variances": welch_over(
            lambda a, b: (a.var() / len(a) - b.var() / len(b)).abs().sqrt()
        ),
        "all runs together": welch_over(lambda a, b: torch.cat([a, b]).std()),
        "medians": lambda a, b: (a.median() - b.median()) / squared_errors(a, b).sqrt(),
        "means are added": lambda a, b: (
            (a.mean() + b.mean()) / squared_errors(a, b).sqrt()
        ),
        "must match": welch_paired,
        "in pairs": welch_cut_to_pairs,
        "near 3000": welch_large_squares,
        "changed its input b": welch_in_place,
        "is NaN": welch_over(lambda a, b: (a.var() / len(a) - b.var() / len(b)).sqrt()),
        "if the second is a probability": lambda a, b: tuple(
            ttest_ind(a, b, equal_var=False)
        ),
        "the means of all runs": lambda a, b: (
            (a - b.mean()) / squared_errors(a, b).sqrt()
        ),
        "is not the difference of the means over": lambda a, b: (
            ttest_ind(a, b, equal_var=False).pvalue
        ),
        "With 2 runs of a and 2": lambda a, b: (
            welch_loops(a, b) + 0.1 * (len(a) == len(b))
        ),
    },
    "comparison.contaminated_log_prob": {
        "one maximum taken out of all": mixture_of_one_maximum,
        "logarithms are averaged": lambda p, q, share: share * p + (1 - share) * q,
        "shares are exchanged": logadd(plus_rest, plus_log),
        "shares are missing": lambda p, q, share: torch.logaddexp(p, q),
        "one half in yours": lambda p, q, share: torch.logaddexp(p, q) - math.log(2),
        "share of the noise is missing": logadd(plus_log, lambda q, share: q),
        "share of p is missing": logadd(lambda p, share: p, plus_rest),
        "have p's share": logadd(plus_log, plus_log),
        "is 1 + share": logadd(plus_log, lambda q, share: q + math.log1p(share)),
        "share divides": logadd(lambda p, share: p - math.log(share), plus_rest),
        "Both shares divide": logadd(
            lambda p, share: p - math.log(share),
            lambda q, share: q - math.log(1 - share),
        ),
        "shares multiply the logarithms": logadd(
            lambda p, share: p * share, lambda q, share: q * (1 - share)
        ),
        "shares themselves": logadd(
            lambda p, share: p + share, lambda q, share: q + 1 - share
        ),
        "logarithms of the shares multiply": logadd(
            lambda p, share: p * math.log(share),
            lambda q, share: q * math.log(1 - share),
        ),
        "stands for their sum": lambda p, q, share: torch.maximum(
            plus_log(p, share), plus_rest(q, share)
        ),
        "no part in it": lambda p, q, share: torch.maximum(p, q),
        "noise has no part": lambda p, q, share: plus_log(p, share),
        "p has no part": lambda p, q, share: plus_rest(q, share),
        "drawn from both": lambda p, q, share: plus_log(p, share) + plus_rest(q, share),
        "This is the density": mixed(torch.exp),
        "bits": mixed(lambda right: right / math.log(2)),
        "sign is turned": mixed(torch.neg),
        "how probable": lambda p, q, share: (
            plus_log(p, share) - mixture_right(p, q, share)
        ).exp(),
        "logarithm of how probable": lambda p, q, share: (
            plus_log(p, share) - mixture_right(p, q, share)
        ),
        "hold NaN": lambda p, q, share: (share * p + (1 - share) * q).log(),
        "Yours has one of all": mixed(torch.mean),
        "come together in it": lambda p, q, share: torch.stack(
            [plus_log(p, share), plus_rest(q, share)]
        ),
        "of the same image": lambda p, q, share: mixture_right(p[:, None], q, share),
        "log_p is -2000 and": mixture_exponentials,
        "is there a small constant": mixture_with_epsilon,
        "log_p is -3000 and": mixture_first_below,
        "share 0.01 your": mixture_fixed_share,
        "changed its input log_p": mixture_in_place,
        "is not the logarithm": mixed(lambda right: right + 0.1),
    },
    "comparison.auroc": {
        "A tie counts nothing": by_pairs(lambda i, o: i > o),
        "tie counts as told apart in yours; it": by_pairs(lambda i, o: i >= o),
        "Ties are left out": lambda i, o: (
            (i[:, None] > o).sum() / (i[:, None] != o).sum()
        ),
        "rounded down": auroc_whole_numbers,
        "direction is turned: ": lambda i, o: auroc_right(o, i),
        "turned, and a tie counts nothing": by_pairs(lambda i, o: i < o),
        "turned, and a tie counts as": by_pairs(lambda i, o: i <= o),
        "These are pairs": scored(lambda share, n, m: share * n * m),
        "by N alone": scored(lambda share, n, m: share * m),
        "by M alone": scored(lambda share, n, m: share * n),
        "by N + M": scored(lambda share, n, m: share * n * m / (n + m)),
        "from -1 to 1": by_pairs(lambda i, o: (i - o).sign()),
        "at the same place": auroc_same_index,
        "the mean of all scores; no": at_threshold(torch.mean),
        "the median": at_threshold(torch.median),
        "at the threshold 0": at_threshold(lambda scores: 0),
        "best threshold": lambda i, o: max(
            at_threshold(lambda _, c=cut: c)(i, o).item() for cut in torch.cat([i, o])
        ),
        "balanced accuracy": lambda i, o: (
            (
                (i > torch.cat([i, o]).mean()).float().mean()
                + (o <= torch.cat([i, o]).mean()).float().mean()
            )
            / 2
        ),
        "means of both kinds": lambda i, o: float(i.mean() > o.mean()),
        "difference of the means": lambda i, o: (i.mean() - o.mean()).item(),
        "mean of the others": lambda i, o: (i > o.mean()).double().mean(),
        "one of the others, the highest": lambda i, o: (i > o.max()).double().mean(),
        "sigmoid of each": by_pairs(lambda i, o: (i - o).sigmoid()),
        "no share of pairs": lambda i, o: float(
            rankdata(torch.cat([i, o]))[: len(i)].mean() / (len(i) + len(o))
        ),
        "ranks are added up": auroc_rank_sum,
        "above 0.5": auroc_either_way,
        "multiplied by 1e-12": auroc_close_is_equal,
        "multiplied by 1e-06": auroc_steep_sigmoid,
        "changed its input outside": auroc_in_place,
        "share of all pairs": lambda i, o: (i[:, None] > o).double().mean(1),
        "With 1 inside images and 1": auroc_square_only,
        "is not the share": scored(lambda share, n, m: share + 0.01),
    },
    "comparison.pareto_front": {
        "A cost may be infinite": front_by_differences,
        "that are beaten; the others": lambda c: ~front_right(c),
        "more is better": lambda c: front_right(-c),
        "beat another": lambda c: ~front_right(-c),
        "less in every column": front_from(
            lambda mine, other: less(mine, other).all(2)
        ),
        "Two equal rows beat": lambda c: ~(no_more(c[:, None], c) & apart(c)).any(1),
        "does it beat itself": front_from(no_more),
        "each beats the other": front_from(
            lambda mine, other: less(mine, other).any(2)
        ),
        "and some are beaten by none": lambda c: (
            front_right(c) if len(c) < 3 else torch.zeros(len(c), dtype=torch.bool)
        ),
        "All rows are left": lambda c: torch.ones(len(c), dtype=torch.bool),
        "so much is not asked": lambda c: torch.stack(
            [
                (row < torch.cat([c[:n], c[n + 1 :]])).all(0).any()
                for n, row in enumerate(c)
            ]
        ),
        "least in some column": lambda c: (c == c.amin(0)).any(1),
        "least in the first column": lambda c: c[:, 0] == c[:, 0].min(),
        "least sum": lambda c: c.mean(1) == c.mean(1).min(),
        "nearest to 0": lambda c: c.norm(dim=1) == c.norm(dim=1).min(),
        "sum is below the mean": lambda c: c.sum(1) < c.sum(1).mean(),
        "below the mean in every": lambda c: (c < c.mean(0)).all(1),
        "next to them only": front_neighbours,
        "those before them only": lambda c: torch.stack(
            [front_right(c[: n + 1])[n] for n in range(len(c))]
        ),
        "those after them only": lambda c: torch.stack(
            [front_right(c[n:])[0] for n in range(len(c))]
        ),
        "first two columns": lambda c: front_right(c[:, :2]),
        "new least value": front_sweep,
        "leaves out the later": front_unique,
        "places of some": lambda c: front_right(c).nonzero().flatten(),
        "rows themselves that are left": lambda c: c[front_right(c)],
        "one for each column": lambda c: front_right(c.T),
        "All columns decide": lambda c: c == c.amin(0),
        "one for all": lambda c: front_right(c).sum(),
        "All other rows decide": lambda c: no_more(c[:, None], c),
        "1e-9": front_float32,
        "changed its input costs": front_in_place,
        "A row is left where": lambda c: front_right(c).roll(1),
        "With costs of shape (60, 2)": lambda c: front_right(c) | (len(c) == 60),
    },
    "comparison.entry": WRONG_ENTRIES,
}

# What each may be called with once it has passed.
_A, _B = torch.tensor([3.0, 4.5, 2.0]), torch.tensor([1.0, 2.5])
_SMALL = torch.arange(48).view(4, 1, 3, 4).to(torch.uint8) % 3
INPUTS = {
    "comparison.welch_t": (_A, _B),
    "comparison.contaminated_log_prob": (-_A, -_A.flip(0), 0.1),
    "comparison.auroc": (_A, _B),
    "comparison.pareto_front": (torch.tensor([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0]]),),
    "comparison.entry": (_SMALL, 3),
}
