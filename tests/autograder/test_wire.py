"""The wire format: everything allowed arrives exactly as it left, and nothing else ever gets through."""

from __future__ import annotations

import collections
import enum
import math
import struct
import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograder import wire
from autograder.wire import MAX_DEPTH, MAX_FRAME, MAX_INT_BYTES, MAX_NODES, Ref, WireError, decode, encode

repeatable = settings(derandomize=True, deadline=None, max_examples=150)
thorough = settings(derandomize=True, deadline=None, max_examples=500)

NUMPY_DTYPES = [name for name in wire.ITEM_SIZES if name != "bfloat16"]
TORCH_DTYPES = list(wire.ITEM_SIZES)

# --- exact sameness, told by type, shape, dtype and bits


def bits(value: Any) -> Any:
    """Spell a value out so that two are equal only if nothing at all tells them apart."""
    if type(value) is float:
        return "float", struct.pack(">d", value)
    if type(value) is np.ndarray:
        return "numpy", value.dtype.name, value.shape, value.astype(value.dtype.newbyteorder("<")).tobytes()
    if type(value) is torch.Tensor:
        raw = value.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if value.numel() else b""
        return "torch", str(value.dtype), tuple(value.shape), raw
    if type(value) in (list, tuple):
        return type(value).__name__, [bits(item) for item in value]
    if type(value) is dict:
        return "dict", [(key, bits(item)) for key, item in value.items()]
    return type(value).__name__, value


def crossed(value: Any) -> Any:
    return decode(encode(value))


# --- what may cross

floats = st.integers(0, 2**64 - 1).map(lambda pattern: struct.unpack(">d", struct.pack(">Q", pattern))[0])
texts = st.text(st.characters(exclude_categories=()))  # lone surrogates too
shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)


@st.composite
def numpy_arrays(draw: st.DrawFn) -> np.ndarray:
    dtype = draw(st.sampled_from(NUMPY_DTYPES))
    shape = draw(shapes)
    size = math.prod(shape)
    if dtype == "bool":
        return np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)), bool).reshape(shape)
    length = size * wire.ITEM_SIZES[dtype]
    return np.frombuffer(draw(st.binary(min_size=length, max_size=length)), dtype).reshape(shape).copy()


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    dtype = draw(st.sampled_from(TORCH_DTYPES))
    shape = draw(shapes)
    size = math.prod(shape)
    if dtype == "bool":
        return torch.tensor(draw(st.lists(st.booleans(), min_size=size, max_size=size)), dtype=torch.bool).reshape(
            shape
        )
    length = size * wire.ITEM_SIZES[dtype]
    raw = bytearray(draw(st.binary(min_size=length, max_size=length)))
    if not raw:
        return torch.empty(shape, dtype=getattr(torch, dtype))
    return torch.frombuffer(raw, dtype=getattr(torch, dtype)).reshape(shape)


refs = st.builds(Ref, st.sampled_from(["object", "callback"]), st.integers(0, 2**64 - 1))
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**2_000), 2**2_000)
    | floats
    | texts
    | st.binary()
    | numpy_arrays()
    | tensors()
    | refs
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(texts, inner, max_size=4)
    ),
    max_leaves=12,
)


@thorough
@given(values)
@example([-0.0, 0.0, math.inf, -math.inf])
@example({"": {"\ud800": "\udfff lone"}, "b": [], "a": (), "é": {}})
@example([True, 1, 1.0, False, 0])
def test_any_allowed_value_arrives_exactly_as_it_left(value: Any) -> None:
    assert bits(crossed(value)) == bits(value)


@repeatable
@given(values)
def test_writing_what_arrived_gives_the_same_bytes(value: Any) -> None:
    assert encode(crossed(value)) == encode(value)


@pytest.mark.parametrize("pattern", [0x7FF8000000000000, 0xFFF8000000000000, 0x7FF0000000000001, 0x7FF8DEADBEEF0001])
def test_the_bits_of_a_nan_survive(pattern: int) -> None:
    nan = struct.unpack(">d", struct.pack(">Q", pattern))[0]
    assert struct.pack(">d", crossed(nan)) == struct.pack(">Q", pattern)
    assert crossed(np.array(pattern, np.uint64).view(np.float64)).view(np.uint64).item() == pattern


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 3), (0, 5), (5, 0, 2), (1,) * 16])
def test_numpy_arrays_of_every_dtype_and_odd_shapes_cross(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.arange(math.prod(shape)).reshape(shape).astype(dtype)
    assert bits(crossed(array)) == bits(array)


@pytest.mark.parametrize("dtype", TORCH_DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 3), (0, 5), (5, 0, 2), (1,) * 16])
def test_torch_tensors_of_every_dtype_and_odd_shapes_cross(dtype: str, shape: tuple[int, ...]) -> None:
    tensor = torch.arange(math.prod(shape)).reshape(shape).to(getattr(torch, dtype))
    assert bits(crossed(tensor)) == bits(tensor)


