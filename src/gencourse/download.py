"""Where the data sets come from, and how their files reach this machine.

A file lies at FOLDER/DATA SET/FILE NAME, for every folder that is searched.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pooch
from requests.exceptions import RequestException

DEBIAN = Path("/usr/share/datasets")  # the package dataset-fashion-mnist
TIMEOUT = 30.0  # seconds without a byte
IDX_PARTS = ("images-idx3-ubyte", "labels-idx1-ubyte")


@dataclass(frozen=True)
class Remote:
    """A file that can be fetched: its name, its SHA-256, and where it lies."""

    name: str
    sha256: str
    mirrors: tuple[str, ...]


FASHION_MIRRORS = (
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    # Plain HTTP is all that it offers; the checksum guards what arrives.
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
# Only the first is the authors' own and publishes this checksum. The second is a copy
# under the same name that nobody vouches for: the checksum decides whether it serves.
CIFAR_MIRRORS = (
    "https://www.cs.toronto.edu/~kriz/",
    "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/",
)


def _idx_pair(
    split: str, images: str, labels: str, mirrors: tuple[str, ...]
) -> tuple[Remote, ...]:
    names = [f"{split}-{part}.gz" for part in IDX_PARTS]
    return Remote(names[0], images, mirrors), Remote(names[1], labels, mirrors)


CIFAR_ARCHIVE = Remote(
    "cifar-10-binary.tar.gz",
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    CIFAR_MIRRORS,
)
FILES: dict[tuple[str, str], tuple[Remote, ...]] = {
    ("fashion-mnist", "train"): _idx_pair(
        "train",
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        FASHION_MIRRORS,
    ),
    ("fashion-mnist", "test"): _idx_pair(
        "t10k",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        FASHION_MIRRORS,
    ),
    ("mnist", "train"): _idx_pair(
        "train",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        MNIST_MIRRORS,
    ),
    ("mnist", "test"): _idx_pair(
        "t10k",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        MNIST_MIRRORS,
    ),
    ("cifar10", "train"): (CIFAR_ARCHIVE,),
    ("cifar10", "test"): (CIFAR_ARCHIVE,),
}


def cache() -> Path:
    """Return the folder that downloads go to when no other is given."""
    return Path(pooch.os_cache("gencourse")).expanduser()


def locate(
    dataset: str, remote: Remote, root: str | os.PathLike[str] | None, download: bool
) -> Path:
    """Return the path of a data set's file, after a download if need be.

    The folders are searched in this order: ``root``, ``$GENCOURSE_DATA``, the cache,
    Debian's. Only the cache is held to the checksum, because the others may hold the
    same data compressed anew, as Debian's package does.

    Raises:
        FileNotFoundError: it is nowhere and ``download`` is false.
        ConnectionError: no mirror answers.
        ValueError: what the mirrors sent has a wrong checksum.
        OSError: the folder cannot be written, or the cache holds a damaged file and
            ``download`` is false.
    """
    given = [folder for folder in (root, os.environ.get("GENCOURSE_DATA")) if folder]
    folders = [*(Path(folder).expanduser() for folder in given), cache(), DEBIAN]
    for folder in folders:
        path = folder / dataset / remote.name
        if path.is_file() and (folder != cache() or _intact(path, remote)):
            return path
    if download:
        return _fetch(remote, (folders[0] if root else cache()) / dataset)
    damaged = cache() / dataset / remote.name
    if damaged.is_file():
        raise OSError(
            f"{damaged} is damaged, expected SHA-256 {remote.sha256}: delete it, "
            "or load with download=True to replace it"
        )
    raise FileNotFoundError(
        f"{dataset}/{remote.name} is in none of "
        f"{', '.join(map(str, folders))}: "
        "place it in one of them, or load with download=True"
    )


def _intact(path: Path, remote: Remote) -> bool:
    return bool(pooch.file_hash(str(path)) == remote.sha256)


def _fetch(remote: Remote, folder: Path) -> Path:
    """Return the path of the file, from the first mirror that sends it whole.

    pooch writes to a temporary file beside it and renames that once the checksum
    holds, so that two processes at once end with one whole file.
    """
    failures: list[str] = []
    failed: type[Exception] = ConnectionError
    for mirror in remote.mirrors:
        url = mirror + remote.name
        try:
            return _retrieve(url, remote, folder)
        except RequestException as error:  # an OSError, so caught first
            failures.append(f"{url} ({type(error).__name__})")
        except ValueError:
            failed = ValueError
            failures.append(f"{url} (wrong checksum, expected SHA-256 {remote.sha256})")
        except OSError as error:
            raise _unwritable(folder, error) from error
    raise failed(
        f"could not download {remote.name}: tried {', '.join(failures)}; to place it "
        f"by hand, put it at {folder / remote.name}, or set GENCOURSE_DATA to the "
        f"folder that holds {folder.name}/{remote.name}"
    )


def _retrieve(url: str, remote: Remote, folder: Path) -> Path:
    downloader = pooch.HTTPDownloader(
        progressbar=True, chunk_size=1 << 16, timeout=TIMEOUT
    )
    return Path(
        pooch.retrieve(
            url,
            known_hash=f"sha256:{remote.sha256}",
            fname=remote.name,
            path=folder,
            downloader=downloader,
        )
    )


def _unwritable(folder: Path, error: OSError) -> OSError:
    # pooch wraps a PermissionError into one without a number.
    error = error.__cause__ if isinstance(error.__cause__, OSError) else error
    reason = error.strerror or str(error)
    sentence = (
        f"could not write to {folder} ({reason}): free it, or load with root= a "
        "folder that can be written and has room"
    )
    # With a number, OSError turns itself into PermissionError and the like.
    return OSError(error.errno, sentence) if error.errno else OSError(sentence)
