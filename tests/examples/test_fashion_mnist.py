"""``--dataset fashion-mnist``: torchvision fetches, unpacks and reads files in FashionMNIST's own format."""

import gzip
import hashlib
import importlib.util
import struct
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import numpy
import pytest

from nni_core.wire import SpoolRecord

pytestmark = [pytest.mark.torchvision, pytest.mark.timeout(300)]

SIZES = {"train": 64, "t10k": 32}


def idx_file(values: numpy.ndarray) -> bytes:
    """An array in the format of the MNIST family: type and number of dimensions, their sizes, bytes; compressed."""
    header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    return gzip.compress(header + values.astype(numpy.uint8).tobytes())


def small_fashion_mnist() -> dict[str, bytes]:
    """A few images of ten kinds that a network can tell apart: a bright row, elsewhere noise."""
    files = {}
    random = numpy.random.default_rng(0)
    for part, size in SIZES.items():
        labels = numpy.arange(size) % 10
        images = random.integers(0, 64, (size, 28, 28))
        images[numpy.arange(size), labels * 2] = 255
        files[f"{part}-images-idx3-ubyte.gz"] = idx_file(images)
        files[f"{part}-labels-idx1-ubyte.gz"] = idx_file(labels)
    return files


@pytest.fixture
def model(examples: Path) -> ModuleType:
    """The example's script as a module."""
    pytest.importorskip("torchvision", reason="the example's own library")
    spec = importlib.util.spec_from_file_location("quickstart_model", examples / "hpo_quickstart_pytorch" / "model.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A web server that offers the small files as if it were FashionMNIST's own."""
    pytest.importorskip("torchvision", reason="the example's own library")
    from torchvision.datasets import FashionMNIST

    folder = tmp_path / "mirror"
    folder.mkdir()
    for name, content in small_fashion_mnist().items():
        (folder / name).write_bytes(content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    address = f"http://127.0.0.1:{server.server_port}/"
    checksums = [(name, hashlib.md5((folder / name).read_bytes()).hexdigest()) for name, _ in FashionMNIST.resources]
    monkeypatch.setattr(FashionMNIST, "mirrors", [address])
    monkeypatch.setattr(FashionMNIST, "resources", checksums)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    threading.Thread(target=server.serve_forever).start()
    yield address
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("mirror")
def test_data_are_fetched_and_read(
    model: ModuleType, examples: Path, tmp_path: Path, run_trial: Callable[..., list[SpoolRecord]]
) -> None:
    """Images arrive whole, with their labels, and a trial trains on what an earlier one has fetched."""
    train_set, test_set = model.load_data("fashion-mnist", tmp_path / "data")
    assert (len(train_set), len(test_set)) == (SIZES["train"], SIZES["t10k"])
    image, label = train_set[13]
    assert (tuple(image.shape), float(image.max()), label) == ((1, 28, 28), 1.0, 3)
    assert float(image[0, 6].min()) == 1.0

    arguments = ["--dataset", "fashion-mnist", "--data-directory", str(tmp_path / "data"), "--epochs", "20"]
    script = examples / "hpo_quickstart_pytorch" / "model.py"
    records = run_trial(script, {"features": 128, "lr": 0.05, "momentum": 0.9}, arguments)
    assert len(records) == 21
    assert records[-1].value >= 0.9
