from __future__ import annotations

from pathlib import Path

import pytest
import tomllib
import torch
from torch import nn

import gencourse
from gencourse import recipes


@pytest.mark.parametrize(("cuda", "expected"), [(False, "quick"), (True, "full")])
def test_the_profile_follows_the_device(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, expected: str
):
    monkeypatch.delenv("GENCOURSE_PROFILE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    assert gencourse.profile() == expected


@pytest.mark.parametrize("cuda", [False, True])
@pytest.mark.parametrize("name", ["quick", "full"])
def test_the_environment_overrides_it(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, name: str
):
    monkeypatch.setenv("GENCOURSE_PROFILE", name)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    assert gencourse.profile() == name


@pytest.mark.parametrize("name", ["", "Quick", "fast"])
def test_no_other_profile(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv("GENCOURSE_PROFILE", name)
    with pytest.raises(ValueError, match=f"'{name}', expected 'quick' or 'full'"):
        gencourse.profile()


def test_an_unknown_model_lists_the_known():
    with pytest.raises(ValueError, match=r"no model 'pixelrnn-99'.*these do:") as error:
        gencourse.load("pixelrnn-99")
    for name in recipes.shipped():
        assert name in str(error.value)


@pytest.mark.parametrize("name", recipes.shipped())
def test_shipped_models_come_in_eval_mode(name: str):
    model = gencourse.load(name)
    assert isinstance(model, nn.Module)
    assert not any(module.training for module in model.modules())


def test_there_is_one_version():
    project = Path(__file__).parent.parent / "pyproject.toml"
    assert tomllib.loads(project.read_text())["project"]["version"] == (
        gencourse.__version__
    )
