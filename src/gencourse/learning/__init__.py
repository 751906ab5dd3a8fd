"""A learner's way through a notebook: how it starts, and how far one has come."""

from __future__ import annotations

from gencourse.learning.panel import progress
from gencourse.learning.welcome import start

__all__ = ["progress", "start"]
