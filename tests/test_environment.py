"""pyproject.toml, constraints.txt and environment.yml say the same about what the course is made of."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

HERE = Path(__file__).resolve().parent.parent
#: The oldest Python that the course promises to run on; Debian 12 has 3.11.2.
OLDEST = Version("3.11.0")
#: What the course is to be set up with by conda too, by name.
PROMISED = {
    *("ipywidgets", "jupyterlab", "nbgrader", "open-clip-torch", "sentence-transformers", "torch", "voila"),
}


def declared() -> list[Requirement]:
    """Return what pyproject.toml asks for, extras included."""
    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [Requirement(line) for line in (*project["dependencies"], *extras["lab"], *extras["dev"])]


def pins() -> dict[str, Version]:
    """Return the tested versions by name."""
    lines = (HERE / "constraints.txt").read_text(encoding="utf-8").splitlines()
    parts = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in parts}


def conda() -> tuple[list[str], list[str]]:
    """Return conda's own lines of environment.yml, and pip's."""
    lines = yaml.safe_load((HERE / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (pip,) = (line["pip"] for line in lines if isinstance(line, dict))
    return [line for line in lines if isinstance(line, str)], pip


def needed() -> set[str]:
    """Return every package that the extras bring on this machine, from what is installed."""
    found: set[str] = set()
    todo = [(canonicalize_name(item.name), frozenset(item.extras)) for item in declared()]
    done = set(todo)
    while todo:
        name, extras = todo.pop()
        found.add(name)
        for line in metadata.requires(name) or []:
            item = Requirement(line)
            here = [{**default_environment(), "extra": extra} for extra in ("", *extras)]
            if item.marker is None or any(item.marker.evaluate(environment) for environment in here):
                step = (canonicalize_name(item.name), frozenset(item.extras))
                if step not in done:
                    done.add(step)
                    todo.append(step)
    return found


def test_constraints_are_plain_pins_in_order() -> None:
    lines = (HERE / "constraints.txt").read_text(encoding="utf-8").splitlines()
    plain = [line for line in lines if not line.startswith("#")]
    # No address, no path, no editable line, no build of one machine (torch==2.15.0+cpu).
    assert [line for line in plain if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", line)] == []
    assert plain == sorted(plain, key=str.upper)
    assert len(plain) == len(pins())


def test_every_lower_bound_holds_for_the_tested_version() -> None:
    tested = pins()
    missing = [item.name for item in declared() if canonicalize_name(item.name) not in tested]
    assert missing == []
    broken = [str(item) for item in declared() if tested[canonicalize_name(item.name)] not in item.specifier]
    assert broken == []


def test_no_pin_is_of_something_that_nothing_needs() -> None:
    # What other systems and newer Pythons leave out is pinned too: the pins were made on Linux with Python 3.11.
    if sys.platform != "linux" or sys.version_info[:2] != OLDEST.release[:2]:
        pytest.skip("the pins were made on Linux with Python 3.11")
    assert set(pins()) - needed() == set()
    assert needed() - set(pins()) == set()


def test_the_pins_install_on_the_oldest_python_that_is_promised() -> None:
    too_new = []
    for name, version in pins().items():
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        wants = "Requires-Python" in package.metadata and package.metadata["Requires-Python"]
        if Version(package.version) == version and wants and OLDEST not in SpecifierSet(wants):
            too_new.append(f"{name}=={version} wants Python {wants}")
    assert too_new == []


def test_torch_and_torchvision_are_pinned_as_a_pair() -> None:
    # torch 2.(x) belongs to torchvision 0.(x + 14): another pair fails on import.
    tested = pins()
    assert tested["torchvision"].minor == tested["torch"].minor + 14


def test_conda_installs_the_course_with_the_same_pins_and_bounds() -> None:
    own, pip = conda()
    assert pip[:2] == ["-c constraints.txt", "-e .[lab,dev]"]
    bounds = {canonicalize_name(item.name): item.specifier for item in declared()}
    named = {canonicalize_name(item.name): item.specifier for item in map(Requirement, pip[2:])}
    assert named.keys() >= PROMISED
    assert {name: str(bound) for name, bound in named.items()} == {
        name: str(strictest(name)) for name in named if name in bounds
    }
    assert not any(Requirement(line).name in bounds for line in own)


def strictest(name: str) -> SpecifierSet:
    """Return the bound that holds when a package is asked for more than once, as torch is."""
    given = [item.specifier for item in declared() if canonicalize_name(item.name) == name]
    return max(given, key=lambda bound: max((Version(part.version) for part in bound), default=Version("0")))


def test_conda_takes_a_python_that_the_course_runs_on() -> None:
    own, _ = conda()
    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (python,) = (Requirement(line) for line in own if line.startswith("python"))
    assert "3.11" in SpecifierSet(project["requires-python"])
    assert "3.11" in python.specifier
    assert "3.10" not in python.specifier
    assert [line for line in own if line.startswith("pip")]