def test_strided_views_arrive_as_what_they_show() -> None:
    array, tensor = np.arange(24.0).reshape(4, 6), torch.arange(24.0).reshape(4, 6)
    for view in (array.T, array[::2, ::-1], array[:, 1], np.broadcast_to(array[0], (3, 6)), np.asfortranarray(array)):
        np.testing.assert_array_equal(crossed(view), view)
    for view in (tensor.T, tensor[::2, 1:], tensor[:, 1], tensor[0].expand(3, 6), tensor.unfold(0, 2, 1)):
        assert torch.equal(crossed(view), view)


def test_lazy_conjugates_and_negatives_arrive_resolved() -> None:
    tensor = torch.tensor([1 + 2j, -3j])
    assert torch.equal(crossed(tensor.conj()), tensor.conj().resolve_conj())
    assert torch.equal(crossed(tensor.conj().imag), tensor.conj().imag.resolve_neg())


def test_a_tensor_arrives_without_its_gradient_history() -> None:
    leaf = torch.arange(3.0, requires_grad=True)
    for tensor in (leaf, leaf * 2, torch.nn.Parameter(torch.ones(2))):
        arrived = crossed(tensor)
        assert type(arrived) is torch.Tensor
        assert not arrived.requires_grad
        assert torch.equal(arrived, tensor.detach())


def test_a_read_only_array_may_cross_and_arrives_writable() -> None:
    array = np.arange(3.0)
    array.setflags(write=False)
    arrived = crossed(array)
    arrived += 1
    assert array.tolist() == [0, 1, 2]
    assert arrived.tolist() == [1, 2, 3]


@pytest.mark.parametrize("dtype", [">f8", ">i4", ">u2", ">c16"])
def test_big_endian_arrays_arrive_with_the_same_numbers_in_native_order(dtype: str) -> None:
    array = np.array([1, 2, 300], dtype)
    arrived = crossed(array)
    assert arrived.tolist() == array.tolist()
    assert arrived.dtype.isnative
    assert arrived.dtype == array.dtype.newbyteorder("=")


@pytest.mark.parametrize("scalar", [np.float64(0.1), np.float32(-0.0), np.int16(-5), np.bool_(True), np.complex64(1j)])
def test_a_numpy_scalar_arrives_as_an_array_without_dimensions(scalar: np.generic) -> None:
    arrived = crossed(scalar)
    assert type(arrived) is np.ndarray
    assert arrived.shape == ()
    assert arrived.dtype == scalar.dtype
    assert arrived.item() == scalar.item()


def test_what_arrives_shares_no_memory_with_what_was_sent() -> None:
    tensor, inner = torch.zeros(3), [1]
    first, second = crossed([inner, inner])
    crossed(tensor).add_(1)
    first.append(2)
    assert tensor.tolist() == [0, 0, 0]
    assert (inner, second) == ([1], [1])


# --- what may not cross


class Subclasses:
    Text = type("Text", (str,), {})
    Whole = type("Whole", (int,), {})
    Real = type("Real", (float,), {})
    Raw = type("Raw", (bytes,), {})
    Row = type("Row", (list,), {})
    Pair = collections.namedtuple("Pair", "a b")
    Table = collections.OrderedDict
    Counts = collections.Counter
    Array = type("Array", (np.ndarray,), {})
    Tensor = type("Tensor", (torch.Tensor,), {})
    Handle = type("Handle", (Ref,), {})
    Color = enum.IntEnum("Color", "RED")


