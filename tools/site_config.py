"""The repository's address, read from the one place where it stands: _config.yml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Site:
    """Every address of the course, derived from the repository's own."""

    repository: str
    branch: str = "main"

    @property
    def owner(self) -> str:
        """Return the account that owns the repository."""
        return self.repository.split("/")[-2]

    @property
    def name(self) -> str:
        """Return the repository's name."""
        return self.repository.split("/")[-1]

    @property
    def requirement(self) -> str:
        """Return what pip installs: the package with what the chapters use."""
        return f"gencourse[chapters] @ git+{self.repository}"

    def page(self, document: str) -> str:
        """Return the address of a page of the site, e.g. of "chapters/density"."""
        return f"https://{self.owner}.github.io/{self.name}/{document}.html"

    def raw(self, path: str) -> str:
        """Return the address of a file's bytes, e.g. of "book/assets/map.svg"."""
        host = "https://raw.githubusercontent.com"
        return f"{host}/{self.owner}/{self.name}/{self.branch}/{path}"


def read_site(root: Path = ROOT) -> Site:
    """Return the site that root/_config.yml names; a bad address is a ValueError."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8")) or {}
    repository = config.get("repository") or {}
    url = str(repository.get("url", "")).rstrip("/")
    if not url.startswith("https://github.com/") or url.count("/") != 4:
        raise ValueError(
            "_config.yml: repository: url: must be https://github.com/OWNER/NAME, "
            f"got {url!r}"
        )
    return Site(url, repository.get("branch", "main"))
