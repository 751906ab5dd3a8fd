# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# The scoreboard

Every shipped model of images, on one data set, under one protocol.
[](../chapters/comparison.ipynb) takes this table apart; this page says how a row comes about, and how you make it again.
"""

# %%
from gencourse import scoreboard, scoreboard_views

# %% tags=["hide-input"]
scoreboard_views.as_table(scoreboard.rows())

# %% [markdown]
r"""
## The protocol

- **Data.** Fashion-MNIST {cite}`xiao2017fashion`: training on its 60,000 training pictures, numbers from its 10,000 test pictures. Settings were chosen on held-back training pictures.
- **Likelihood.** In bits per dimension. *Exact* is the mean of $-\log_2 p(x)$, over 784. *At most* is the importance-weighted bound with 500 codes a picture, of the first 1,000 test pictures. A GAN has none.
- **Samples.** 10,000, with seed 0; conditional models draw the classes of the test pictures. The squared Fréchet distance, precision and recall are taken in the 64 features of the shipped classifier. Another extractor gives other numbers.
- **Time.** CPU-hours of training, those of the weights that it starts from included. Seconds for 64 drawings are CPU-seconds of one thread, the least of three.
- **Seeds.** Most rows are one run. Where there are three, the row is that of seed 0, and the range of all stands in brackets.
- **Two levels.** Models of black-and-white pictures answer another, easier question. The classifier has never seen such pictures, so their samples are not judged.

## A row, made again

```text
gencourse scoreboard
gencourse scoreboard --json
gencourse evaluate sngan
gencourse evaluate sngan --few
```

`evaluate` measures the model anew and compares each number with the card.
A likelihood may differ by one part in ten thousand, which is what another processor does to 32-bit numbers.
Samples may differ as two seeds of the drawing do: a pixel that is rounded otherwise changes all that come after it.
So the distance may differ by 15 %, and precision and recall by 0.03.
If a number differs by more, the command says which and ends with an error.
With `--few` it takes the first thousand pictures and a tenth of the time, and compares with what the card holds of a thousand. (Few samples have larger distances, so these are no numbers for the table; they may differ by 25 %, and by 0.1 and 0.15.)

To make the weights anew, too, and then the row:

```text
gencourse train sngan
gencourse evaluate sngan --from runs/sngan --record
```

With `--seed 1` the first of these trains the recipe with another seed.
"""

# %% tags=["remove-cell"]
from gencourse.provenance import report

report()
