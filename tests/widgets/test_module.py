"""Every widget's module is small, whole and valid; importing the package is cheap."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import widgets
from widgets.base import MODULE_LIMIT
from widgets.module import compose

SCRIPTS = sorted(path.stem for path in Path(widgets.__file__).parent.glob("js/*.js") if path.stem != "core")


def test_each_script_has_a_widget() -> None:
    assert sorted(getattr(widgets, name).script for name in widgets.__all__) == SCRIPTS


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_module_fits_its_budget(name: str) -> None:
    assert len(compose(name).encode()) <= MODULE_LIMIT


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_module_loads_outside_a_page_and_has_no_import_left(
    name: str, javascript: Callable[[str, list[list[Any]]], list[Any]]
) -> None:
    assert javascript(name, []) == []
    assert "import " not in compose(name)
    assert "</script" not in compose(name)


def test_importing_widgets_imports_nothing_heavy() -> None:
    code = "import sys, widgets; print([name for name in ('torch', 'numpy', 'anywidget') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_making_a_widget_does_not_import_torch() -> None:
    code = "import sys, widgets; widgets.Temperature([0.0, 1.0], ['a', 'b']); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_wrong_name_is_answered_with_the_right_ones() -> None:
    with pytest.raises(AttributeError, match="it has Attention, "):
        _ = widgets.Temprature
