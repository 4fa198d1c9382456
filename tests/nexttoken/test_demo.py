"""The demos: their notebooks, how Voila is set up for them, and what is said when they cannot be served."""

from __future__ import annotations

import ast
import re
import socket
from pathlib import Path

import nbformat
import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

import widgets
from nexttoken.cli import app
from nexttoken.demo import notebooks, start
from nexttoken.demo.server import EXTENSIONS, IDLE, SHARE, settings
from nexttoken.exhibits import EXHIBITS, Exhibit

JS = Path(widgets.__file__).parent / "js"
TEMPLATE = SHARE / "voila" / "templates" / "nexttoken"


@pytest.fixture(params=EXHIBITS, ids=lambda demo: demo.name)
def demo(request: pytest.FixtureRequest) -> Exhibit:
    made: Exhibit = request.param
    return made


def demo_command(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["demo", "--no-browser", *arguments])


def refusal(result: Result) -> str:
    """Return the one sentence with which a command failed."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    return result.stderr


def test_each_widget_has_a_demo() -> None:
    assert sorted(demo.widget for demo in EXHIBITS) == sorted(widgets.__all__)


def test_a_demo_is_called_what_its_widget_asks(demo: Exhibit) -> None:
    assert demo.title.endswith("?")
    assert f'title: "{demo.title}"' in (JS / f"{demo.name}.js").read_text(encoding="utf-8")
    assert re.fullmatch(r"[A-Z][^.]+\.", demo.sentence)


def test_a_notebook_holds_one_widget_and_no_outputs(demo: Exhibit) -> None:
    made = notebooks.notebook(demo)
    nbformat.validate(made)
    (code,) = [cell for cell in made.cells if cell.cell_type == "code"]
    assert code.outputs == []
    assert code.execution_count is None
    ast.parse(code.source)
    shown: dict[str, object] = {}
    exec(compile(code.source, demo.name, "exec"), shown)  # ours
    assert shown[demo.widget] is getattr(widgets, demo.widget)


def test_a_notebook_says_nothing_of_this_machine(demo: Exhibit, tmp_path: Path) -> None:
    text = nbformat.writes(notebooks.notebook(demo))
    for word in (str(Path.cwd()), str(Path.home()), "/tmp", "site-packages"):
        assert word not in text
    assert nbformat.writes(notebooks.notebook(demo)) == text
    notebooks.write([demo], tmp_path / "made")
    assert [path.name for path in (tmp_path / "made").iterdir()] == [f"{demo.name}.ipynb"]


def test_voila_is_set_up_for_visitors(tmp_path: Path) -> None:
    made = settings(tmp_path, "localhost", 9000, ready=1)
    assert made.Voila.ip == "localhost"
    assert made.Voila.port_retries == 0
    assert made.VoilaConfiguration.strip_sources
    assert made.VoilaConfiguration.template == "nexttoken"
    assert made.VoilaConfiguration.extension_allowlist == list(EXTENSIONS)
    assert made.VoilaConfiguration.preheat_kernel
    assert "progressive_rendering" not in made.VoilaConfiguration  # it and preheated kernels exclude one another
    assert made.MappingKernelManager.cull_idle_timeout == IDLE
    assert made.MappingKernelManager.cull_connected
    assert not settings(tmp_path, "localhost", 9000, ready=0).VoilaConfiguration.preheat_kernel


def test_only_this_machine_is_let_in_unless_told_otherwise() -> None:
    parameters = {each.name: each for each in typer.main.get_command(app).commands["demo"].params}  # type: ignore[attr-defined]
    assert parameters["ip"].default == "localhost"


def test_our_template_links_to_no_other_machine() -> None:
    files = [path for path in TEMPLATE.rglob("*") if path.is_file()]
    assert len(files) >= 6
    for path in files:
        assert not re.search(r"(https?:)?//[a-z]", path.read_text(encoding="utf-8")), path


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refusal(demo_command("--port", str(port)))
    assert f"port {port} on localhost is taken" in said
    assert "--port" in said


@pytest.mark.parametrize("ip", ["256.0.0.1", "no.such.host.invalid", "192.0.2.1"])
def test_an_address_of_no_machine_here_is_said(ip: str) -> None:
    said = refusal(demo_command("--ip", ip))
    assert f"on {ip} cannot be used (" in said


def test_a_port_has_at_most_five_digits() -> None:
    result = demo_command("--port", "70000")
    assert result.exit_code == 2
    assert "65535" in result.stderr


def test_a_missing_voila_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "find_spec", lambda name: None)
    said = refusal(demo_command())
    assert "Voila is not installed" in said
    assert "pip install" in said


def test_kernels_start_without_a_persons_own_settings(tmp_path: Path) -> None:
    folder = start.kernel_profile(tmp_path / "ipython")
    assert [path.name for path in folder.rglob("*.json")] == ["ipython_kernel_config.json"]
