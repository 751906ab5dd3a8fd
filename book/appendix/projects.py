# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# Two projects

The exercises are small on purpose.
Here are two pieces of work that are not: each takes days, and ends in a page that you could show to somebody.
The first makes a model of pictures that nobody else has.
The second checks us.

| project | first | second |
| --- | --- | --- |
| what | train a model on your own images | make a row of the scoreboard again |
| after | chapters 1 to 3, or 1 and 6, or 1 and 7 | chapters 1 and 8, and the chapter of the model |
| needs | 300 pictures or more; a GPU helps | a GPU, or a cheap row |
| time, estimated | 10 to 15 hours | 6 to 10 hours, and what the machine takes |

The hours are our estimate; nobody has measured them.

## Train a model on your own images

### What you need

A folder of pictures: photographs of leaves, your drawings, sprites of a game, the letters of your handwriting.
Three hundred are a beginning, three thousand are comfortable.
They should have one thing in common, or there is little to learn.
Are they yours?
If not, may you use them, and are there people in them who did not agree?
Write the answer down first.

### From files to levels

Two things go wrong here more often than anywhere else.
Some files are not what they seem: turned, transparent, in 16 bits, cut off.
And the same picture lies in the folder twice, once for training and once for testing.
`gencourse.own_images` deals with both: a picture goes to a part by its own pixels, so that copies meet.

To show it, we write 600 garments as files, in a folder for each class, and put 50 of them in twice.
"""

# %%
import tempfile
from pathlib import Path

import torch
from PIL import Image
from torch.optim import Adam

from gencourse import cards, data, figures, own_images
from gencourse.baselines import IndependentPixels, NeighbourTable
from gencourse.evaluate import bits_per_dim, mean_over_images
from gencourse.pixelcnn import PixelCNN
from gencourse.sample_quality import nearest
from gencourse.train import Batches, fit, warmup_cosine

_ = torch.manual_seed(0)

# %%
folder = Path(tempfile.mkdtemp())
garments = data.load("fashion-mini", "train")[:600]
for number, (x, y) in enumerate(zip(garments.x, garments.y)):
    place = folder / garments.classes[int(y)].replace("/", " ")
    place.mkdir(exist_ok=True)
    picture = Image.fromarray(x[0].numpy())
    picture.save(place / f"{number}.png")
    if number < 50:
        picture.save(place / f"copy of {number}.bmp")

# %%
mine = own_images.load(folder, size=14)
for name in ("train", "validation", "test"):
    part = getattr(mine, name)
    print(f"{name}: {tuple(part.x.shape)}, {len(part.classes)} classes")
print(f"{len(mine.copies)} copies left out, {len(mine.others)} other files")

# %% [markdown]
r"""
With a folder of your own it is the last cell alone, with your path in it.
In a hosted notebook upload one zip file, and unpack it first: `shutil.unpack_archive("pictures.zip", "pictures")`.
`channels=3` keeps the colours, `fit="pad"` keeps the whole of a long picture, and `leave_out_damaged=True` goes on without the files that cannot be read: it lists them in `damaged`.

### First the baselines

What would a model cost that knows nothing of neighbours?
And one that counts two of them?
A network that does not beat the second has learned nothing.
Choose on the validation part; the test part is for the end.
"""


# %% tags=["experiment"]
def bits(model, images) -> float:
    nats = -mean_over_images(model.log_prob, images.x)
    return float(bits_per_dim(torch.tensor(nats), images.x[0].numel()))


small = (1, 14, 14)
tables = {
    "independent pixels": IndependentPixels(mine.train.x, shape=small),
    "count table": NeighbourTable(mine.train.x, shape=small, smoothing=0.5),
}
for name, model in tables.items():
    print(f"{name}: {bits(model, mine.validation):.3f} bits per dimension")

# %% [markdown]
r"""
### Then a small network, and its curve on both parts

Start with one that trains in a minute, at a small size.
Most mistakes show there, and cost little.
"""

# %%
network = PixelCNN(
    shape=small, features=16, blocks=3, head="logistic", components=5
)
optimizer = Adam(network.parameters(), lr=4e-3)
rows = []
for start in range(4):
    batches = Batches(mine.train.x, size=32, steps=40, seed=start)
    fit([(optimizer, network.losses)], batches, progress=False)
    pair = [bits(network, part) for part in (mine.train, mine.validation)]
    rows.append([40 * (start + 1), *(f"{number:.3f}" for number in pair)])
figures.table(
    ["steps", "training", "validation"],
    rows,
    "Bits per dimension as it trains.",
)

# %% [markdown]
r"""
When the two columns part, it has begun to learn your pictures by heart.
Then more pictures help, or a smaller network, or an earlier stop; more steps do not.

### Look, and look for copies

