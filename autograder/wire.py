"""How values cross between the checking side and the student's process: a small, closed binary format.

Allowed values are None, bool, int, float, str, bytes, list, tuple, dict with str keys, numpy arrays,
torch tensors and `Ref`. Types are exact: an instance of a subclass is refused, so nothing that arrives
can carry behaviour. There is no pickle and no eval here, and a decoder never allocates more than the
bytes it was given (times a small constant).

One value is written as a tag byte and its content. One frame is a four-byte big-endian length and one value.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAX_FRAME = 64 * 2**20
MAX_DEPTH = 32
MAX_NODES = 100_000
MAX_INT_BYTES = 4096
MAX_DIMENSIONS = 16

#: Bytes per element of every dtype that may cross, by its name in numpy and torch.
ITEM_SIZES = {
    "bool": 1,
    "uint8": 1,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "uint16": 2,
    "uint32": 4,
    "uint64": 8,
    "float16": 2,
    "bfloat16": 2,
    "float32": 4,
    "float64": 8,
    "complex64": 8,
    "complex128": 16,
}


class WireError(Exception):
    """A value or a frame is outside the format; the message says what and, for values, what to do."""


@dataclass(frozen=True)
class Ref:
    """A handle to something that stays on its own side.

    Attributes
    ----------
    kind
        ``"object"``, an instance in the student's process, or ``"callback"``, a function on the checking side.
    number
        Which one; handed out by the side that holds it.
    """

    kind: str
    number: int


ToRef = Callable[[Any], Ref | None]
FromRef = Callable[[Ref], Any]


def encode(value: Any, to_ref: ToRef | None = None) -> bytes:
    """Write one value.

    Parameters
    ----------
    value
        Any allowed value. Tensors are written without their gradient history, from any device.
    to_ref
        Asked about every value of another type; returns its handle, or None to refuse it.

    Raises
    ------
    WireError
        If the value, or something inside it, is not allowed, or a cap is exceeded.
    """
    out = bytearray()
    _Writer(out, to_ref).write(value, 0)
    if len(out) > MAX_FRAME:
        raise WireError(f"the value takes {len(out):,} bytes; at most {MAX_FRAME:,} may cross")
    return bytes(out)


def decode(data: bytes, from_ref: FromRef | None = None) -> Any:
    """Read one value that fills `data` exactly.

    Parameters
    ----------
    data
        What `encode` wrote, or anything at all: the bytes are not trusted.
    from_ref
        Turns each handle into what stands for it here; without it a handle stays a `Ref`.

    Raises
    ------
    WireError
        If the bytes are not exactly one well-formed value within the caps.
    """
    if len(data) > MAX_FRAME:
        raise WireError(f"a frame of {len(data):,} bytes; at most {MAX_FRAME:,} are read")
    reader = _Reader(data, from_ref)
    value = reader.read(0)
    if reader.at != len(data):
        raise WireError(f"{len(data) - reader.at} bytes are left after the value")
    return value


def frame(data: bytes) -> bytes:
    """Put the length before an encoded value."""
    return struct.pack(">I", len(data)) + data


def frame_length(header: bytes) -> int:
    """Read a frame's length from its four-byte header; a length over the cap raises `WireError`."""
    (length,) = struct.unpack(">I", header)
    if length > MAX_FRAME:
        raise WireError(f"a frame announces {length:,} bytes; at most {MAX_FRAME:,} are read")
    return int(length)


