"""Run a notebook by another Python, in an empty folder, with the network off."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

# Python reads this before anything else: no connection leaves the machine.
OFFLINE = """
import ipaddress
import socket


def refusing(call):
    def guarded(self, address, *rest):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = "127.0.0.1" if address[0] == "localhost" else address[0]
            try:
                local = ipaddress.ip_address(host).is_loopback
            except ValueError:
                local = False
            if not local:
                raise OSError(f"the network is off: {address}")
        return call(self, address, *rest)

    return guarded


def no_names(host, *rest, **named):
    if host not in (None, "localhost", "127.0.0.1", "::1", "", b"localhost"):
        raise socket.gaierror(f"the network is off: {host}")
    return getaddrinfo(host, *rest, **named)


getaddrinfo, socket.getaddrinfo = socket.getaddrinfo, no_names
socket.socket.connect = refusing(socket.socket.connect)
socket.socket.connect_ex = refusing(socket.socket.connect_ex)
"""


def clean(folder: Path) -> dict[str, str]:
    """Return an environment that knows nothing of this repository."""
    dropped = ("GENCOURSE", "PYTHON", "VIRTUAL_ENV", "JUPYTER", "IPYTHON")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
    return kept | {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}


def offline(folder: Path) -> dict[str, str]:
    """Return an environment where Python opens no connection to another machine."""
    guard = folder / "offline"
    guard.mkdir(exist_ok=True)
    (guard / "sitecustomize.py").write_text(OFFLINE, encoding="utf-8")
    return clean(folder) | {"PYTHONPATH": str(guard), "GENCOURSE_PROFILE": "quick"}


def kernels_of(python: Path) -> type[AsyncKernelManager]:
    """Return a manager of kernels that another Python runs."""

    class Elsewhere(AsyncKernelManager):
        def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list:
            command = super().format_kernel_cmd(extra_arguments)
            return [str(python), "-Xfrozen_modules=off", *command[1:]]

    return Elsewhere


def run(notebook: NotebookNode, python: Path, variables: dict[str, str]) -> str:
    """Return "" for a notebook that runs in an empty folder, else its first error."""
    with tempfile.TemporaryDirectory() as empty:
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            kernel_manager_class=kernels_of(python),
            coalesce_streams=True,
            timeout=600,
            startup_timeout=120,
            resources={"metadata": {"path": empty}},
        )
        try:
            client.execute(env=variables)
        except CellExecutionError as error:
            return f"{error.ename}: {error.evalue}"[:300]
        except (DeadKernelError, TimeoutError) as error:
            return f"{type(error).__name__}: {error}"[:300]
    return ""
