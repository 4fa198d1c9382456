"""How few directions hold a weight update: its singular values, the best approximation of a rank, LoRA's costs."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import traitlets

from widgets import picture
from widgets.base import Widget, stored

_MOST = 256
_AXES = 2
_NAME = 28
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_LARGEST = (10**6, 10**6, 10**6, 10**6, 10**6, 2)  # of what `sizes` holds
_WHOLE = 1e-9  # how near to a whole number of units a number must be
_TARGETS = ("q", "k", "v", "o", "gate", "up", "down")

#: Width, width of k and v, width of the MLP, layers, vocabulary, and how many tables of embeddings there are (1 if the
#: output shares that of the input). From each model's config.json.
MODELS: Mapping[str, tuple[int, int, int, int, int, int]] = {
    "pocket-lm": (192, 96, 512, 4, 1152, 1),
    "Llama-2-7B": (4096, 4096, 11008, 32, 32000, 2),
    "Mistral-7B": (4096, 1024, 14336, 32, 32000, 2),
}


class LoRARank(Widget, script="lora_rank"):
    """Cut a weight update to its best approximation of rank r, and count what LoRA trains instead.

    The approximation keeps the r largest singular values. No matrix of rank r comes nearer, in the Frobenius norm
    (Eckart and Young 1936) or the spectral norm (Mirsky 1960). The relative residuals are
    ``sqrt(sum(s[r:]**2) / sum(s**2))`` and ``s[r] / s[0]``. LoRA trains ``r * (d_in + d_out)`` numbers for each matrix
    (Hu and others 2021, arXiv 2106.09685).

    Parameters
    ----------
    update
        What training added to a matrix: W after minus W before, as a list of rows, an array or a tensor, at most 256 by
        256, finite, not all 0.
    name
        What to call it, at most 28 characters.
    caption
        A line above the picture, such as where the update comes from.
    contrast
        A second matrix and its name, shown beside the first at the same rank. By default random numbers of the same
        shape and norm.
    rank
        The rank to open with.
    losses
        The model's loss with its updates cut to rank 0, 1, 2 and so on, if it was measured.

    Raises
    ------
    ValueError
        If a matrix is not one, is too large, all 0 or not finite, or a name too long.
    traitlets.TraitError
        If a setting is out of its range; the same when it is set later. The widget then says so and keeps the last one.

    Examples
    --------
    >>> LoRARank([[3.0, 0.0], [0.0, 4.0]], "a small update", rank=2)
    """

    shared: ClassVar[tuple[str, ...]] = ("rank", "tens", "sizes", "targets", "lora")

    update = traitlets.Bytes().tag(sync=True)
    """Rows, columns and a unit as float64; then numbers in that unit: of 1 byte, float32 or float64."""
    name = traitlets.Unicode().tag(sync=True)
    caption = traitlets.Unicode().tag(sync=True)
    contrast = traitlets.Bytes().tag(sync=True)
    contrast_name = traitlets.Unicode().tag(sync=True)
    losses = traitlets.List(traitlets.Float()).tag(sync=True)
    models = traitlets.Dict().tag(sync=True)
    """`sizes` of models by name, to choose from."""
    rank = traitlets.Int(1).tag(sync=True)
    tens = traitlets.Bool(default_value=False).tag(sync=True)
    """Whether the axis of the singular values has a step for each power of ten."""
    sizes = traitlets.List(traitlets.Int()).tag(sync=True)
    """Of the model whose LoRA is counted: a row like those of `MODELS`."""
    targets = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """The matrices of each layer that get a LoRA: q, k, v, o, gate, up, down."""
    lora = traitlets.Int(8).tag(sync=True)
    """The rank of the LoRA that is counted."""

    def __init__(
        self,
        update: Any,
        name: str = "the update",
        caption: str = "",
        contrast: tuple[Any, str] | None = None,
        *,
        rank: int = 1,
        losses: Sequence[float] = (),
    ) -> None:
        import numpy as np

        matrix = _checked(update, "the update")
        if contrast is None:
            drawn = np.random.default_rng(0).standard_normal(matrix.shape)
            # The norms are taken of numbers near 1, so that none overflows.
            top = np.abs(matrix).max()
            scale = np.linalg.norm(matrix / top) / np.linalg.norm(drawn) * top
            other, other_name = drawn * scale, "random, of the same norm"
        else:
            other, other_name = _checked(contrast[0], "the contrast"), contrast[1]
        if any(len(each) > _NAME for each in (name, other_name)):
            raise ValueError(f"a name has at most {_NAME} characters; put the rest into the caption")
        if not all(math.isfinite(loss) for loss in losses):
            raise ValueError("a loss is not finite")
        self._spectra = [np.linalg.svd(each, compute_uv=False).tolist() for each in (matrix, other)]
        super().__init__(
            update=_packed(matrix),
            name=name,
            caption=caption,
            contrast=_packed(other),
            contrast_name=other_name,
            losses=[float(loss) for loss in losses],
            models={each: list(sizes) for each, sizes in MODELS.items()},
            rank=rank,
            sizes=list(MODELS["Llama-2-7B"]),
            targets=["q", "v"],
        )

    @classmethod
    def example(cls) -> Self:
        """Return an update of pocket-lm beside the weights that it was added to."""
        run = stored("lora_rank")
        update, before = (_unrounded(run[key]) for key in ("update", "before"))
        losses = run["losses"]
        caption = (
            f"What {run['steps']} steps of full fine-tuning, of all {run['matrices']} matrices in the layers, added to "
            f"v_proj in layer {run['layer'] + 1} of pocket-lm. It learned to answer “It is …”: the loss on names it "
            f"never saw fell from {losses[0]:.2f} to {losses[-1]:.3f}. Rounded to 8 bits. This stands in until the "
            "LoRA chapter's run."
        )
        return cls(update, "update of v_proj", caption, (before, "v_proj before"), losses=losses)

    def residuals(self, rank: int) -> tuple[float, float, float]:
        """Return the energy that a rank keeps, and its relative Frobenius and spectral residuals."""
        return _kept(self._spectra[0], rank)

    def describe(self) -> str:
        """Return the question and what the rank keeps."""
        energy, frobenius, _ = self.residuals(self.rank)
        return (
            f"{self.question} {self.caption}".rstrip()
            + f" (Rank {self.rank} of {self._depth()} keeps {energy:.1%} of the energy of: {self.name}; the relative "
            f"Frobenius residual is {frobenius:.3f}.)"
        )

    def numbers(self) -> tuple[list[str], list[list[str]]]:
        """Return what a few ranks keep of both matrices."""
        head = ["rank", "energy kept", "Frobenius residual", "spectral residual"]
        ranks = sorted({rank for rank in (*_ROWS, self.rank, self._depth()) if rank <= self._depth()})
        rows = [
            [str(rank), *(f"{share:.4f}" for spectrum in self._spectra for share in _kept(spectrum, rank))]
            for rank in ranks
        ]
        return head + [f"{words}, {self.contrast_name}" for words in head[1:]], rows

    def picture(self) -> str:
        """Return the singular values of both matrices, as shares of the largest; the kept ones stand out."""
        size = max(map(len, self._spectra))
        frame = picture.Frame((0, size, "number of the singular value"), (0, 1, "singular value ÷ largest"))
        parts = frame.axes()
        mine, others = ([value / spectrum[0] for value in spectrum] for spectrum in self._spectra)
        bars = [(frame.x(place), frame.x(place + 1) - 1, frame.y(share)) for place, share in enumerate(mine)]
        for few, role in ((bars[: self.rank], "truth"), (bars[self.rank :], "ghost")):
            parts.append(picture.columns(few, frame.y(0), role))
        parts.append(
            picture.line([(frame.x(place + 0.5), frame.y(share)) for place, share in enumerate(others)], "draft")
        )
        words = [f"bars: {self.name}, {self.rank} kept", f"line: {self.contrast_name}"]
        parts += [picture.text(picture.WIDTH - 16, 40 + 18 * row, each, anchor="end") for row, each in enumerate(words)]
        return picture.svg(frame.height, parts, self.describe())

    def _depth(self) -> int:
        return len(self._spectra[0])

    @traitlets.validate("rank")
    def _check_rank(self, proposal: Any) -> int:
        if not 1 <= proposal["value"] <= self._depth():
            self.refuse(f"the rank must be 1 to {self._depth()}, not {proposal['value']}")
        return int(proposal["value"])

    @traitlets.validate("sizes")
    def _check_sizes(self, proposal: Any) -> list[int]:
        sizes = proposal["value"]
        if len(sizes) != len(_LARGEST) or not all(
            1 <= size <= most for size, most in zip(sizes, _LARGEST, strict=True)
        ):
            self.refuse(
                "sizes are six whole numbers from 1 to a million: width, width of k and v, width of the MLP, layers, "
                "vocabulary, and 1 or 2 tables of embeddings"
            )
        return list(sizes)

    @traitlets.validate("targets")
    def _check_targets(self, proposal: Any) -> list[str]:
        targets = proposal["value"]
        if not targets or len(set(targets)) < len(targets) or not set(targets) <= set(_TARGETS):
            self.refuse(f"targets are one or more of {', '.join(_TARGETS)}, each once")
        return list(targets)

    @traitlets.validate("lora")
    def _check_lora(self, proposal: Any) -> int:
        most = min(size for target in self.targets for size in shapes(self.sizes)[target])
        if not 1 <= proposal["value"] <= most:
            self.refuse(
                f"the rank of the LoRA must be 1 to {most}, the shortest side of its matrices, not {proposal['value']}"
            )
        return int(proposal["value"])


def shapes(sizes: Sequence[int]) -> dict[str, tuple[int, int]]:
    """Return what goes into and comes out of each matrix of a layer, for sizes like those in `MODELS`."""
    width, narrow, mlp = sizes[:3]
    return {
        "q": (width, width), "k": (width, narrow), "v": (width, narrow), "o": (width, width),
        "gate": (width, mlp), "up": (width, mlp), "down": (mlp, width),
    }  # fmt: skip


def _kept(spectrum: Sequence[float], rank: int) -> tuple[float, float, float]:
    inside, outside = (sum((s / spectrum[0]) ** 2 for s in part) for part in (spectrum[:rank], spectrum[rank:]))
    after = spectrum[rank] if rank < len(spectrum) else 0.0
    return inside / (inside + outside), math.sqrt(outside / (inside + outside)), after / spectrum[0]


def _checked(matrix: Any, what: str) -> Any:
    """Return a matrix as float64, or raise ValueError with what is wrong with it."""
    import numpy as np

    listed = matrix.tolist() if hasattr(matrix, "tolist") else matrix  # also of a tensor that needs a gradient
    try:
        values = np.array(listed, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{what} is not a matrix: give rows of equal length, an array or a tensor") from None
    if values.ndim != _AXES or not values.size:
        raise ValueError(f"{what} has the shape {values.shape}; a matrix has rows and columns, and not 0 of them")
    if max(values.shape) > _MOST:
        raise ValueError(f"{what} is {values.shape[0]} by {values.shape[1]}; at most {_MOST} by {_MOST} can be shown")
    if not np.isfinite(values).all():
        raise ValueError(f"{what} has a number that is not finite")
    if not values.any():
        raise ValueError(f"{what} is all 0: there is nothing to approximate")
    return values


def _packed(matrix: Any) -> bytes:
    """Return what the browser reads, in as few bytes as are exact: one for weights of 8 bits, four for float32."""
    import numpy as np

    unit = float(np.abs(matrix).max()) / 127
    whole = np.round(matrix / unit)
    with np.errstate(over="ignore"):
        single = matrix.astype("<f4")
    if np.abs(matrix / unit - whole).max() < _WHOLE:
        data = whole.astype(np.int8)
    else:
        unit, data = 1.0, single if (single == matrix).all() else matrix.astype("<f8")
    return struct.pack("<3d", *matrix.shape, unit) + bytes(data.tobytes())


def _unrounded(kept: Mapping[str, Any]) -> Any:
    """Return a stored matrix."""
    import numpy as np

    whole = np.frombuffer(base64.b64decode(kept["int8"]), np.int8).reshape(kept["rows"], kept["columns"])
    return whole.astype(np.float64) * kept["unit"]
