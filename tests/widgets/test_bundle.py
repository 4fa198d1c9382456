"""What a widget hands to its host: the rules of Colab and VS Code, and pictures and words for where no script runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import ipywidgets
import pytest

import widgets
from widgets.base import MODULE_LIMIT, Widget

ROOT = Path(__file__).resolve().parents[2]
NAMES = [
    name for name in widgets.__all__ if (ROOT / "widgets" / "js" / f"{widgets._HOMES[name].split('.')[1]}.js").is_file()
]
VIEW = "application/vnd.jupyter.widget-view+json"

#: Shows a widget in an IPython that has no front end, and prints the bundles that it publishes.
_PUBLISH = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
{before}
with capture_output() as captured:
    shell.run_cell("import widgets\\nwidgets.{name}.example()")
print(json.dumps([[each.data, each.metadata] for each in captured.outputs]))
{after}
"""
_COLAB = """
import types
calls = []
output = types.ModuleType("google.colab.output")
output.enable_custom_widget_manager = lambda: calls.append(1)
output._widgets = types.SimpleNamespace(_installed_url="https://colab.test/manager.js")
sys.modules |= {"google": types.ModuleType("google"), "google.colab": types.ModuleType("google.colab"), "google.colab.output": output}
"""


def python(source: str, home: Path) -> str:
    """Run Python with a home of its own and return what it printed."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def published(name: str, home: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return what a widget publishes when a cell ends with it: bundles with their metadata."""
    bundles: list[tuple[dict[str, Any], dict[str, Any]]] = json.loads(
        python(_PUBLISH.format(name=name, before="", after=""), home)
    )
    return bundles


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    made: str = request.param
    return made


@pytest.fixture
def widget(name: str) -> Widget:
    made: Widget = getattr(widgets, name).example()
    return made


# --- the rules


def test_a_widget_is_one_module_that_fetches_nothing(widget: Widget) -> None:
    module = widget._esm
    assert isinstance(module, str)
    assert len(module.encode()) <= MODULE_LIMIT
    assert not re.search(
        r"(?m)^import\b|\bimport\s*\(|\brequire\s*\(|\bfetch\s*\(|XMLHttpRequest|importScripts", module
    )
    assert set(re.findall(r"https?://[^\s\"'`)]+", module)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xhtml",
    }
    assert len(re.findall(r"\bexport default ", module)) == 1


def test_a_widget_holds_no_other_widget(widget: Widget) -> None:
    inside = [trait for trait in widget.trait_names(sync=True) if isinstance(getattr(widget, trait), ipywidgets.Widget)]
    assert inside == ["layout"]  # every widget's own; neither Output nor a container


def test_no_message_of_its_own_is_needed(widget: Widget) -> None:
    assert not re.search(r"model\.send\(|msg:custom|experimental|widget_manager", widget._esm)


def test_colab_is_told_to_let_widgets_in(tmp_path: Path) -> None:
    said = python(_PUBLISH.format(name="Temperature", before=_COLAB, after="print(len(calls))"), tmp_path)
    bundles, calls = said.splitlines()
    assert calls == "1"
    (_, metadata), _ = json.loads(bundles)
    assert metadata[VIEW]["colab"]["custom_widget_manager"]["url"] == "https://colab.test/manager.js"


# --- where no script runs


def test_a_cell_publishes_the_widget_and_a_picture(name: str, tmp_path: Path) -> None:
    (live, _), (still, _) = published(name, tmp_path)
    assert live[VIEW]["model_id"]
    assert set(still) == {"image/svg+xml", "text/html", "text/plain"}
    picture, page = still["image/svg+xml"], still["text/html"]
    assert picture.startswith("<svg")
    assert picture in page
    assert "<script" not in page
    assert f'data-nt-still="{live[VIEW]["model_id"]}"' in page
    assert page.count("<tr>") > 2
    # A terminal shows the words of both: once.
    assert live["text/plain"].splitlines()[0] in re.sub(
        r"&#x27;", "'", page.replace("&quot;", '"').replace("&amp;", "&")
    )
    assert still["text/plain"] == ""


def test_plain_python_prints_a_summary(name: str, widget: Widget, tmp_path: Path) -> None:
    source = f"from IPython.display import display\nimport widgets\ndisplay(widgets.{name}.example())"
    assert python(source, tmp_path) == f"{widget!r}\n"
    assert "object at 0x" not in repr(widget)
    assert repr(widget).splitlines()[0] == widget.describe()