UNFIT = {
    "Text": Subclasses.Text("x"),
    "Whole": Subclasses.Whole(1),
    "Real": Subclasses.Real(1),
    "Raw": Subclasses.Raw(b""),
    "Row": Subclasses.Row(),
    "Pair": Subclasses.Pair(1, 2),
    "OrderedDict": Subclasses.Table(),
    "Counter": Subclasses.Counts(),
    "Array": np.zeros(2).view(Subclasses.Array),
    "Tensor": torch.zeros(2).as_subclass(Subclasses.Tensor),
    "Handle": Subclasses.Handle("object", 0),
    "Color": Subclasses.Color.RED,
    "set": {1},
    "frozenset": frozenset(),
    "range": range(3),
    "complex": 1j,
    "bytearray": bytearray(b"x"),
    "memoryview": memoryview(b"x"),
    "object": object(),
    "type": int,
    "function": lambda: None,
    "generator": (item for item in ()),
    "ellipsis": ...,
    "slice": slice(1),
    "dtype": torch.float32,
    "MaskedArray": np.ma.zeros(2),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_value_of_another_type_is_refused_by_its_name(name: str) -> None:
    for value in (UNFIT[name], [1, UNFIT[name]], {"a": (UNFIT[name],)}):
        with pytest.raises(WireError, match=rf"\b{name}\b.* cannot be checked; return plain numbers"):
            encode(value)


UNFIT_ARRAYS = {
    "text": np.array(["a"]),
    "objects": np.array([None]),
    "records": np.zeros(2, [("a", "f8")]),
    "dates": np.array(["2026-01-01"], "M8[D]"),
    "bytes": np.array([b"ab"]),
    "extended": np.zeros(2, np.longdouble),
    "sparse": torch.eye(3).to_sparse(),
    "meta": torch.empty(3, device="meta"),
    "quarter": torch.zeros(2).to(torch.float8_e4m3fn),
}


@pytest.mark.parametrize("name", UNFIT_ARRAYS)
def test_arrays_that_hold_no_plain_numbers_are_refused(name: str) -> None:
    with pytest.raises(WireError, match=r"ndarray|Tensor"):
        encode(UNFIT_ARRAYS[name])


def test_a_tensor_inside_vmap_is_refused() -> None:
    def send(row: torch.Tensor) -> torch.Tensor:
        with pytest.raises(WireError, match="Tensor"):
            encode(row)
        return row

    torch.vmap(send)(torch.zeros(2, 3))


@pytest.mark.parametrize("key", [1, None, b"a", (), Subclasses.Text("a")])
def test_dict_keys_other_than_str_are_refused_by_their_type(key: Any) -> None:
    with pytest.raises(WireError, match=rf"keys of type {type(key).__name__} cannot be checked"):
        encode({key: 1})


@pytest.mark.parametrize("ref", [Ref("file", 0), Ref("object", -1), Ref("object", 2**64)])
def test_a_handle_that_cannot_exist_is_refused(ref: Ref) -> None:
    with pytest.raises(WireError, match="is not a handle"):
        encode(ref)


def test_a_value_that_holds_itself_is_refused() -> None:
    ring: list[Any] = []
    ring.append(ring)
    with pytest.raises(WireError, match="nested"):
        encode(ring)


# --- handles


def test_other_values_become_handles_where_the_writer_knows_how() -> None:
    data = encode([print, 1], lambda thing: Ref("callback", 7) if thing is print else None)
    assert decode(data) == [Ref("callback", 7), 1]
    assert decode(data, lambda ref: f"{ref.kind} {ref.number}") == ["callback 7", 1]


def test_a_writer_that_knows_no_handle_for_a_value_refuses_it() -> None:
    with pytest.raises(WireError, match="builtin_function_or_method"):
        encode([print], lambda _: None)


# --- caps hold at the limit and one beyond


def nested(depth: int) -> Any:
    value: Any = None
    for _ in range(depth):
        value = [value]
    return value


def raw_nested(depth: int) -> bytes:
    return b"l\x00\x00\x00\x01" * depth + b"N"


def test_depth_is_capped() -> None:
    assert crossed(nested(MAX_DEPTH)) == nested(MAX_DEPTH)
    assert decode(raw_nested(MAX_DEPTH)) == nested(MAX_DEPTH)
    with pytest.raises(WireError, match=f"more than {MAX_DEPTH} deep"):
        encode(nested(MAX_DEPTH + 1))
    with pytest.raises(WireError, match=f"more than {MAX_DEPTH} deep"):
        decode(raw_nested(MAX_DEPTH + 1))


def test_depth_is_capped_through_dicts_and_tuples_too() -> None:
    value: Any = None
    for _ in range(MAX_DEPTH // 2):
        value = ({"a": value},)
    assert crossed(value) == value
    with pytest.raises(WireError, match="deep"):
        encode([value])


def test_the_number_of_values_is_capped() -> None:
    fits = [None] * (MAX_NODES - 1)
    assert crossed(fits) == fits
    with pytest.raises(WireError, match="return an array instead"):
        encode([*fits, None])
    with pytest.raises(WireError, match="more than 100,000 values"):
        decode(b"l" + struct.pack(">I", MAX_NODES) + b"N" * MAX_NODES)


def test_dict_keys_count_as_values() -> None:
    pairs = (MAX_NODES - 1) // 2
    assert len(crossed({str(number): None for number in range(pairs)})) == pairs
    with pytest.raises(WireError, match="return an array instead"):
        encode({str(number): None for number in range(pairs + 1)})


@pytest.mark.parametrize("sign", [1, -1])
def test_the_size_of_integers_is_capped(sign: int) -> None:
    largest = sign * (2 ** (8 * MAX_INT_BYTES - 1) - 1)
    assert crossed(largest) == largest
    with pytest.raises(WireError, match="an integer of 4,097 bytes"):
        encode(sign * 2 ** (8 * MAX_INT_BYTES - 1))
    with pytest.raises(WireError, match="an integer of 4,097 bytes"):
        decode(b"i" + struct.pack(">I", MAX_INT_BYTES + 1) + bytes(MAX_INT_BYTES + 1))


def test_an_integer_of_no_bytes_is_refused() -> None:
    with pytest.raises(WireError, match="an integer of 0 bytes"):
        decode(b"i\x00\x00\x00\x00")


def test_dimensions_are_capped() -> None:
    limit = wire.MAX_DIMENSIONS
    assert crossed(np.zeros((1,) * limit)).ndim == limit
    assert crossed(torch.zeros((1,) * limit)).ndim == limit
    for array in (np.zeros((1,) * (limit + 1)), torch.zeros((1,) * (limit + 1))):
        with pytest.raises(WireError, match="17 dimensions"):
            encode(array)
    with pytest.raises(WireError, match="17 dimensions"):
        decode(raw_array(b"n", b"uint8", (1,) * (limit + 1), b"x"))


@pytest.fixture
def small_frames(monkeypatch: pytest.MonkeyPatch) -> int:
    """Frames of at most 1,000 bytes, so that the cap is met without making 64 MiB."""
    monkeypatch.setattr(wire, "MAX_FRAME", 1_000)
    return 1_000


def test_the_size_of_a_frame_is_capped(small_frames: int) -> None:
    fits = b"x" * (small_frames - 5)
    assert crossed(fits) == fits
    assert len(encode(fits)) == small_frames
    with pytest.raises(WireError, match="1,001 bytes; at most 1,000"):
        encode(fits + b"x")
    with pytest.raises(WireError, match="a frame of 1,001 bytes"):
        decode(encode(fits) + b"x")


def test_the_length_in_a_frame_header_is_capped() -> None:
    assert wire.frame_length(struct.pack(">I", MAX_FRAME)) == MAX_FRAME
    with pytest.raises(WireError, match="67,108,865 bytes"):
        wire.frame_length(struct.pack(">I", MAX_FRAME + 1))


def test_a_frame_is_its_length_and_its_bytes() -> None:
    framed = wire.frame(b"abc")
    assert wire.frame_length(framed[:4]) == 3
    assert framed[4:] == b"abc"


@pytest.mark.usefixtures("small_frames")
def test_the_same_large_value_many_times_is_refused_while_it_is_written() -> None:
    with pytest.raises(WireError, match="more than 1,000 bytes"):
        encode([b"x" * 900] * 50_000)


@pytest.mark.parametrize(
    "array",
    [
        torch.zeros(1).expand(10**13),
        np.broadcast_to(np.zeros(1), (10**13,)),
        torch.zeros(1, 1).expand(10**6, 10**7),
        np.zeros((2**17, 2**10 + 1), np.bool_),
    ],
    ids=["expanded", "broadcast", "expanded twice", "just too large"],
)
def test_an_array_that_stands_for_too_many_bytes_is_refused_before_they_are_made(array: Any) -> None:
    with pytest.raises(WireError, match=r"at most 67,108,864"):
        encode(array)


# --- whatever comes in, a value or a WireError comes out, and no memory is wasted on it


def raw_array(library: bytes, dtype: bytes, shape: tuple[int, ...], raw: bytes) -> bytes:
    head = b"a" + library + bytes([len(dtype)]) + dtype + bytes([len(shape)])
    return head + struct.pack(f">{len(shape)}Q", *shape) + raw


def survives(data: bytes) -> bool:
    """Decode anything; say whether it was a value. Any exception but WireError fails the test."""
    said = ""
    try:
        decode(data)
    except WireError as error:
        said = str(error)
        assert said
    assert len(said) < 1_000
    return not said


SAMPLES = [
    [None, True, -5, 1.5, "né", b"raw", (1, [2]), {"a": {"b": ()}}],
    {"array": np.arange(6, dtype=np.int32).reshape(2, 3), "flags": np.array([True, False])},
    {"tensor": torch.arange(4).to(torch.bfloat16).reshape(2, 2), "none": torch.empty(0, 3), "one": torch.tensor(True)},
    ["ok", Ref("object", 3), [Ref("callback", 2**63)]],
    ["raised", ["ValueError", "Exception"], "message \ud800", ["line 1, in f: x"]],
    10**300,
]


@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_a_valid_encoding_cut_short_anywhere_is_refused(sample: Any) -> None:
    data = encode(sample)
    for end in range(len(data)):
        with pytest.raises(WireError):
            decode(data[:end])


@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_bytes_after_the_value_are_refused(sample: Any) -> None:
    with pytest.raises(WireError, match="1 bytes are left"):
        decode(encode(sample) + b"N")


@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_any_single_changed_byte_gives_a_value_or_a_refusal(sample: Any) -> None:
    data = encode(sample)
    for place in range(len(data)):
        for byte in {0, 1, 127, 128, 255, data[place] ^ 1, data[place] ^ 64, *b"NTFifsbldtanorc"}:
            survives(data[:place] + bytes([byte]) + data[place + 1 :])


@thorough
@given(st.binary(max_size=200))
def test_random_bytes_give_a_value_or_a_refusal(data: bytes) -> None:
    survives(data)


@thorough
@given(
    st.lists(
        st.sampled_from(
            [
                *(bytes([tag]) for tag in b"NTFifsbldtar"),
                b"\0\0\0\1",
                b"\0\0\0\2",
                b"\0\0\0\0",
                b"oc",
                b"n",
                b"\5uint8",
                b"\4bool",
            ]
        ),
        max_size=60,
    ).map(b"".join)
)
def test_random_grammar_gives_a_value_or_a_refusal(data: bytes) -> None:
    survives(data)


@repeatable
@given(values, st.data())
def test_mutated_encodings_give_a_value_or_a_refusal(value: Any, data: st.DataObject) -> None:
    raw = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        end = min(len(raw), start + data.draw(st.integers(0, 8)))
        raw[start:end] = data.draw(st.binary(max_size=8))
    survives(bytes(raw))


@pytest.mark.parametrize("tag", [b"s", b"b", b"i", b"l", b"t", b"d"])
@pytest.mark.parametrize("announced", [1, 5, 2**16, 2**31, 2**32 - 1])
def test_a_length_beyond_the_data_is_refused(tag: bytes, announced: int) -> None:
    assert not survives(tag + struct.pack(">I", announced))


LIES = [
    (4,),
    (2, 2),
    (2**63,),
    (2**64 - 1,),
    (2**32, 2**32),
    (2**16,) * 16,
    (0, 2**64 - 1),
    (0, MAX_FRAME + 1),
    (2**40, 0, 2**40),
    (0,) * 15 + (2**60,),
]


@pytest.mark.parametrize("shape", LIES, ids=str)
@pytest.mark.parametrize("library", [b"n", b"t"])
def test_a_shape_that_the_bytes_do_not_bear_out_is_refused(library: bytes, shape: tuple[int, ...]) -> None:
    for dtype in (b"uint8", b"float64", b"bool"):
        assert not survives(raw_array(library, dtype, shape, b"\0" * 3))


@pytest.mark.parametrize("library", [b"n", b"t"])
def test_bytes_beyond_the_shape_are_refused(library: bytes) -> None:
    assert survives(raw_array(library, b"int16", (2,), b"\0" * 4))
    assert not survives(raw_array(library, b"int16", (2,), b"\0" * 5))


@pytest.mark.parametrize(
    ("library", "dtype"),
    [
        (b"n", b"bfloat16"),
        (b"x", b"uint8"),
        (b"n", b"object"),
        (b"t", b"qint8"),
        (b"n", b"O"),
        (b"n", b"\xff\xfe"),
        (b"t", b""),
        (b"t", b"Tensor"),
    ],
)
def test_arrays_of_unknown_kind_are_refused(library: bytes, dtype: bytes) -> None:
    with pytest.raises(WireError, match="unknown kind"):
        decode(raw_array(library, dtype, (1,), bytes(8)))


@pytest.mark.parametrize("library", [b"n", b"t"])
def test_booleans_other_than_0_and_1_are_refused(library: bytes) -> None:
    assert survives(raw_array(library, b"bool", (2,), b"\0\1"))
    with pytest.raises(WireError, match="other than 0 and 1"):
        decode(raw_array(library, b"bool", (2,), b"\0\2"))


def test_a_dict_key_that_comes_twice_is_refused() -> None:
    entry = encode("a") + b"N"
    with pytest.raises(WireError, match="'a' comes twice"):
        decode(b"d" + struct.pack(">I", 2) + entry + entry)
    long = encode("\0" * 10_000) + b"N"
    with pytest.raises(WireError, match="comes twice") as caught:
        decode(b"d" + struct.pack(">I", 2) + long + long)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("key", [b"N", b"i\0\0\0\1\1", b"b\0\0\0\1a", b"l\0\0\0\0"])
def test_a_dict_key_of_another_type_is_refused(key: bytes) -> None:
    with pytest.raises(WireError, match="not a string"):
        decode(b"d\0\0\0\1" + key + b"N")


@pytest.mark.parametrize("raw", [b"\xff", b"\xc3", b"\xc0\x80", b"\xf5\x80\x80\x80", b"a\x80"])
def test_text_that_is_not_utf8_is_refused(raw: bytes) -> None:
    with pytest.raises(WireError, match="not UTF-8"):
        decode(b"s" + struct.pack(">I", len(raw)) + raw)


def test_very_deep_nesting_is_refused_without_recursing() -> None:
    assert sys.getrecursionlimit() < 50_000
    for tag in (b"l", b"t"):
        assert not survives((tag + b"\0\0\0\1") * 50_000 + b"N")
    assert not survives((b"d\0\0\0\1" + encode("k")) * 50_000 + b"N")


def peak(data: bytes) -> int:
    """Return the most bytes that Python held at once while `data` was decoded."""
    tracemalloc.start()
    try:
        survives(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


#: Frames made to be as expensive as possible per byte, and frames that announce far more than they bring.
GREEDY = {
    "empty lists": b"l" + struct.pack(">I", 5_000) + b"l\0\0\0\0" * 5_000,
    "empty dicts": b"d" + struct.pack(">I", 5_000) + b"".join(encode(f"{n:04}") + b"d\0\0\0\0" for n in range(5_000)),
    "tuples": b"t" + struct.pack(">I", 5_000) + b"t\0\0\0\1N" * 5_000,
    "numpy scalars": b"l" + struct.pack(">I", 2_500) + raw_array(b"n", b"bool", (), b"\0") * 2_500,
    "torch scalars": b"l" + struct.pack(">I", 2_500) + raw_array(b"t", b"bool", (), b"\0") * 2_500,
    "empty tensors": b"l" + struct.pack(">I", 2_500) + raw_array(b"t", b"bool", (0,), b"") * 2_500,
    "handles": b"l" + struct.pack(">I", 10_000) + encode(Ref("object", 2**60)) * 10_000,
    "wide text": encode("a" * 100_000 + "🗼"),
    "twice a long key": b"d\0\0\0\2" + (encode("\0" * 100_000) + b"N") * 2,
    "announces a list": b"l\xff\xff\xff\xff" + b"N" * 100,
    "announces a dict": b"d\xff\xff\xff\xff" + b"N" * 100,
    "announces text": b"s\xff\xff\xff\xff" + b"N" * 100,
    "announces an integer": b"i\xff\xff\xff\xff" + b"N" * 100,
    "announces an array": raw_array(b"n", b"float64", (2**20, 2**6), b"N" * 100),
    "announces a tensor": raw_array(b"t", b"float64", (2**20, 2**6), b"N" * 100),
    "announces lists in lists": b"l\0\0\0\x40" * 30 + b"N" * 100,
    "a wide tensor of nothing": raw_array(b"t", b"float64", (2**26, 0), b""),
    "a wide array of nothing": raw_array(b"n", b"float64", (2**26, 0), b""),
}


@pytest.mark.parametrize("name", GREEDY)
def test_decoding_holds_little_more_than_the_bytes_it_was_given(name: str) -> None:
    data = GREEDY[name]
    assert peak(data) < 50 * len(data) + 50_000
