"""Modules that the live models export, where they take more than a few lines."""
