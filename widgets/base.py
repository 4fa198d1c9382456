"""What every widget is in Python: traits that the browser answers from, a fallback, and a page of its own."""

from __future__ import annotations

import base64
import html
import math
import struct
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets

from widgets.module import compose, page

# A widget's module and the core together; each instance in a notebook carries its own copy.
MODULE_LIMIT = 30 * 1024


class Widget(anywidget.AnyWidget):
    """The base of all widgets.

    A subclass names its JavaScript file, `class Temperature(Widget, script="temperature")`, and lists in `shared` the
    traits that a reader changes; these are also what the page made by `to_html` keeps in its address.
    """

    shared: ClassVar[tuple[str, ...]] = ()
    script: ClassVar[str]

    prediction = traitlets.Unicode().tag(sync=True)
    """What the reader predicted: empty before, "skip" to open without asking."""

    def __init_subclass__(cls, *, script: str | None = None, **kwargs: Any) -> None:
        """Read the widget's JavaScript once, when its class is made."""
        if script is not None:  # None: anywidget makes a subclass of its own for each instance
            cls.script = script
            cls._esm = compose(script)
        super().__init_subclass__(**kwargs)

    @abstractmethod
    def numbers(self) -> tuple[list[str], list[list[str]]]:
        """Return the head and the rows of the table that stands in where no script runs."""

    @abstractmethod
    def describe(self) -> str:
        """Return one sentence that says what the widget shows."""

    def state(self) -> dict[str, Any]:
        """Return what the reader set; `Temperature(logits, tokens, **state)` opens the same view again."""
        return {name: getattr(self, name) for name in (*self.shared, "prediction")}

    def to_html(self, path: str | Path) -> Path:
        """Write one page that holds everything, opens from disk and asks the network for nothing.

        Parameters
        ----------
        path
            The file to write; an existing one is replaced.

        Returns
        -------
        Path
            The file.
        """
        names = [name for name in self.trait_names(sync=True) if not name.startswith("_")]
        own = {name for each in type(self).__mro__ if issubclass(each, Widget) for name in vars(each)}
        state = self.get_state([name for name in names if name in own])
        packed = {name: _pack(value) for name, value in state.items()}
        target = Path(path)
        text = page(
            self.script,
            f"nexttoken · {type(self).__name__}",
            packed,
            [*self.shared, "prediction"],
            self._fallback_html(),
        )
        target.write_text(text, encoding="utf-8")
        return target

    def __repr__(self) -> str:
        """Return the fallback as text: it is what a terminal shows."""
        head, rows = self.numbers()
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
        return "\n".join([self.describe(), *lines])

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            # Hosts that know widgets prefer the widget; a saved notebook on a web page shows this.
            bundle[0].update({"text/plain": repr(self), "text/html": self._fallback_html()})
        return bundle

    def _fallback_html(self) -> str:
        head, rows = self.numbers()
        top = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        table = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
        return f"<p>{html.escape(self.describe())}</p>{table}"


class Floats(traitlets.TraitType[tuple[float, ...], Any]):
    """A row of numbers from a list, an array or a tensor, sent as float64 bytes: exact, infinities included."""

    info_text = "a row of numbers (a list, an array or a tensor of one dimension)"

    def __init__(self) -> None:
        super().__init__(default_value=())
        self.tag(sync=True, to_json=_to_bytes, from_json=_from_bytes)

    def validate(self, obj: Any, value: Any) -> tuple[float, ...]:
        """Return the numbers as a tuple of floats, or raise TraitError."""
        try:
            return tuple(float(number) for number in as_list(value))
        except (TypeError, ValueError):
            self.error(obj, value)


def as_list(values: Any) -> list[Any]:
    """Return a list, whatever kind of sequence, array or tensor is given; no array library is imported."""
    listed = values.tolist() if hasattr(values, "tolist") else values
    if isinstance(listed, str) or not isinstance(listed, Iterable):
        raise TypeError(f"expected a list, an array or a tensor, not {type(values).__name__}")
    return list(listed)


def check_logits(logits: Sequence[float]) -> None:
    """Raise ValueError unless a softmax of these logits is defined."""
    if not any(math.isfinite(number) for number in logits):
        raise ValueError("the logits need at least one finite number")
    for place, number in enumerate(logits):
        if math.isnan(number) or number == math.inf:
            raise ValueError(f"logit {place} is {number}; a logit is finite, or -inf for a token that cannot come")


def _to_bytes(values: tuple[float, ...], _widget: object) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)


def _from_bytes(data: bytes, _widget: object) -> tuple[float, ...]:
    return struct.unpack(f"<{len(data) // 8}d", data)


def _pack(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"base64": base64.b64encode(value).decode("ascii")}
    return value
