"""Every widget's module is small, whole and valid; importing the package is cheap."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import widgets
from widgets.base import MODULE_LIMIT
from widgets.module import compose

JS = Path(widgets.__file__).parent / "js"
SCRIPTS = sorted(getattr(widgets, name).script for name in widgets.__all__)


def test_each_file_is_a_widget_s_or_is_used_by_one() -> None:
    sources = {path.stem: path.read_text(encoding="utf-8") for path in JS.glob("*.js")}
    used = {name for source in sources.values() for name in re.findall(r'from "\./(\w+)\.js"', source)}
    assert sources.keys() == {*SCRIPTS, *used}
    assert not used & set(SCRIPTS)


def test_a_module_holds_only_what_it_uses() -> None:
    whole = (JS / "core.js").read_text(encoding="utf-8")
    declared = set(re.findall(r"^export (?:const|function) (\w+)", whole, re.MULTILINE))
    for name in SCRIPTS:
        module = compose(name)
        kept = {each for each in declared if re.search(rf"^(?:const|function) {each}\b", module, re.MULTILINE)}
        assert all(len(re.findall(rf"\b{each}\b", module)) > 1 for each in kept), name
        assert kept < declared, name


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