class _Writer:
    def __init__(self, out: bytearray, to_ref: ToRef | None) -> None:
        self.out = out
        self.to_ref = to_ref
        self.nodes = 0

    def write(self, value: Any, depth: int) -> None:  # noqa: PLR0912 - one branch per kind
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise WireError(f"more than {MAX_NODES:,} values in one; return an array instead")
        if depth > MAX_DEPTH:
            raise WireError(f"nested more than {MAX_DEPTH} deep")
        if len(self.out) > MAX_FRAME:
            raise WireError(f"the value takes more than {MAX_FRAME:,} bytes, the most that may cross")
        kind = type(value)
        if value is None:
            self.out += b"N"
        elif kind is bool:
            self.out += b"T" if value else b"F"
        elif kind is int:
            self._write_int(value)
        elif kind is float:
            self.out += b"f" + struct.pack(">d", value)
        elif kind is str:
            self._write_blob(b"s", value.encode("utf-8", "surrogatepass"))
        elif kind is bytes:
            self._write_blob(b"b", value)
        elif kind is list or kind is tuple:
            self.out += (b"l" if kind is list else b"t") + struct.pack(">I", len(value))
            for item in value:
                self.write(item, depth + 1)
        elif kind is dict:
            self._write_dict(value, depth)
        elif kind is Ref:
            self._write_ref(value)
        else:
            self._write_other(value)

    def _write_int(self, value: int) -> None:
        size = (value.bit_length() + 8) // 8
        if size > MAX_INT_BYTES:
            raise WireError(f"an integer of {size:,} bytes; at most {MAX_INT_BYTES:,} may cross")
        self.out += b"i" + struct.pack(">I", size) + value.to_bytes(size, "big", signed=True)

    def _write_blob(self, tag: bytes, raw: bytes) -> None:
        if len(raw) > MAX_FRAME:
            raise WireError(f"{len(raw):,} bytes in one value; at most {MAX_FRAME:,} may cross")
        self.out += tag + struct.pack(">I", len(raw)) + raw

    def _write_dict(self, value: dict[Any, Any], depth: int) -> None:
        self.out += b"d" + struct.pack(">I", len(value))
        for key, item in value.items():
            if type(key) is not str:
                raise WireError(
                    f"a dict with keys of type {type(key).__name__} cannot be checked; is a list asked for?"
                )
            self.write(key, depth + 1)
            self.write(item, depth + 1)

    def _write_ref(self, ref: Ref) -> None:
        if ref.kind not in ("object", "callback") or not 0 <= ref.number < 2**64:
            raise WireError(f"{ref} is not a handle")
        self.out += b"r" + (b"o" if ref.kind == "object" else b"c") + struct.pack(">Q", ref.number)

    def _write_other(self, value: Any) -> None:
        ref = self.to_ref(value) if self.to_ref else None
        if ref is not None:
            self._write_ref(ref)
            return
        module = type(value).__module__.partition(".")[0]
        if module == "numpy" and _write_numpy(self.out, value):
            return
        if module == "torch" and _write_torch(self.out, value):
            return
        raise WireError(
            f"a value of type {type(value).__module__}.{type(value).__qualname__} cannot be checked; "
            "return plain numbers, strings, lists, dicts or arrays"
        )


def _check_size(dtype: str, shape: tuple[int, ...]) -> None:
    """Refuse an array that is too large before its bytes are made: an expanded one holds few and stands for many."""
    if len(shape) > MAX_DIMENSIONS:
        raise WireError(f"an array of {len(shape)} dimensions; at most {MAX_DIMENSIONS} may cross")
    if math.prod(max(1, length) for length in shape) > MAX_FRAME:
        raise WireError(f"an array of shape {shape}; at most {MAX_FRAME:,} bytes may cross")
    size = ITEM_SIZES[dtype] * math.prod(shape)
    if size > MAX_FRAME:
        raise WireError(f"an array of {size:,} bytes; at most {MAX_FRAME:,} may cross")


def _write_array(out: bytearray, library: bytes, dtype: str, shape: tuple[int, ...], raw: bytes) -> None:
    name = dtype.encode()
    out += b"a" + library + bytes([len(name)]) + name + bytes([len(shape)])
    out += struct.pack(f">{len(shape)}Q", *shape)
    out += raw


def _write_numpy(out: bytearray, value: Any) -> bool:
    import numpy as np

    if isinstance(value, np.generic):
        value = np.asarray(value)  # a numpy scalar crosses as an array without dimensions
    if type(value) is not np.ndarray or value.dtype.name not in ITEM_SIZES or value.dtype.name == "bfloat16":
        return False
    _check_size(value.dtype.name, value.shape)
    raw = value.astype(value.dtype.newbyteorder("<"), copy=False).tobytes()
    _write_array(out, b"n", value.dtype.name, value.shape, raw)
    return True


def _write_torch(out: bytearray, value: Any) -> bool:
    import torch

    dtype = str(getattr(value, "dtype", "")).removeprefix("torch.")
    if type(value) not in (torch.Tensor, torch.nn.Parameter) or dtype not in ITEM_SIZES:
        return False
    if value.layout is not torch.strided or value.is_nested or value.is_meta:
        return False
    _check_size(dtype, tuple(value.shape))
    try:
        flat = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
        raw = flat.reshape(-1).view(torch.uint8).numpy().tobytes() if flat.numel() else b""
    except (RuntimeError, NotImplementedError):  # a tensor without storage, as inside torch.vmap
        return False
    _write_array(out, b"t", dtype, tuple(value.shape), raw)
    return True


