"""Where models go and in which precision: chosen once, and overridden where a call says so.

An argument of `load` comes first, then `defaults`, then the environment variables POCKET_DEVICE and POCKET_DTYPE, and
then what the machine has: CUDA if there is one, else the CPU; float32, but bfloat16 for hub models on CUDA (float16
where the GPU has no bfloat16).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pocket.errors import SettingError

if TYPE_CHECKING:
    import torch

DTYPES = ("float32", "bfloat16", "float16")
AUTO = "auto"


@dataclass(frozen=True)
class Defaults:
    """What `load` goes by where a call does not say; ``auto`` leaves it to the environment and the machine.

    Attributes
    ----------
    device
        As in ``cpu`` or ``cuda:0``.
    dtype
        One of `DTYPES`.
    """

    device: str = AUTO
    dtype: str = AUTO


_chosen = Defaults()


def defaults(*, device: str | torch.device | None = None, dtype: str | torch.dtype | None = None) -> Defaults:
    """Choose once where models go and in which precision; return what holds now.

    Parameters
    ----------
    device
        ``cpu``, ``cuda``, ``cuda:1``, ``mps``, or ``auto`` to take the choice back. None leaves it as it is.
    dtype
        ``float32``, ``bfloat16``, ``float16``, the same from torch, or ``auto``. None leaves it as it is.

    Raises
    ------
    SettingError
        If there is no such device or dtype here; it lists what is possible.
    """
    global _chosen  # noqa: PLW0603 - the one setting of this package
    changed = _chosen
    if device is not None:
        changed = replace(changed, device=AUTO if device == AUTO else str(_device(device, "device")))
    if dtype is not None:
        changed = replace(changed, dtype=AUTO if dtype == AUTO else _dtype_name(dtype, "dtype"))
    _chosen = changed
    return changed


def place(
    device: str | torch.device | None, dtype: str | torch.dtype | None, *, hub: bool
) -> tuple[torch.device, torch.dtype]:
    """Return the device and the dtype to load into, given what the call said.

    Raises
    ------
    SettingError
        If there is no such device or dtype here; it lists what is possible.
    """
    import torch

    where, source = _first(device, "device", _chosen.device, "POCKET_DEVICE")
    if where == AUTO:
        where = "cuda" if torch.cuda.is_available() else "cpu"
    on = _device(where, source)
    name, source = _first(dtype, "dtype", _chosen.dtype, "POCKET_DTYPE")
    if name == AUTO:
        name = "float32"
        if hub and on.type == "cuda":
            # Colab's T4 only emulates bfloat16, slowly.
            name = "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    return on, getattr(torch, _dtype_name(name, source))


def _first(said: object, argument: str, chosen: str, variable: str) -> tuple[str, str]:
    """Return the first choice that was made, or ``auto``, and what made it."""
    choices = (
        (str(said or AUTO), argument),
        (chosen, f"the default {argument}"),
        (os.environ.get(variable) or AUTO, variable),
    )
    return next((choice for choice in choices if choice[0] != AUTO), (AUTO, argument))


def _device(device: str | torch.device, source: str) -> torch.device:
    """Return the device, if it is here."""
    import torch

    possible = ["cpu"]
    if torch.cuda.is_available():
        possible += ["cuda", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        possible.append("mps")
    if str(device) not in possible:
        known = " or ".join(", ".join(map(repr, possible)).rsplit(", ", 1))
        raise SettingError(f"{source} is {str(device)!r}, and this machine has {known}.")
    return torch.device(device)


def _dtype_name(dtype: str | torch.dtype, source: str) -> str:
    """Return the dtype's name without ``torch.``, if models may have it."""
    name = str(dtype).removeprefix("torch.")
    if name not in DTYPES:
        raise SettingError(f"{source} is {name!r}, and a model's dtype is one of {', '.join(map(repr, DTYPES))}.")
    return name
