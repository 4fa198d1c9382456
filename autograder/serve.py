"""The student's side of the conversation: takes a request, runs the student's code, gives the reply.

This module runs in the student's process (and, for `check`, in the student's own notebook). It holds no
seed, no probe and no expectation, and whatever it answers is only ever data to the other side.

Requests are lists, the verb first::

    ["call", name, args, kwargs, keep]            -> ["ok", value], or ["ok", [value, args]] if keep
    ["new", name, args, kwargs]                   -> ["ok", Ref]
    ["method", object, name, args, kwargs, keep]  -> as call
    ["get", object, name], ["set", object, name, value]
    ["grad", name, args, kwargs, wrt, cotangent]  -> ["ok", gradient with respect to args[wrt]]

and every one may end in ``["raised", class names, message, lines]``, ``["refused", why]`` or
``["missing", name]``. While it works, the student's code may call a function that was passed in: that
goes out as ``["callback", number, args, kwargs]`` and comes back as ``["ok", value]`` or
``["raised", class name, message]``.
"""

from __future__ import annotations

import builtins
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.wire import Ref, WireError, decode, encode

Ask = Callable[[bytes], bytes]

_OURS = Path(__file__).resolve().parent
_LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_MESSAGE_LIMIT = 2_000
_NAME_LIMIT = 200
_LINES_LIMIT = 3


class Server:
    """Answers requests about the functions and classes of one namespace.

    Parameters
    ----------
    namespace
        Where the student's names are looked up, at each request anew.
    ask
        Sends a callback message to the checking side and waits for its reply.
    """

    def __init__(self, namespace: dict[str, Any], ask: Ask) -> None:
        self._namespace = namespace
        self._ask = ask
        self._objects: dict[int, Any] = {}

    def handle(self, request: bytes) -> bytes:
        """Answer one request. Only KeyboardInterrupt passes through: it is the reader's own."""
        try:
            reply = self._run(decode(request, self._from_ref))
            return encode(["ok", reply], Callback.to_ref)
        except WireError as error:
            return encode(["refused", str(error)])
        except _MissingNameError as error:
            return encode(["missing", error.name])
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return encode(describe_error(error))

    def _run(self, request: list[Any]) -> Any:
        match request:
            case ["call", str(name), list(args), dict(kwargs), bool(keep)]:
                value = self._find(name)(*args, **kwargs)
                return [value, args] if keep else value
            case ["new", str(name), list(args), dict(kwargs)]:
                return self._hold(self._find(name)(*args, **kwargs))
            case ["method", target, str(name), list(args), dict(kwargs), bool(keep)]:
                value = getattr(target, name)(*args, **kwargs)
                return [value, args] if keep else value
            case ["get", target, str(name)]:
                return getattr(target, name)
            case ["set", target, str(name), value]:
                setattr(target, name, value)
                return None
            case ["grad", str(name), list(args), dict(kwargs), int(wrt), cotangent]:
                return _gradient(self._find(name), args, kwargs, wrt, cotangent)
        raise WireError("an unknown request")

    def _find(self, name: str) -> Any:
        if name not in self._namespace:
            raise _MissingNameError(name)
        return self._namespace[name]

    def _hold(self, thing: Any) -> Ref:
        number = len(self._objects)
        self._objects[number] = thing
        return Ref("object", number)

    def _from_ref(self, ref: Ref) -> Any:
        if ref.kind == "callback":
            return Callback(ref.number, self._ask)
        if ref.number not in self._objects:
            raise WireError(f"there is no object number {ref.number}")
        return self._objects[ref.number]