class _Reader:
    def __init__(self, data: bytes, from_ref: FromRef | None) -> None:
        self.data = data
        self.at = 0
        self.nodes = 0
        self.from_ref = from_ref

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise WireError(f"the value ends after {len(self.data)} bytes, in the middle of an item")
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def count(self) -> int:
        (number,) = struct.unpack(">I", self.take(4))
        return int(number)

    def read(self, depth: int) -> Any:  # noqa: PLR0911, PLR0912 - one branch per tag
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise WireError(f"more than {MAX_NODES:,} values in one frame")
        if depth > MAX_DEPTH:
            raise WireError(f"nested more than {MAX_DEPTH} deep")
        tag = self.take(1)
        match tag:
            case b"N":
                return None
            case b"T":
                return True
            case b"F":
                return False
            case b"i":
                return self._read_int()
            case b"f":
                return struct.unpack(">d", self.take(8))[0]
            case b"s":
                return self._read_str()
            case b"b":
                return self.take(self.count())
            case b"l":
                return [self.read(depth + 1) for _ in range(self._length())]
            case b"t":
                return tuple([self.read(depth + 1) for _ in range(self._length())])
            case b"d":
                return self._read_dict(depth)
            case b"a":
                return self._read_array()
            case b"r":
                return self._read_ref()
        raise WireError(f"unknown tag {tag!r}")

    def _length(self) -> int:
        """Read how many items follow; each takes a byte at least, so a length beyond the data is a lie."""
        length = self.count()
        if length > len(self.data) - self.at:
            raise WireError(f"{length:,} items announced, {len(self.data) - self.at:,} bytes left")
        return length

    def _read_int(self) -> int:
        size = self.count()
        if not 1 <= size <= MAX_INT_BYTES:
            raise WireError(f"an integer of {size:,} bytes")
        return int.from_bytes(self.take(size), "big", signed=True)

    def _read_str(self) -> str:
        raw = self.take(self.count())
        try:
            return raw.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            raise WireError("a string that is not UTF-8") from error

    def _read_dict(self, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for _ in range(self._length()):
            key = self.read(depth + 1)
            if type(key) is not str:
                raise WireError("a dict key that is not a string")
            if key in result:
                raise WireError(f"the dict key {key[:40]!r} comes twice")
            result[key] = self.read(depth + 1)
        return result

    def _read_ref(self) -> Any:
        kind = {b"o": "object", b"c": "callback"}.get(self.take(1))
        if kind is None:
            raise WireError("a handle of unknown kind")
        (number,) = struct.unpack(">Q", self.take(8))
        ref = Ref(kind, int(number))
        return self.from_ref(ref) if self.from_ref else ref

    def _read_array(self) -> Any:
        library = self.take(1)
        name = self.take(self.take(1)[0])
        dtype = name.decode("ascii", "replace")
        if library not in (b"n", b"t") or dtype not in ITEM_SIZES or (library == b"n" and dtype == "bfloat16"):
            raise WireError(f"an array of unknown kind {library!r} {name!r}")
        dimensions = self.take(1)[0]
        if dimensions > MAX_DIMENSIONS:
            raise WireError(f"an array of {dimensions} dimensions")
        shape = struct.unpack(f">{dimensions}Q", self.take(8 * dimensions))
        if math.prod(max(1, length) for length in shape) > MAX_FRAME:
            raise WireError(f"an array of shape {shape}")
        raw = self.take(ITEM_SIZES[dtype] * math.prod(shape))
        return _numpy_array(dtype, shape, raw) if library == b"n" else _torch_tensor(dtype, shape, raw)


def _numpy_array(dtype: str, shape: tuple[int, ...], raw: bytes) -> Any:
    import numpy as np

    if dtype == "bool" and raw.strip(b"\x00\x01"):
        raise WireError("a boolean array with bytes other than 0 and 1")
    little = np.dtype(dtype).newbyteorder("<")
    return np.frombuffer(raw, little).reshape(shape).astype(dtype)


def _torch_tensor(dtype: str, shape: tuple[int, ...], raw: bytes) -> Any:
    import torch

    if dtype == "bool" and raw.strip(b"\x00\x01"):
        raise WireError("a boolean tensor with bytes other than 0 and 1")
    kind = getattr(torch, dtype)
    if not raw:
        return torch.empty(shape, dtype=kind)
    return torch.frombuffer(bytearray(raw), dtype=kind).reshape(shape)
