"""The benchmarks run, on next to nothing, and what they tell has the expected form."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import record_benchmarks
import torch

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "benchmarks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "common")
# These start process after process: only that they can be read.
SLOW = {"imports", "memory", "waits"}
MADE = {"processor": "one", "python": "3.11", "date": "2026-01-01", "device": "CPU"}


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Import benchmarks as running them does, and forget them afterwards."""
    monkeypatch.syspath_prepend(str(FOLDER))
    before, threads = set(sys.modules), torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    for name in (set(sys.modules) - before) & {*NAMES, "common"}:
        del sys.modules[name]


def benchmark(name: str) -> ModuleType:
    return importlib.import_module(name)


@pytest.mark.parametrize("name", NAMES)
def test_each_says_what_it_is_and_how_to_run_it(name: str):
    told = benchmark(name).__doc__ or ""
    assert f"python benchmarks/{name}.py --json {name}.json" in told


@pytest.mark.parametrize("name", sorted(set(NAMES) - SLOW))
def test_each_runs_and_tells_where_it_ran(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / f"{name}.json"
    benchmark(name).main(["--quick", "--json", str(path)])
    told = json.loads(path.read_text())
    assert {"processor", "date", "python", "torch"} <= set(told["made"])
    assert len(told) > 1
    assert capsys.readouterr().out or name == "pages"  # before chapters note anything


def test_the_least_counts(monkeypatch: pytest.MonkeyPatch):
    common = benchmark("common")
    clock = iter([0.0, 5.0, 10.0, 12.0, 20.0, 23.0])
    monkeypatch.setattr(common.time, "process_time", lambda: next(clock))
    assert common.least_seconds(lambda: None, 3, warm=False) == 2.0


def test_products_are_counted_forward_and_back():
    common = benchmark("common")
    one = torch.ones(2, 3, requires_grad=True)
    other = torch.ones(3, 5, requires_grad=True)
    assert common.flops(lambda: one @ other) == 2 * 2 * 3 * 5
    assert common.flops(lambda: (one @ other).sum().backward()) == 3 * 2 * 2 * 3 * 5
    image, kernel = torch.ones(1, 1, 4, 4), torch.ones(2, 1, 3, 3)
    convolved = common.flops(lambda: torch.conv2d(image, kernel))
    assert convolved == 2 * 9 * 2 * 4  # kernel, maps, pixels


def test_the_exponent_is_that_of_the_law():
    common = benchmark("common")
    assert common.exponent([2, 4, 8], [6.0, 24.0, 96.0]) == pytest.approx(2)
    with pytest.raises(ValueError, match="expected seconds for each of 2 sizes"):
        common.exponent([2], [1.0])


def test_a_process_that_fails_is_told():
    common = benchmark("common")
    assert common.alone("-c", "print(1 + 1)").printed == "2\n"
    with pytest.raises(RuntimeError, match="no such luck"):
        common.alone("-c", "raise SystemExit('no such luck')")


def test_judging_is_what_it_was():
    row = benchmark("waits").judging(200, 1)
    assert row["ratio"] == pytest.approx(row["before"] / row["after"])


def test_the_table_is_drawn_in_less_time():
    assert benchmark("waits").drawing(20, 1)["ratio"] > 1


def test_the_tables_are_mixed_as_they_were():
    assert benchmark("waits").fitting(200, 1)["after"] > 0


def test_the_judge_sees_what_it_saw():
    waits = benchmark("waits")
    x = torch.randint(0, 256, (60, 1, 28, 28), dtype=torch.uint8)
    found, before = waits.features_of(x), waits.features_as_they_were(x)
    torch.testing.assert_close(found, before, rtol=1e-5, atol=1e-5)


def gather(root: Path, results: dict[str, dict[str, object]]) -> Path:
    for name, result in results.items():
        script = root / "benchmarks" / f"{name}.py"
        kept = root / "_build" / "benchmarks" / f"{name}.json"
        for path in (script, kept):
            path.parent.mkdir(parents=True, exist_ok=True)
        script.touch()
        kept.write_text(json.dumps({"made": MADE, **result}))
    (root / "benchmarks" / "common.py").touch()
    path = root / "src" / "gencourse" / "measured" / "benchmarks.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_one_file_gathers_all(tmp_path: Path):
    rows = [{"seconds": 1.23456789, "what": "one", "n": 100_000, "least": 0.0}]
    path = gather(tmp_path, {"one": {"rows": rows}, "other": {"ratio": 12345.6}})
    assert record_benchmarks.main(["--root", str(tmp_path)]) == 0
    assert json.loads(path.read_text()) == {
        "command": "make bench && make bench-record",
        "made": MADE,
        "one": {
            "rows": [{"seconds": 1.235, "what": "one", "n": 100_000, "least": 0.0}]
        },
        "other": {"ratio": 12350.0},
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (None, "other.json is missing: make bench"),
        ({"processor": "two"}, "expected one machine and one environment"),
    ],
)
def test_nothing_is_gathered_from_half_a_run_or_two_machines(
    tmp_path: Path,
    change: dict[str, str] | None,
    said: str,
    capsys: pytest.CaptureFixture[str],
):
    path = gather(tmp_path, {"one": {}, "other": {}})
    kept = tmp_path / "_build" / "benchmarks" / "other.json"
    if change is None:
        kept.unlink()
    else:
        kept.write_text(json.dumps({"made": {**MADE, **change}}))
    assert record_benchmarks.main(["--root", str(tmp_path)]) == 1
    assert said in capsys.readouterr().err
    assert not path.exists()


def test_a_chapters_seconds_are_those_that_it_notes(tmp_path: Path):
    folder = tmp_path / "book" / "chapters"
    folder.mkdir(parents=True)
    quick, full = {"profile": "quick"}, {"profile": "full"}
    notes = {
        "quick": {"made": quick, "cpu_seconds": 3.5},
        "slow": {"made": quick, "cpu_seconds": 9.0},
        "other": {"made": full, "cpu_seconds": 99.0},
        "old": {"made": quick},
    }
    for name, noted in notes.items():
        notebook = {"metadata": {"gencourse": noted}}
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
    found = benchmark("pages").chapters(tmp_path)
    assert list(found.items()) == [
        ("slow", {"seconds": 9.0}),
        ("quick", {"seconds": 3.5}),
    ]
