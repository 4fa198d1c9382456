"""The pixels of a scene: shapes as signed distance functions, their edges blended over one pixel."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from pocket.world.pictures import BACKGROUNDS, COLOURS, GRID, POSITIONS, RGB, Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Field = NDArray[np.floating[Any]]

# In half-cells: the radius of a thing, before its jitter. With the jitter it stays inside its cell.
RADII: Final = {"small": 0.58, "large": 0.88}
SHRINK = 0.06  # a thing is drawn up to this much smaller than its radius says
TURN = 0.12  # and turned by up to this many radians


def render(scene: Scene, size: int = 48, paints: Mapping[str, RGB] = COLOURS) -> NDArray[np.uint8]:
    """Paint a scene; the same scene gives the same bytes, and at every size the same picture.

    Each shape is a signed distance function (negative inside); its edge is blended over one pixel.

    Parameters
    ----------
    scene : Scene
        What to paint.
    size : int
        Pixels a side, at least 3.
    paints : mapping
        Each colour's RGB; another than `COLOURS` paints the scene in colours that its words do not name.

    Returns
    -------
    numpy.ndarray
        RGB, shape (size, size, 3), dtype uint8.
    """
    if size < GRID:
        raise ValueError(f"a picture is at least {GRID} pixels a side, not {size}")
    picture = np.empty((size, size, 3))
    picture[:] = BACKGROUNDS[scene.background]
    half = size / (2 * GRID)  # pixels in half a cell: the unit of RADII
    for thing in scene.things:
        row, column = divmod(POSITIONS.index(thing.position), GRID)
        rows = slice(int(2 * half * row), int(np.ceil(2 * half * (row + 1))))
        columns = slice(int(2 * half * column), int(np.ceil(2 * half * (column + 1))))
        # Pixel centres in half-cells from the middle of the cell, x to the right, y up.
        x = (np.arange(columns.start, columns.stop) + 0.5)[None, :] / half - (2 * column + 1)
        y = (2 * row + 1) - (np.arange(rows.start, rows.stop) + 0.5)[:, None] / half
        x, y, radius = _jittered(x, y, RADII[thing.size], scene.seed * len(POSITIONS) + POSITIONS.index(thing.position))
        distance = _DISTANCES[thing.shape](x / radius, y / radius) * radius * half  # in pixels
        cover = np.clip(0.5 - distance, 0.0, 1.0)[..., None]
        picture[rows, columns] += cover * (np.array(paints[thing.colour]) - picture[rows, columns])
    return np.rint(picture).astype(np.uint8)


def to_image(scene: Scene, size: int = 192) -> Image.Image:
    """Give the rendered scene as a PIL image, by default large enough to look at."""
    return Image.fromarray(render(scene, size))


def _jittered(x: Field, y: Field, radius: float, seed: int) -> tuple[Field, Field, float]:
    """Move, turn and shrink a thing a little: the coordinates to draw it in, and its radius, both in half-cells.

    The seed is the thing's own, so taking another thing away leaves this one where it is.
    """
    rng = random.Random(seed)
    room = 0.97 - radius  # what keeps the thing in its cell
    dx, dy = (rng.uniform(-room, room) for _ in range(2))
    cosine, sine = np.cos(turn := rng.uniform(-TURN, TURN)), np.sin(turn)
    x, y = x - dx, y - dy
    return cosine * x + sine * y, cosine * y - sine * x, radius * (1 - rng.uniform(0, SHRINK))


# Signed distances for a thing of radius about 1, all of about the same visible size. Formulas: Inigo Quilez, "2D
# distance functions", https://iquilezles.org/articles/distfunctions2d/ (here a polygon's distance is that to the line
# of its nearest edge, which keeps corners sharp).


def _circle(x: Field, y: Field) -> Field:
    return np.hypot(x, y) - 0.95


def _ring(x: Field, y: Field) -> Field:
    return np.abs(np.hypot(x, y) - 0.73) - 0.24


def _box(x: Field, y: Field, width: float, height: float) -> Field:
    return np.maximum(np.abs(x) - width, np.abs(y) - height)


def _square(x: Field, y: Field) -> Field:
    return _box(x, y, 0.78, 0.78)


def _cross(x: Field, y: Field) -> Field:
    return np.minimum(_box(x, y, 0.95, 0.3), _box(x, y, 0.3, 0.95))


def _triangle(x: Field, y: Field) -> Field:
    y = y + 0.265  # the middle of its height, not its centroid, stands in the middle
    distance: Field = np.maximum(-y, np.sqrt(3) / 2 * np.abs(x) + y / 2) - 0.53
    return distance


def _star(x: Field, y: Field, points: int = 5, inner: float = 0.42) -> Field:
    """Fold the plane onto half of one point, then measure to that half's only edge."""
    angle = np.arctan2(x, y)  # from straight up
    sector = np.pi / points
    folded = np.abs((angle + sector) % (2 * sector) - sector)
    radius = np.hypot(x, y)
    u, v = radius * np.sin(folded), radius * np.cos(folded)  # v along the point
    # The edge runs from the tip (0, 1) to the notch at `inner`, half a point round.
    edge = np.array([inner * np.sin(sector), inner * np.cos(sector) - 1.0])
    normal = np.array([-edge[1], edge[0]]) / np.hypot(*edge)
    distance: Field = u * normal[0] + (v - 1.0) * normal[1]
    return distance


_DISTANCES: Final[dict[str, Callable[[Field, Field], Field]]] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "cross": _cross,
    "ring": _ring,
}
