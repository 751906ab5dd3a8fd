from __future__ import annotations

import platform
from datetime import datetime, timezone
from importlib.metadata import version

import pytest
import torch

import gencourse
from gencourse import provenance


@pytest.fixture
def cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delenv("GENCOURSE_PROFILE", raising=False)


@pytest.mark.usefixtures("cpu")
def test_it_tells_what_is_there_now():
    before = datetime.now(timezone.utc).date().isoformat()
    made = provenance.describe()
    after = datetime.now(timezone.utc).date().isoformat()
    assert made.pop("date") in {before, after}
    assert made.pop("device") == provenance.device_name()
    assert made == {
        "profile": "quick",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": version("numpy"),
        "gencourse": gencourse.__version__,
    }


@pytest.mark.usefixtures("cpu")
def test_the_profile_is_the_one_in_force(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GENCOURSE_PROFILE", "full")
    assert provenance.describe()["profile"] == "full"


@pytest.mark.usefixtures("cpu")
def test_a_cpu_is_named_with_its_threads(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(platform, "processor", lambda: "")  # as on some systems
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert provenance.device_name() == f"CPU ({platform.machine()}, 3 threads)"


def test_a_gpu_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Great GPU 9")
    assert provenance.device_name() == "Great GPU 9"


@pytest.mark.usefixtures("cpu")
def test_the_report_is_one_sentence_with_all_of_it(capsys: pytest.CaptureFixture[str]):
    provenance.report()
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert said.startswith("Outputs made on CPU (")
    for value in provenance.describe().values():
        assert value in said