Beside each sample put the nearest training picture.
If they are the same, the model has stored and not learned.
"""

# %%
drawn = network.eval().sample(8, generator=torch.Generator().manual_seed(0))
_, index = nearest(drawn.flatten(1).float(), mine.train.x.flatten(1).float())

# %% tags=["hide-input"]
figures.grid(
    torch.cat([drawn, mine.train.x[index.flatten()[:8]]]) / 255,
    "Eight samples of a network that trained for a few seconds, patches of grey without "
    "a clear shape, and below each the training picture that is nearest to it.",
    columns=8,
    rows=["samples", "nearest"],
)

# %% [markdown]
r"""
Ours trained for seconds, and looks like it.
With a GPU, or a night, take a larger one: chapter 3 for likelihood, 6 for a code to move in, 7 for looks.

### What you hand in

1. A sentence on where the pictures come from and why you may use them.
2. Counts: files, copies, damaged, the three parts.
3. The baselines, and the model's bits per dimension (or, for a GAN, a distance that names its extractor and numbers) on validation, and **once** on test.
4. The curve on both parts, and what you did when they parted.
5. Samples drawn with a seed, chosen by nobody, each beside its nearest training picture.
6. One thing that did not work, and how you know.
7. The command or notebook that makes all of it again.

:::{admonition} Hints
:class: dropdown
1. The loss does not fall? Ask the network for *one* batch of eight pictures again and again: it must learn those by heart. If it cannot, the mistake is not in the data.
2. Better than the count table on training, worse on validation? There are too few pictures for this network. Halve `features`, or flip the pictures if a mirrored one is as good.
3. Samples of one colour? Look at the levels: `x.float().mean()` and a picture of `x[0]`. A white border of padding is easy to predict and hides the rest.
:::

| points | 0 | half | all |
| --- | --- | --- | --- |
| data, 4 | parts overlap, or nobody looked | split well, rights or damage not told | rights, counts, copies and damage told |
| baselines, 4 | none | one of the two | both, on the same part and in the same unit |
| model, 6 | does not beat the count table | beats it on validation | beats it on test too, measured once |
| honesty, 4 | samples chosen by hand | by a seed, nearest missing | by a seed, with nearest pictures and a failure told |
| again, 2 | does not run | runs with changes | runs as it is, to the same numbers |

That makes 20 points.

## Make a row of the scoreboard again

### Choose

Every row of [the scoreboard](scoreboard.ipynb) comes from a command.
Does it, on another machine, with other hardware and another version of PyTorch?
Nobody knows before somebody tries.
This is what the rows cost when they were trained, on a processor:
"""

# %%
from gencourse.recipes import shipped

rows = []
for name in shipped():
    card = cards.read_card(cards.shipped(name))
    rows.append([name, card["steps"], f"{card['cpu_seconds'] / 3600:.1f}"])
figures.table(["recipe", "steps", "CPU-hours"], rows, "What a row costs.")

# %% [markdown]
r"""
How long that takes on a GPU has not been measured: your run would be the first number.
Without a GPU take `gan`, or train nothing and measure a row again.

### Train, measure, compare

```console
$ gencourse train sngan --device cuda --out runs/mine
$ gencourse evaluate sngan --from runs/mine
```

`evaluate` measures on all test images, and says which numbers agree with the card and which do not, each within a stated tolerance; it ends with exit code 1 where one does not.
`--few` takes the first thousand only.
To see whether a difference is more than luck, train with three seeds, and use Welch's $t$ from {ref}`ex-comparison-welch`:

```console
$ gencourse train sngan --seed 1 --out runs/mine-1
$ gencourse train sngan --seed 2 --out runs/mine-2
```

Without a GPU, the same path on a row that needs no training:

```console
$ gencourse evaluate count-table --few
```

### What may differ

The same seed gives other numbers on another device: a GPU adds in another order, and may round more coarsely (`--precision 32-true` asks it not to).
So weights will not be equal, and need not be.
*Likelihoods* should agree to the second digit or so; *distances* of samples spread more, and the card of [the scoreboard](scoreboard.ipynb) says by how much.

### What you hand in

1. The row, the commands, the versions, the device.
2. Each number beside the card's, with the tolerance, and your verdict.
3. Seconds for a step and for the whole run.
4. Three seeds, their mean and spread, and $t$ against the card's seeds.
5. If a number disagrees: the smallest run that still shows it. Tell us; an issue with these five points is worth more than a row that agrees.

:::{admonition} Hints
:class: dropdown
1. Begin with `--steps 20`: does it train, write its folder, and can `evaluate --few` read it?
2. A number is far off? Measure *our* weights on your machine first: `gencourse evaluate sngan`. If that disagrees as well, it is not the training.
3. Only the distance is off? Draw again with another seed. If it moves as much as it is off, nothing is wrong.
:::

| points | 0 | half | all |
| --- | --- | --- | --- |
| run, 6 | not the recipe | the recipe, cut short and said so | the recipe, whole |
| measure, 4 | by eye | `--few` | all test images |
| luck, 4 | one seed | three seeds, no test | three seeds, a test, and what it says |
| report, 6 | numbers alone | with versions and device | and with a verdict for each, and times |

That makes 20 points.
"""

# %% tags=["remove-cell"]
from gencourse.provenance import report

report()