class Callback:
    """A function of the checking side, as the student's code sees it."""

    def __init__(self, number: int, ask: Ask) -> None:
        self.number = number
        self._ask = ask

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it; what it raises there is raised here, as the builtin exception of the same name."""
        message = ["callback", self.number, list(args), kwargs]
        try:
            request = encode(message, self.to_ref)
        except WireError as error:
            raise TypeError(f"this function was called with {error}") from None
        match decode(self._ask(request)):
            case ["ok", value]:
                return value
            case ["raised", str(kind), str(text)]:
                raise _builtin_error(kind, text)
        raise RuntimeError("the function that was passed in gave no answer")

    @staticmethod
    def to_ref(thing: Any) -> Ref | None:
        """Return the handle of a callback that goes back to its side, as in a list of arguments; None for others."""
        return Ref("callback", thing.number) if type(thing) is Callback else None

    def __repr__(self) -> str:
        return f"<function {self.number}, passed in by the checker>"


class _MissingNameError(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _builtin_error(kind: str, text: str) -> Exception:
    found = getattr(builtins, kind, None)
    if isinstance(found, type) and issubclass(found, Exception):
        try:
            return found(text)
        except TypeError:  # a few take more than a text, such as UnicodeDecodeError
            return RuntimeError(f"{kind}: {text}")
    return RuntimeError(text)


def _gradient(function: Any, args: list[Any], kwargs: dict[str, Any], wrt: int, cotangent: Any) -> Any:
    """Return the gradient of the sum of result times cotangent; of a tuple of results, with a tuple of cotangents."""
    import torch

    leaf = args[wrt].detach().clone().requires_grad_()
    returned = function(*[*args[:wrt], leaf, *args[wrt + 1 :]], **kwargs)
    results, cotangents = ((returned,), (cotangent,)) if isinstance(cotangent, torch.Tensor) else (returned, cotangent)
    if type(results) is not tuple or len(results) != len(cotangents):
        raise WireError(f"a tuple of {len(cotangents)} tensors was expected, a {type(returned).__name__} was returned")
    for result, expected in zip(results, cotangents, strict=True):
        if not isinstance(result, torch.Tensor):
            raise WireError(f"a {type(result).__name__} was returned where a tensor with a gradient was expected")
        if not result.requires_grad and len(results) == 1:
            raise RuntimeError("the result does not depend on the input for autograd: is it detached on the way?")
        if result.shape != expected.shape:
            shape = tuple(expected.shape)
            raise WireError(f"a result of shape {tuple(result.shape)} was returned, shape {shape} was expected")
    depending = [(result, given) for result, given in zip(results, cotangents, strict=True) if result.requires_grad]
    if not depending:
        raise RuntimeError("the results do not depend on the input for autograd: are they detached on the way?")
    (gradient,) = torch.autograd.grad(
        [result for result, _ in depending], leaf, [given for _, given in depending], allow_unused=True
    )
    return torch.zeros_like(leaf) if gradient is None else gradient


#: A class's own name and bases, whatever its metaclass says.
_name_of = vars(type)["__name__"].__get__
_bases_of = vars(type)["__mro__"].__get__


def describe_error(error: BaseException) -> list[Any]:
    """Write an exception as a reply: its class names (itself first), its message, the student's last lines.

    Names, message and traceback are the student's code too: whatever they do, a reply comes out.
    """
    kinds = [_cut(_name_of(kind), _NAME_LIMIT) for kind in _bases_of(type(error)) if kind is not object]
    try:
        message = _cut(str(error), _MESSAGE_LIMIT)
    except KeyboardInterrupt:
        raise
    except BaseException:  # a hostile __str__ must not end the conversation, by SystemExit either
        message = ""
    try:
        lines = student_lines(error)
    except Exception:  # no source, no working directory, a filename that is none: the message must do
        lines = []
    return ["raised", kinds, message, lines]


def _cut(text: str, limit: int) -> str:
    """Return the beginning of a text as a plain str, even if the text is of a subclass that slices in its own way."""
    return str.__getitem__(text, slice(0, limit))


def student_lines(error: BaseException) -> list[str]:
    """Return the student's last few lines in a traceback, as ``line 4, in softmax: return z / t``.

    Lines of ours are left out, and those of libraries too, which would push the student's own out of sight.
    """
    frames = [
        item for item in traceback.extract_tb(error.__traceback__) if Path(item.filename).resolve().parent != _OURS
    ]
    own = [item for item in frames if not item.filename.startswith(_LIBRARIES)] or frames
    return [f"line {item.lineno}, in {item.name}: {(item.line or '').strip()}" for item in own[-_LINES_LIMIT:]]
