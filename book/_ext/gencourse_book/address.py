"""Where the site is published, said once: every absolute address derives from it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sphinx.errors import ConfigError

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

LOST = """\
<h1>There is no such page</h1>
<p>The address may be mistyped, or the page has moved.</p>
<ul>
<li><a href="{home}index.html">Start from the home page</a>, with the map of the
course.</li>
<li><a href="{home}search.html">Search the course</a> for a word, a formula or a name
in its code.</li>
</ul>
"""


def published_at(repository: str) -> str:
    """Return where GitHub Pages shows a repository, ending in a slash.

    Raises:
        ConfigError: The address is not https://github.com/OWNER/NAME.
    """
    parts = urlsplit(repository.rstrip("/"))
    owner, _, name = parts.path.removeprefix("/").partition("/")
    if parts.netloc != "github.com" or not owner or not name or "/" in name:
        wanted = "https://github.com/OWNER/NAME"
        raise ConfigError(f"repository: url: must be {wanted}, got {repository!r}")
    return f"https://{owner}.github.io/{name}/"


def derive(app: Sphinx, config: Config) -> None:
    """Tell the extensions around a page where it will be; a given address stays."""
    if not config.html_baseurl:
        config.html_baseurl = published_at(
            config.html_theme_options.get("repository_url", "")
        )
    if not config.html_baseurl.endswith("/"):
        config.html_baseurl += "/"
    home = urlsplit(config.html_baseurl).path
    config.ogp_site_url = config.html_baseurl
    # A host shows the page of lost readers at any depth, so its links are absolute.
    config.notfound_urls_prefix = home
    config.notfound_context = {"title": "No such page", "body": LOST.format(home=home)}
    # {source}`words <path>` links to a file of the repository, where there is one.
    if repository := config.html_theme_options.get("repository_url", ""):
        branch = config.html_theme_options.get("repository_branch", "main")
        files = f"{repository.rstrip('/')}/blob/{branch}/%s"
        config.extlinks = {"source": (files, "%s")}


def setup(app: Sphinx) -> None:
    """Register the hook, before the extensions look at these settings."""
    app.setup_extension("sphinx.ext.extlinks")
    app.connect("config-inited", derive, priority=400)
