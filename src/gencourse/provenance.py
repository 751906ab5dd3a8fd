"""Where a number was made: the device, the profile, the versions and the date."""

from __future__ import annotations

import platform
from datetime import datetime, timezone
from importlib.metadata import version

import torch

import gencourse


def device_name() -> str:
    """Return the GPU's name, or the processor's with the number of threads in use."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    processor = platform.processor() or platform.machine()
    threads = torch.get_num_threads()
    return f"CPU ({processor}, {threads} thread{'s' * (threads > 1)})"


def describe() -> dict[str, str]:
    """Return device, profile, date (UTC) and versions, as they are now."""
    return {
        "device": device_name(),
        "profile": gencourse.profile(),
        "date": datetime.now(timezone.utc).date().isoformat(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": version("numpy"),
        "gencourse": gencourse.__version__,
    }


def report() -> None:
    """Print, in one sentence, where the outputs above were made."""
    made = describe()
    print(
        f"Outputs made on {made['device']} in the {made['profile']} profile, "
        f"{made['date']}: Python {made['python']}, torch {made['torch']}, "
        f"numpy {made['numpy']}, gencourse {made['gencourse']}."
    )
