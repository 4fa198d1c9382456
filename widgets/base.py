"""What every widget is in Python: traits that the browser answers from, a fallback, and a page of its own."""

from __future__ import annotations

import base64
import html
import json
import math
import struct
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, NoReturn, Self

import anywidget
import traitlets

from widgets.module import compose, page, question

# A widget's module and the core together; each instance in a notebook carries its own copy.
MODULE_LIMIT = 30 * 1024
#: Of what `Widget.state` returns; a new one when the meaning of a setting changes.
STATE_VERSION = 1


class Widget(anywidget.AnyWidget):
    """The base of all widgets.

    A subclass names its JavaScript file, `class Temperature(Widget, script="temperature")`, and lists in `shared` the
    traits that a reader changes; these are also what the page made by `to_html` keeps in its address.
    """

    shared: ClassVar[tuple[str, ...]] = ()
    script: ClassVar[str]
    question: ClassVar[str]
    """The one question that it answers: its title."""

    prediction = traitlets.Unicode().tag(sync=True)
    """What the reader predicted: empty before, "skip" to open without asking."""
    problem = traitlets.Unicode().tag(sync=True)
    """A sentence that the widget shows above its picture, such as why a setting was not taken."""
    made = traitlets.Dict().tag(sync=True)
    """The settings that it was made with; Reset returns to them."""
    version = traitlets.Int(STATE_VERSION, read_only=True).tag(sync=True)
    key = traitlets.Unicode().tag(sync=True)
    """Tells the picture that stands in for this very widget where no script runs."""

    def __init_subclass__(cls, *, script: str | None = None, **kwargs: Any) -> None:
        """Read the widget's JavaScript once, when its class is made."""
        if script is not None:  # None: anywidget makes a subclass of its own for each instance
            cls.script = script
            cls._esm = compose(script)
            cls.question = question(script)
        super().__init_subclass__(**kwargs)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.made = {name: getattr(self, name) for name in self.shared}
        self.key = self.model_id or ""
        self.observe(self._settle, names=list(self.shared))

    @classmethod
    @abstractmethod
    def example(cls) -> Self:
        """Return one to show, made without a model and without torch: for the gallery, the tests and the benchmarks."""

    @abstractmethod
    def numbers(self) -> tuple[list[str], list[list[str]]]:
        """Return the head and the rows of the table that stands in where no script runs."""

    @abstractmethod
    def describe(self) -> str:
        """Return one or two sentences that say what the widget shows."""

    @abstractmethod
    def picture(self) -> str:
        """Return a picture of the state as SVG, for where no script runs; `widgets.picture` draws it."""

    def state(self) -> dict[str, Any]:
        """Return what the reader set, ready for JSON; `load` opens the same view again."""
        return {"version": self.version, **{name: getattr(self, name) for name in (*self.shared, "prediction")}}

    def load(self, state: Mapping[str, Any]) -> Self:
        """Take over a saved state as far as it can be understood; what cannot be is said in the widget.

        Parameters
        ----------
        state
            What `state` returned, here or in another version.

        Returns
        -------
        Widget
            This widget.
        """
        refused = [] if state.get("version") == self.version else ["it was saved by another version"]
        for name, value in state.items():
            if name == "version":
                continue
            if name not in (*self.shared, "prediction"):
                refused.append(f"{name} is not known")
                continue
            try:
                setattr(self, name, value)
            except traitlets.TraitError as error:
                refused.append(str(error))
        self.problem = f"Not all of the saved state was taken: {'; '.join(refused)}." if refused else ""
        return self

    def refuse(self, sentence: str) -> NoReturn:
        """Raise TraitError, and show the sentence in the widget, which keeps its last good state."""
        self._say(sentence)
        raise traitlets.TraitError(sentence)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the browser sent; what does not fit is said in the widget, which keeps its last good state."""
        try:
            super().set_state(sync_data)
        except traitlets.TraitError as error:  # traitlets took back all that came with it, `problem` too
            self._say(str(error))

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
        target = Path(path)
        target.write_text(self.page(f"nexttoken · {type(self).__name__}"), encoding="utf-8")
        return target

    def page(self, heading: str, home: str = "") -> str:
        """Return the text of the page that `to_html` writes; `home` is the address of a list of all widgets."""
        names = [name for name in self.trait_names(sync=True) if not name.startswith("_") and name != "key"]
        own = {name for each in type(self).__mro__ if issubclass(each, Widget) for name in vars(each)}
        state = self.get_state([name for name in names if name in own])
        packed = {name: _pack(value) for name, value in state.items()}
        return page(self.script, heading, packed, [*self.shared, "prediction"], self._still(), home)

    def __repr__(self) -> str:
        """Return the fallback as text: it is what a terminal shows."""
        head, rows = self.numbers()
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
        return "\n".join([self.describe(), *lines])

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle[0]["text/plain"] = self.describe()
        return bundle

    def _ipython_display_(self) -> None:
        """Show the widget, and beside it the picture that stands in for it: alive, the widget hides that."""
        from IPython.display import display

        bundle = self._repr_mimebundle_()
        if bundle is not None:
            display(bundle[0], metadata=bundle[1], raw=True)
        still = f'<div data-nt-still="{html.escape(self.key)}">{self._still()}</div>'
        display({"text/html": still, "image/svg+xml": self.picture(), "text/plain": ""}, raw=True)

    def _still(self) -> str:
        """Return picture, sentence and numbers as HTML that needs no script; end tags that may be left out are."""
        head, rows = self.numbers()
        top = "".join(f'<th scope="col">{html.escape(cell)}' for cell in head)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}" for cell in row) for row in rows)
        table = f"<table><thead><tr>{top}<tbody>{body}</table>"
        return f"{self.picture()}<p>{html.escape(self.describe())}</p>{table}"

    def _say(self, sentence: str) -> None:
        self.problem = f"{sentence[0].upper()}{sentence[1:]}."

    def _settle(self, _change: object) -> None:
        self.problem = ""


class Floats(traitlets.TraitType[tuple[float, ...], Any]):
    """A row of numbers from a list, an array or a tensor, sent as bytes: exact, infinities included.

    The first byte says how many bytes each number takes: 4 where float32 holds all of them exactly, else 8.
    """

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


def texts_to_json(texts: Sequence[str], _widget: object = None) -> str:
    """Write texts as one, each behind a character that is in none: a list would take a line for each in a notebook."""
    written = "".join(texts)
    part = next(each for each in chain("|", map(chr, range(0xA1, 0xD800))) if each not in written)
    return "".join(part + text for text in texts)


def texts_from_json(written: str, _widget: object = None) -> list[str]:
    """Read what `texts_to_json` wrote."""
    return written.split(written[0])[1:] if written else []


class Texts(traitlets.List[str]):
    """Texts such as the tokens of a vocabulary, sent as one text."""

    def __init__(self) -> None:
        super().__init__(traitlets.Unicode())
        self.tag(sync=True, to_json=texts_to_json, from_json=texts_from_json)


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


def stored(name: str) -> Any:
    """Return what ``python -m widgets.data.NAME`` measured and stored."""
    return json.loads((Path(__file__).parent / "data" / f"{name}.json").read_text(encoding="utf-8"))


_KINDS = {4: "f", 8: "d"}


def _to_bytes(values: tuple[float, ...], _widget: object) -> bytes:
    try:
        short = struct.pack(f"<B{len(values)}f", 4, *values)
    except OverflowError:
        short = b""
    return short if short and _from_bytes(short) == values else struct.pack(f"<B{len(values)}d", 8, *values)


def _from_bytes(data: bytes, _widget: object = None) -> tuple[float, ...]:
    return struct.unpack_from(f"<{(len(data) - 1) // data[0]}{_KINDS[data[0]]}", data, 1)


def _pack(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"base64": base64.b64encode(value).decode("ascii")}
    return value
