"""Write CITATION.cff, which says how to cite the course, from what is said elsewhere.

The title, the authors and the address stand in _config.yml, the version in
pyproject.toml, the abstract in the first words of the README.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import tomllib
import yaml
from site_config import ROOT, read_site

NAME = "CITATION.cff"
HEADER = "# Made by `make notebooks` from _config.yml, pyproject.toml and README.md.\n"


def abstract(readme: str) -> str:
    """Return the README's first paragraph, on one line.

    Raises:
        ValueError: Its title is not followed by a paragraph.
    """
    found = re.match(r"# [^\n]+\n\n(\w.+?)\n\n", readme, re.DOTALL)
    if found is None:
        raise ValueError("README.md: expected a title, then a paragraph")
    return " ".join(found.group(1).split())


def citation(root: Path = ROOT) -> dict[str, Any]:
    """Return the fields of the Citation File Format, version 1.2."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    package = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    site = read_site(root)
    return {
        "cff-version": "1.2.0",
        "message": "If you use this course or its code, please cite it as below.",
        "type": "software",
        "title": f"{config['title']}: an open course on deep generative models",
        "abstract": abstract((root / "README.md").read_text(encoding="utf-8")),
        "authors": [{"name": config["author"]}],
        "version": package["project"]["version"],
        "license": ["MIT", "CC-BY-4.0"],
        "url": site.page("index"),
        "repository-code": site.repository,
        "keywords": [
            "deep generative models",
            "PixelCNN",
            "variational autoencoder",
            "generative adversarial network",
            "PyTorch",
        ],
    }


def text(root: Path = ROOT) -> str:
    """Return CITATION.cff as it has to be."""
    return HEADER + str(yaml.safe_dump(citation(root), sort_keys=False, width=80))


if __name__ == "__main__":
    (ROOT / NAME).write_text(text(), encoding="utf-8")
    print(NAME)
