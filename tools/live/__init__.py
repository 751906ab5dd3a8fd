"""What the site's live models need: a module for each, with ``write(folder)``."""
