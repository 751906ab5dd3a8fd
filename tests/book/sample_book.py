"""A small repository of the course's shape, for tests of the notebook tools."""

from __future__ import annotations

import shutil
from pathlib import Path

from site_config import ROOT

CONFIG = """\
repository:
  url: https://github.com/someone/somewhere
  branch: trunk
"""
CHAPTER = '''\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
"""
# What is a sample?

Some *text*.
"""

# %%
import math

from gencourse import toy

# %%
print(math.floor(2.5))
'''
FILES = {
    "_config.yml": CONFIG,
    "book/chapters/sample.py": CHAPTER,
    "book/references.bib": """\
@article{one, author = {K{\\"o}nig, Anna}, title = {On {GANs}}, year = {2014},
  url = {https://example.org/one}}
@article{two, author = {Kingma, D. and van den Oord, A.}, title = {Two}, year = 2015}
@article{three, author = {A, B and C, D and E, F}, title = {Three}, year = {2016}}
""",
    "src/gencourse/__init__.py": """\
def load(name):
    from gencourse.recipes import build

    return build(name)
""",
    "src/gencourse/toy.py": "from . import deep\n",
    "src/gencourse/deep.py": """\
def late():
    from gencourse.deeper.inside import value

    return value
""",
    "src/gencourse/deeper/__init__.py": "",
    "src/gencourse/deeper/inside.py": "value = 1\n",
    "src/gencourse/recipes.py": "from gencourse.other import model\n",
    "src/gencourse/other.py": """\
def model():
    return None


class Thing:
    @property
    def size(self) -> int:
        return 3
""",
    "src/gencourse/checkpoints/small.json": "{}",
}


def write_sample(root: Path, chapter: str = CHAPTER) -> Path:
    """Write the sample below root, with this chapter, and return root."""
    for name, text in {**FILES, "book/chapters/sample.py": chapter}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "jupytext.toml", root)
    return root


def chapter_of(*cells: str) -> str:
    """Return a chapter with these py:percent cells after its title."""
    title = '# %% [markdown]\n"""\n# What is a sample?\n"""\n'
    return "\n".join([title, *cells])


def markdown(text: str, tags: str = "") -> str:
    """Return a Markdown cell in py:percent."""
    return f'# %% [markdown]{tags}\n"""\n{text}\n"""\n'
