from __future__ import annotations

import errno
import gzip
import hashlib
import importlib.util
import io
import itertools
import os
import subprocess
import sys
import tarfile
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pooch
import pytest
import torch

from gencourse import data, download
from gencourse.data import NAMES, Images, load

RNG = np.random.default_rng(0)
PIXELS = {n: RNG.integers(0, 256, (n, 28, 28), dtype=np.uint8) for n in (20, 7)}
LABELS = {n: np.arange(n, dtype=np.uint8) % 10 for n in (20, 7)}
COLOURS = {n: RNG.integers(0, 256, (n, 3, 32, 32), dtype=np.uint8) for n in (10, 2)}
FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def idx(array: np.ndarray) -> bytes:
    header = np.array([0x0800 + array.ndim, *array.shape], dtype=">i4").tobytes()
    return gzip.compress(header + array.tobytes(), mtime=0)


def cifar(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return buffer.getvalue()


def cifar_members() -> dict[str, bytes]:
    def records(pixels: np.ndarray, labels: range) -> bytes:
        pairs = zip(pixels, labels, strict=True)
        return b"".join(bytes([c]) + image.tobytes() for image, c in pairs)

    members = {"../evil": b"x", "cifar-10-batches-bin/readme.html": b"hello"}
    for i in (2, 1, 3, 4, 5):  # not in order, as an archive may be
        rows = range(2 * i - 2, 2 * i)
        batch = records(COLOURS[10][list(rows)], rows)
        members[f"cifar-10-batches-bin/data_batch_{i}.bin"] = batch
    test = records(COLOURS[2], range(2))
    return members | {"cifar-10-batches-bin/test_batch.bin": test}


@dataclass
class World:
    """Small archives, two mirrors that serve them, and an empty cache."""

    url: str
    cache: Path
    contents: dict[str, bytes]
    answers: dict[str, bytes | int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    gate: threading.Barrier | None = None

    def answer(self, path: str) -> tuple[int, bytes, int]:
        """Return the status, the body, and the length that is promised."""
        self.asked.append(path)
        if self.gate is not None and "images" in path:
            self.gate.wait(timeout=60)
        whole = self.contents[path.rsplit("/", 1)[1]]
        given = self.answers.get(path, self.answers.get(path[:3], whole))
        if isinstance(given, int):
            return given, b"", 0
        return 200, given, max(len(given), len(whole))

    def place(self, folder: Path, dataset: str = "mnist") -> Path:
        """Put every file of a data set into a folder, as a user would by hand."""
        (folder / dataset).mkdir(parents=True)
        for name, body in self.contents.items():
            (folder / dataset / name).write_bytes(body)
        return folder

    def written(self) -> list[str]:
        return sorted(p.name for p in self.cache.rglob("*") if not p.is_dir())


def serve(world: World) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body, promised = world.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(promised))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def remotes(url: str, contents: dict[str, bytes]) -> dict:
    """Return download.FILES for these contents: two mirrors each."""
    mirrors = (f"{url}/a/", f"{url}/b/")
    found = {
        name: download.Remote(name, hashlib.sha256(body).hexdigest(), mirrors)
        for name, body in contents.items()
    }
    archive = (found["cifar-10-binary.tar.gz"],)
    files = {("cifar10", "train"): archive, ("cifar10", "test"): archive}
    for name in ("mnist", "fashion-mnist"):
        files[name, "train"] = (found[FILES[0]], found[FILES[1]])
        files[name, "test"] = (found[FILES[2]], found[FILES[3]])
    return files


def layouts() -> dict:
    small = {
        name: data.Layout(layout.shape, 20, 7, layout.classes)
        for name, layout in data.LAYOUTS.items()
    }
    colours = data.Layout((3, 32, 32), 10, 2, data.CIFAR_CLASSES)
    mini = data.LAYOUTS["fashion-mini"]
    return small | {"cifar10": colours, "fashion-mini": mini}


@pytest.fixture
def world(monkeypatch, tmp_path):
    contents = dict(
        zip(
            FILES, map(idx, (PIXELS[20], LABELS[20], PIXELS[7], LABELS[7])), strict=True
        )
    )
    contents["cifar-10-binary.tar.gz"] = cifar(cifar_members())
    world = World("", tmp_path / "cache", contents)
    server = serve(world)
    world.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}
    )
    thread.start()
    for name in (
        "http_proxy",
        "HTTP_PROXY",
        "all_proxy",
        "ALL_PROXY",
        "GENCOURSE_DATA",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(data, "LAYOUTS", layouts())
    monkeypatch.setattr(download, "FILES", remotes(world.url, contents))
    monkeypatch.setattr(download, "DEBIAN", tmp_path / "debian")
    monkeypatch.setattr(download, "cache", lambda: world.cache)
    yield world
    server.shutdown()
    server.server_close()
    thread.join()


def assert_is_the_training_set(images: Images) -> None:
    assert np.array_equal(images.x[:, 0], PIXELS[20])
    assert images.y.tolist() == LABELS[20].tolist()


# --- What ships inside the package


@pytest.mark.parametrize(("split", "n"), [("train", 5000), ("test", 1000)])
def test_fashion_mini_is_balanced_and_like_the_full_set(split, n):
    mini = load("fashion-mini", split)
    assert mini.x.shape == (n, 1, 28, 28)
    assert mini.x.dtype == torch.uint8
    assert mini.y.dtype == torch.int64
    assert mini.levels == 256
    assert len(mini.classes) == 10
    assert mini.y.bincount().tolist() == [n // 10] * 10
    unit = mini.x.double() / 255
    assert unit.mean().item() == pytest.approx(0.2860, abs=0.002)
    assert unit.std().item() == pytest.approx(0.3530, abs=0.002)


def test_fashion_mini_is_small_licensed_and_loads_at_once():
    files = sorted(data.MINI.iterdir())
    assert sum(path.stat().st_size for path in files) < 2.4e6
    assert "Permission is hereby granted" in (data.MINI / "LICENSE").read_text("utf-8")
    start = time.process_time()
    load("fashion-mini")
    assert time.process_time() - start < 0.5


def test_the_default_split_is_train_and_the_test_split_is_another():
    assert torch.equal(load("fashion-mini").x, load("fashion-mini", "train").x)
    train, test = (
        set(map(bytes, load("fashion-mini", s).x.numpy())) for s in ("train", "test")
    )
    assert len(train & test) <= 2  # Fashion-MNIST itself repeats a few images


# --- The full set, where Debian's package has it


@pytest.fixture
def full():
    try:
        return {
            split: load("fashion-mnist", split, download=False)
            for split in ("train", "test")
        }
    except FileNotFoundError:
        pytest.skip("Fashion-MNIST is not on this machine")


def test_the_full_set_has_its_known_statistics(full):
    train, test = full["train"], full["test"]
    assert (len(train), len(test)) == (60_000, 10_000)
    assert train.y.bincount().tolist() == [6000] * 10
    assert test.y.bincount().tolist() == [1000] * 10
    unit = train.x.double() / 255
    assert unit.mean().item() == pytest.approx(0.2860, abs=5e-5)
    assert unit.std().item() == pytest.approx(0.3530, abs=5e-5)
    assert (train.x == 0).double().mean().item() == pytest.approx(0.502, abs=5e-4)
    first = [train.classes[c] for c in train.y[:3]]
    assert first == ["Ankle boot", "T-shirt/top", "T-shirt/top"]


@pytest.mark.parametrize(("split", "each"), [("train", 500), ("test", 100)])
def test_fashion_mini_is_the_first_of_each_class_in_order(full, split, each):
    mini, whole = load("fashion-mini", split), full[split]
    for c in range(10):
        assert torch.equal(mini.x[mini.y == c], whole.x[whole.y == c][:each])
    place = {bytes(image): i for i, image in reversed(list(enumerate(whole.x.numpy())))}
    positions = [place[bytes(image)] for image in mini.x.numpy()]
    assert sum(a > b for a, b in itertools.pairwise(positions)) <= 2


def test_the_tool_writes_what_ships(full, tmp_path):
    path = Path(__file__).parents[1] / "tools" / "embed.py"
    spec = importlib.util.spec_from_file_location("embed", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    tool.embed(full["test"], tmp_path, "test")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["test-images-idx3-ubyte.xz", "test-labels-idx1-ubyte.xz"]
    pixels = data.read_idx(tmp_path / names[0], (1000, 28, 28))
    assert np.array_equal(pixels, load("fashion-mini", "test").x[:, 0])
    labels = data.read_idx(tmp_path / names[1], (1000,))
    assert labels.tolist() == load("fashion-mini", "test").y.tolist()


# --- Levels, sizes, limits, slices


@pytest.mark.parametrize("bits", range(1, 9))
def test_fewer_levels_drop_the_low_bits(bits):
    fine = load("fashion-mini", "test")
    coarse = load("fashion-mini", "test", levels=2**bits)
    assert coarse.levels == 2**bits
    assert coarse.x.dtype == torch.uint8
    assert torch.equal(coarse.x, fine.x // 2 ** (8 - bits))
    assert (coarse.x.min().item(), coarse.x.max().item()) == (0, 2**bits - 1)


def test_a_smaller_size_is_smoothed_against_aliasing(world):
    stripes = np.zeros((20, 28, 28), dtype=np.uint8)
    stripes[:, :, ::4] = 252  # one column in four: picking columns would give 0 or 252
    world.contents[FILES[0]] = idx(stripes)
    root = world.place(world.cache.parent / "root")
    small = load("mnist", size=7, root=root)
    assert small.x.shape == (20, 1, 7, 7)
    inner = small.x[..., 1:-1].double()
    assert inner.mean().item() == pytest.approx(63, abs=3)
    assert (inner - 63).abs().max().item() < 20


def test_the_size_comes_before_the_levels():
    small = load("fashion-mini", "test", size=14)
    both = load("fashion-mini", "test", size=14, levels=4)
    assert torch.equal(both.x, small.x // 64)
    whole = load("fashion-mini", "test")
    assert small.x.double().mean().item() == pytest.approx(
        whole.x.double().mean().item(), abs=0.5
    )
    assert load("fashion-mini", "test", size=32).x.shape == (1000, 1, 32, 32)
    assert torch.equal(load("fashion-mini", "test", size=28).x, whole.x)


def test_a_limit_keeps_the_first():
    whole, part = load("fashion-mini", "test"), load("fashion-mini", "test", limit=7)
    assert len(part) == 7
    assert torch.equal(part.x, whole.x[:7])
    assert torch.equal(part.y, whole.y[:7])
    assert len(load("fashion-mini", "test", limit=5000)) == 1000


def test_images_are_sliced_masked_and_picked_together():
    images = load("fashion-mini", "test")
    bags = images[images.y == 8]
    assert len(bags) == 100
    assert set(bags.y.tolist()) == {8}
    picked = images[torch.tensor([5, 3])]
    assert torch.equal(picked.x, images.x[[5, 3]])
    assert images[10:12].y.tolist() == images.y[10:12].tolist()
    assert (picked.levels, picked.classes) == (images.levels, images.classes)
    with pytest.raises(TypeError, match="a slice or a tensor, got int"):
        images[3]


def test_the_tensors_are_the_callers_own():
    first = load("fashion-mini", "test")
    first.x.zero_()
    assert load("fashion-mini", "test").x.max().item() == 255


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"name": "fashion"},
            "unknown data set 'fashion', expected " + " or ".join(NAMES),
        ),
        ({"split": "valid"}, "unknown split 'valid', expected 'train' or 'test'"),
        *(
            (
                {"levels": bad},
                f"levels is {bad!r}, expected a power of two from 2 to 256",
            )
            for bad in (0, 1, 3, 255, 512, -2, 4.0, True)
        ),
        *(
            ({"size": bad}, f"size is {bad!r}, expected an int above 0")
            for bad in (0, -1, 7.5, True)
        ),
        *(
            ({"limit": bad}, f"limit is {bad!r}, expected an int above 0")
            for bad in (0, -1, 10.0, "10", True)
        ),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_read(arguments, message, world):
    with pytest.raises(ValueError) as error:
        load(**({"name": "mnist"} | arguments))
    assert str(error.value) == message
    assert world.asked == []


# --- Where files are found


def test_a_download_goes_to_the_cache_and_is_not_repeated(world):
    assert_is_the_training_set(load("mnist"))
    assert world.written() == sorted(FILES[:2])
    assert world.asked == [f"/a/{FILES[0]}", f"/a/{FILES[1]}"]
    assert_is_the_training_set(load("mnist", download=False))
    test = load("mnist", "test")
    assert np.array_equal(test.x[:, 0], PIXELS[7])
    assert len(world.asked) == 4


def test_a_download_goes_to_the_root_that_is_given(world, tmp_path):
    load("mnist", root=tmp_path / "mine")
    assert (tmp_path / "mine" / "mnist" / FILES[0]).is_file()
    assert world.written() == []


def test_the_folders_are_searched_in_order(world, tmp_path, monkeypatch):
    monkeypatch.setenv("GENCOURSE_DATA", str(tmp_path / "env"))
    remote = download.FILES["mnist", "train"][0]

    def found(root=None):
        return download.locate("mnist", remote, root, False).parents[1].name

    for folder in ("debian", "cache", "env", "mine"):
        world.place(tmp_path / folder)
        assert found(tmp_path / "mine") == folder
    assert found() == "env"
    assert world.asked == []


def test_files_compressed_anew_are_taken_from_a_folder_of_the_user(world, tmp_path):
    root = world.place(tmp_path / "mine")
    raw = gzip.decompress(world.contents[FILES[0]])
    (root / "mnist" / FILES[0]).write_bytes(gzip.compress(raw, 1))
    assert_is_the_training_set(load("mnist", root=root))
    assert world.asked == []


def test_nothing_found_and_no_download_names_the_folders(world, tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        load("mnist", root=tmp_path / "mine", download=False)
    for part in ("mnist/train-images", "mine", "cache", "debian", "download=True"):
        assert part in str(error.value)
    assert world.asked == []


def test_cifar_is_read_in_order_and_nothing_is_unpacked(world, tmp_path):
    train, test = load("cifar10"), load("cifar10", "test")
    assert np.array_equal(train.x, COLOURS[10])
    assert train.y.tolist() == list(range(10))
    assert np.array_equal(test.x, COLOURS[2])
    assert world.written() == ["cifar-10-binary.tar.gz"]
    assert not list(tmp_path.rglob("evil"))
    assert len(world.asked) == 1


# --- What can go wrong on the way


@pytest.mark.parametrize("answer", [404, 503, b"another file", b""])
def test_the_second_mirror_serves_when_the_first_does_not(world, answer):
    world.answers["/a/"] = answer
    assert_is_the_training_set(load("mnist"))
    assert world.written() == sorted(FILES[:2])
    assert f"/b/{FILES[0]}" in world.asked


def test_a_mirror_that_breaks_off_is_left_for_the_second(world):
    world.answers[f"/a/{FILES[0]}"] = world.contents[FILES[0]][:1000]
    assert_is_the_training_set(load("mnist"))
    assert world.asked[:2] == [f"/a/{FILES[0]}", f"/b/{FILES[0]}"]


def test_no_network_names_every_mirror_and_the_way_by_hand(world, monkeypatch):
    nowhere = remotes("http://127.0.0.1:9", world.contents)  # the discard port
    monkeypatch.setattr(download, "FILES", nowhere)
    with pytest.raises(ConnectionError) as error:
        load("mnist")
    for mirror in ("http://127.0.0.1:9/a/train-", "http://127.0.0.1:9/b/train-"):
        assert mirror in str(error.value)
    assert str(world.cache / "mnist" / FILES[0]) in str(error.value)
    assert "GENCOURSE_DATA" in str(error.value)
    assert world.written() == []


def test_a_wrong_checksum_everywhere_is_a_value_error(world):
    other = bytes(len(world.contents[FILES[0]]))
    world.answers |= {"/a/": other, "/b/": 404}
    with pytest.raises(ValueError) as error:
        load("mnist")
    expected = hashlib.sha256(world.contents[FILES[0]]).hexdigest()
    assert f"wrong checksum, expected SHA-256 {expected}" in str(error.value)
    assert world.written() == []


def test_a_damaged_file_in_the_cache_is_replaced(world):
    path = world.place(world.cache) / "mnist" / FILES[0]
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(
        OSError, match=r"is damaged, expected SHA-256 .*: delete it"
    ) as e:
        load("mnist", download=False)
    assert str(path) in str(e.value)
    assert_is_the_training_set(load("mnist"))
    assert path.read_bytes() == world.contents[FILES[0]]


def header_changed(body: bytes) -> bytes:
    raw = bytearray(gzip.decompress(body))
    raw[7] -= 1
    return gzip.compress(bytes(raw))


def one_byte_changed(body: bytes) -> bytes:
    return (
        body[: len(body) // 2]
        + bytes([body[len(body) // 2] ^ 1])
        + body[1 + len(body) // 2 :]
    )


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: body[: len(body) // 2],
        lambda body: body[:-4],
        lambda body: b"",
        lambda body: b"<html>not found</html>",
        lambda body: gzip.compress(gzip.decompress(body)[:-1]),
        lambda body: gzip.compress(gzip.decompress(body) + b"\0"),
        lambda body: gzip.compress(b"\0" * 20000),
        header_changed,
        one_byte_changed,
    ],
)
@pytest.mark.parametrize("number", [0, 1])
def test_a_damaged_file_of_the_user_is_named_and_left(world, tmp_path, damage, number):
    root = world.place(tmp_path / "mine")
    path = root / "mnist" / FILES[number]
    path.write_bytes(damage(world.contents[FILES[number]]))
    before = path.read_bytes()
    with pytest.raises(
        OSError, match=r"is truncated or corrupted .*: delete it"
    ) as error:
        load("mnist", root=root)
    assert str(error.value).startswith(str(path))
    assert path.read_bytes() == before
    assert world.asked == []


def without_a_batch(body: bytes) -> bytes:
    members = cifar_members()
    del members["cifar-10-batches-bin/data_batch_3.bin"]
    return cifar(members)


def with_a_short_batch(body: bytes) -> bytes:
    members = cifar_members()
    members["cifar-10-batches-bin/data_batch_3.bin"] = b"short"
    return cifar(members)


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: body[: len(body) // 2],
        lambda body: body[:-4],
        lambda body: b"",
        lambda body: gzip.compress(b"no archive at all"),
        one_byte_changed,
        without_a_batch,
        with_a_short_batch,
    ],
)
def test_a_damaged_cifar_archive_is_named(world, tmp_path, damage):
    path = world.place(tmp_path / "mine", "cifar10") / "cifar10/cifar-10-binary.tar.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(
        OSError, match=r"is truncated or corrupted .*: delete it"
    ) as error:
        load("cifar10", root=tmp_path / "mine")
    assert str(error.value).startswith(str(path))


def test_a_link_in_the_archive_is_not_followed(world, tmp_path):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("cifar-10-batches-bin/test_batch.bin")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    path = world.place(tmp_path / "mine", "cifar10") / "cifar10/cifar-10-binary.tar.gz"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(OSError, match="is truncated or corrupted"):
        load("cifar10", "test", root=tmp_path / "mine")


def test_a_cache_that_cannot_be_made_says_what_to_do(world, tmp_path):
    (tmp_path / "file").write_text("a file, not a folder")
    world.cache = tmp_path / "file" / "cache"
    with pytest.raises(
        OSError, match=r"could not write to .*cache/mnist .*root="
    ) as error:
        load("mnist")
    assert error.value.errno == errno.ENOTDIR
    assert_is_the_training_set(load("mnist", root=tmp_path / "mine"))


def test_a_read_only_cache_is_a_permission_error(world, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    world.cache.mkdir()
    monkeypatch.setattr(pooch.utils.os, "makedirs", refuse)
    with pytest.raises(PermissionError, match=r"could not write to .*root="):
        load("mnist")
    assert world.written() == []


def test_a_full_disk_leaves_nothing_behind(world, monkeypatch):
    class Full(io.FileIO):
        def write(self, chunk):
            super().write(chunk[:100])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pooch.downloaders, "open", Full, raising=False)
    with pytest.raises(OSError, match=r"could not write to .*No space left") as error:
        load("mnist")
    assert error.value.errno == errno.ENOSPC
    assert world.written() == []
    assert len(world.asked) == 1  # another mirror would not help


TWO = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_data
from gencourse import data, download
data.LAYOUTS = test_data.layouts()
contents = {p.name: p.read_bytes() for p in Path(sys.argv[3]).iterdir()}
download.FILES = test_data.remotes(sys.argv[2], contents)
download.DEBIAN = Path(sys.argv[4]) / "debian"
download.cache = lambda: Path(sys.argv[4])
test_data.assert_is_the_training_set(data.load("mnist"))
"""


def test_two_processes_that_download_at_once_both_succeed(world, tmp_path):
    world.gate = threading.Barrier(2)  # neither gets a byte before both have asked
    contents = world.place(tmp_path / "contents") / "mnist"
    arguments = [str(Path(__file__).parent), world.url, contents, world.cache]
    command = [sys.executable, "-c", TWO, *map(str, arguments)]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    assert world.written() == sorted(FILES[:2])
    assert world.asked.count(f"/a/{FILES[0]}") == 2
    assert (world.cache / "mnist" / FILES[0]).read_bytes() == world.contents[FILES[0]]
