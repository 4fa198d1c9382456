"""Replaces the server's answers by bytes that are no value, a status of its own, a reference, a list too deep."""

# earns: double 0, Counter 0, twice 0
# shows: the reply

# %%
import itertools

import autograder.serve
from autograder.wire import Ref, encode

junk = itertools.cycle(
    [
        b"",
        b"l\xff\xff\xff\xff",
        encode(["passed", 4]),
        encode(["ok"]),
        encode(["ok", Ref("object", 2**60)]),
        encode(["ok", Ref("callback", 0)]),
        encode(["raised", [], "", []]),
        encode(["raised", ["A" * 5000] * 99, "x" * 99_999, ["y" * 9999] * 99]),
        encode(["missing", "z" * 9999]),
        b"l\0\0\0\1" * 40_000,
        b"an\x04bool\x01" + bytes(7) + b"\x01\x07",
    ]
)
autograder.serve.Server.handle = lambda *_: next(junk)
