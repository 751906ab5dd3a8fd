"""What importing gencourse does not import: who waits, waits for what is used."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from gencourse.distributed import _unseen

# Each costs a quarter of a second or more, or is no requirement of the package.
FOR_FIGURES = {"matplotlib", "IPython", "PIL"}
FOR_TRAINING = {"lightning_fabric", "torch._dynamo", "sympy"}
NEVER_BY_ITSELF = {"scipy", "sklearn", "torchmetrics", "torchvision", "pandas", "onnx"}


def imported_by(code: str) -> set[str]:
    """Return the modules that a fresh process has when it has run the code."""
    told = "; import sys; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code + told], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def test_importing_gencourse_imports_nothing_else():
    found = imported_by("import gencourse")
    assert "gencourse" in found
    assert found & {"torch", "numpy", "typer"} == set()


def test_the_help_imports_nothing_that_computes():
    code = "from gencourse.cli import app; app(['--help'], standalone_mode=False)"
    assert imported_by(code) & {"torch", "numpy", "matplotlib", "scipy"} == set()


@pytest.mark.parametrize(
    "code",
    [
        "import gencourse; gencourse.load('linear-autoencoder')",
        "import gencourse.data; gencourse.data.load('fashion-mini')",
    ],
)
def test_models_and_data_import_neither_figures_nor_training(code: str):
    found = imported_by(code)
    assert "torch" in found
    assert found & (FOR_FIGURES | FOR_TRAINING | NEVER_BY_ITSELF) == set()


def test_training_imports_nothing_that_it_does_not_use():
    pytest.importorskip("torchmetrics", reason="without it there is nothing to show")
    found = imported_by("from gencourse.train import make_fabric; make_fabric('cpu')")
    assert "lightning_fabric" in found
    assert found & (FOR_FIGURES | NEVER_BY_ITSELF) == set()


def test_what_training_does_not_see_can_be_imported_afterwards():
    code = "from gencourse.train import make_fabric; make_fabric('cpu')"
    assert "torchmetrics.image" in imported_by(f"{code}; import torchmetrics.image")


def test_a_package_is_hidden_only_meanwhile(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with pytest.raises(ModuleNotFoundError), _unseen("colorsys"):
        importlib.import_module("colorsys")
    assert "colorsys" not in sys.modules
    loaded = importlib.import_module("colorsys")
    with _unseen("colorsys"):
        assert importlib.import_module("colorsys") is loaded
    assert sys.modules["colorsys"] is loaded
