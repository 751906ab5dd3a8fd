"""Your own pictures: whatever the files are, levels come out, and no part overlaps."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gencourse import data
from gencourse.own_images import load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty garments as PNG files, in two folders."""
    images = data.load("fashion-mini", "test")
    for number in range(40):
        place = tmp_path / ("left" if number % 2 else "right")
        place.mkdir(exist_ok=True)
        save(images.x[number, 0].numpy(), place / f"{number}.png")
    return tmp_path


def save(levels, path: Path, **settings) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.fromarray(np.asarray(levels)).save(path, **settings)


def rows(x: torch.Tensor) -> set[bytes]:
    return {image.numpy().tobytes() for image in x}


def test_pictures_come_back_as_they_are_in_three_parts(folder: Path):
    found = load(folder)
    parts = (found.train, found.validation, found.test)
    assert [len(part) for part in parts] == [32, 4, 4]
    real = rows(data.load("fashion-mini", "test").x[:40])
    assert rows(torch.cat([part.x for part in parts])) == real
    for part in parts:
        assert part.x.shape[1:] == (1, 28, 28)
        assert (part.x.dtype, part.y.dtype) == (torch.uint8, torch.int64)
        assert (part.levels, part.classes) == (256, ("left", "right"))


def test_folders_are_classes(folder: Path):
    found = load(folder)
    left = {
        np.array(Image.open(path)).tobytes() for path in (folder / "left").glob("*")
    }
    for part in (found.train, found.validation, found.test):
        for x, y in zip(part.x, part.y, strict=True):
            assert (x.numpy().tobytes() in left) == (part.classes[int(y)] == "left")


def test_names_and_copies_change_no_part(folder: Path):
    before = load(folder)
    for number, path in enumerate(sorted(folder.rglob("*.png"))):
        (path.parent / f"copy-{number}.png").write_bytes(path.read_bytes())
        path.rename(path.with_name(f"renamed-{40 - number}.PNG"))
    after = load(folder)
    assert len(after.copies) == 40
    for name in ("train", "validation", "test"):
        assert torch.equal(getattr(before, name).x, getattr(after, name).x)


def test_another_seed_is_another_split(folder: Path):
    one, two = load(folder), load(folder, seed=1)
    assert rows(one.test.x) != rows(two.test.x)
    assert rows(two.test.x).isdisjoint(rows(two.train.x))


def test_every_usual_kind_is_read(folder: Path):
    grey = np.tile(np.arange(0, 250, 9, dtype=np.uint8)[:28], (28, 1))
    colour = np.stack([grey, grey.T, grey], -1)
    save(grey.astype(np.uint16) * 257, folder / "deep.png")
    save(colour, folder / "photo.jpg", quality=95)
    Image.fromarray(colour).convert("P").save(folder / "palette.gif")
    Image.fromarray(colour).convert("CMYK").save(folder / "print.tif")
    save(colour, folder / "web.webp", lossless=True)
    save(grey, folder / "old.bmp")
    found = load(folder)
    assert len(found.train) + len(found.validation) + len(found.test) == 44
    # The same pictures as the deep one and the printed one.
    assert [path.name for path in found.copies] == ["old.bmp", "web.webp"]
    assert load(folder, channels=3).train.x.shape[1:] == (3, 28, 28)


def images_of(folder: Path, **settings) -> torch.Tensor:
    found = load(folder, **settings)
    return torch.cat([found.train.x, found.validation.x, found.test.x])


def one_of(folder: Path, picture: Image.Image, name: str, **settings) -> torch.Tensor:
    """The image that a file adds to a folder."""
    before = rows(images_of(folder, **settings))
    picture.save(folder / name)
    (new,) = [
        x for x in images_of(folder, **settings) if x.numpy().tobytes() not in before
    ]
    return new


def test_transparency_lies_on_the_background(folder: Path):
    clear = Image.new("RGBA", (28, 28), (0, 0, 0, 0))
    assert (one_of(folder, clear, "clear.png", background=77) == 77).all()


def test_wide_pictures_are_cut_or_padded(folder: Path):
    wide = Image.new("L", (84, 28), 10)
    wide.paste(200, (28, 0, 56, 28))
    cut = one_of(folder, wide, "wide.png")
    assert (cut == 200).all()
    (folder / "wide.png").unlink()
    padded = one_of(folder, wide, "wide.png", fit="pad", background=0)
    assert (padded[0, 0] == 0).all()
    assert int(padded[0, 14, 14]) == 200
    assert int(padded[0, 14, 2]) == 10


def test_turned_photos_stand_upright(folder: Path):
    upright = Image.new("L", (28, 28), 0)
    upright.paste(255, (0, 0, 28, 14))  # bright above
    turned, exif = upright.rotate(90, expand=True), Image.Exif()
    exif[0x0112] = 6  # "turn me by 90 degrees clockwise"
    path = folder / "turned.png"
    turned.save(path, exif=exif)
    new = next(x for x in images_of(folder) if int(x[0, 2].min()) == 255)
    assert (new[0, -2] == 0).all()


def test_damaged_file_is_named_or_left_out(folder: Path):
    whole = next(folder.rglob("*.png")).read_bytes()
    for name, content in {"cut.png": whole[:60], "text.jpg": b"hello"}.items():
        (folder / name).write_bytes(content)
    with pytest.raises(OSError, match=r"cut\.png cannot be read as a picture"):
        load(folder)
    found = load(folder, leave_out_damaged=True)
    assert [path.name for path in found.damaged] == ["cut.png", "text.jpg"]
    assert len(found.train) == 32


def test_other_files_are_counted_and_hidden_ones_are_not(folder: Path):
    (folder / "notes.txt").write_text("about")
    (folder / ".DS_Store").write_text("")
    (folder / ".thumbs").mkdir()
    save(np.zeros((5, 5), np.uint8), folder / ".thumbs" / "small.png")
    assert [path.name for path in load(folder).others] == ["notes.txt"]
    assert len(images_of(folder)) == 40


def test_circle_of_links_ends(folder: Path):
    (folder / "left" / "again").symlink_to(folder)
    assert len(images_of(folder)) == 40


def test_bomb_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch):
    save(np.zeros((200, 200), np.uint8), folder / "huge.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    with pytest.raises(OSError, match=r"huge\.png cannot be read"):
        load(folder)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"size": 0}, "size of 1 or more, got 0"),
        ({"channels": 2}, "1 or 3 channels, got 2"),
        ({"fit": "stretch"}, "'crop' or 'pad', got 'stretch'"),
        ({"background": 256}, "background of 0 to 255, got 256"),
    ],
)
def test_wrong_settings_are_told(settings, said: str, folder: Path):
    with pytest.raises(ValueError, match=said):
        load(folder, **settings)


def test_missing_folder_and_too_few_are_told(tmp_path: Path):
    with pytest.raises(OSError, match="expected a folder of pictures, got"):
        load(tmp_path / "none")
    with pytest.raises(OSError, match=r"Mine.ZIP: unpack it by shutil.unpack_archive"):
        load(tmp_path / "Mine.ZIP")
    save(np.zeros((5, 5), np.uint8), tmp_path / "one.png")
    with pytest.raises(
        ValueError, match=r"at least 10 different pictures in .*, got 1"
    ):
        load(tmp_path)


def test_missing_pillow_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install pillow"):
        load(folder)
