"""Look at this machine: what the course needs, what of it is here, and what to do about the rest."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from autograder.attempts import history_file
from autograder.courseroot import CourseRoot, NoCourseError, find_course
from pocket import catalogue, integrity
from pocket.errors import WeightsError

OLDEST = (3, 11)
_GB = 2.0**30
_BWRAP = "bubblewrap and user namespaces are needed: deploy/grading.md tells how to allow them."
#: Free gigabytes below which working in the course will soon fail.
_LITTLE_DISK = 1.0
_REQUIREMENT = re.compile(r"^([\w.-]+)\s*(?:>=\s*([\d.]+))?")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w-]+)['"]""")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    #: What is here, in words.
    found: str
    #: What to do when it is not; empty when there is nothing to do.
    remedy: str = ""
    #: Whether the course cannot do without it.
    required: bool = True


def report(*, deep: bool = False) -> list[Check]:
    """Look at everything.

    Parameters
    ----------
    deep
        Also import torch and torchvision together, in a process of their own; takes some seconds.
    """
    try:
        course = find_course()
    except NoCourseError:
        course = None
    checks = [python(), course_folder(course), disk(course), home(), kernel(course)]
    checks += packages(course)
    checks.append(torch_pair(deep=deep))
    checks.append(pocket_models())
    checks += programs()
    if course is not None:
        checks.append(released_exercises(course))
        checks += sandbox(course)
    return checks


def exit_status(checks: list[Check]) -> int:
    """Return 1 if something required is missing, else 0."""
    return int(any(check.required and not check.ok for check in checks))


def to_text(checks: list[Check]) -> str:
    """Write the checks as lines: a word for the state of each, never a colour alone."""
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        lines.append(f"{_state(check):<8}  {check.name:<{width}}  {check.found}")
        if not check.ok and check.remedy:
            lines.append(f"{'':<8}  {'':<{width}}  -> {check.remedy}")
    missing = sum(_state(check) == "MISSING" for check in checks)
    optional = sum(_state(check) == "optional" for check in checks)
    lines.append("")
    if missing:
        lines.append(f"Required and not in order: {missing}, in the lines that begin with MISSING.")
    else:
        lines.append("Everything that is required is here.")
    if optional:
        lines.append(f"Optional and not in order: {optional}.")
    return "\n".join(lines)


def _state(check: Check) -> str:
    if check.ok:
        return "ok"
    return "MISSING" if check.required else "optional"


def python() -> Check:
    """Check the version of the running Python."""
    return Check(
        "Python",
        sys.version_info[:2] >= OLDEST,
        f"{platform.python_version()} ({sys.executable})",
        f"Install Python {OLDEST[0]}.{OLDEST[1]} or newer from https://www.python.org/downloads/",
    )


def course_folder(course: CourseRoot | None) -> Check:
    """Check whether the commands that work on a checkout will find one."""
    return Check(
        "course folder (nbgrader_config.py)",
        course is not None,
        str(course.path) if course else "not in a checkout: check() works, the course's own commands do not",
        "Change into the folder of the course, or get it with git clone.",
        required=False,
    )


def disk(course: CourseRoot | None) -> Check:
    """Check the free space where the work is saved."""
    place = course.path if course else Path.cwd()
    free = shutil.disk_usage(place).free / _GB
    return Check("disk", free >= _LITTLE_DISK, f"{free:.1f} GB free at {place}", f"Make {_LITTLE_DISK:.0f} GB free.")


def home() -> Check:
    """Check whether the history of attempts can be kept."""
    folder = history_file().parent
    nearest = folder
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    ok = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    return Check(
        "history of attempts",
        ok,
        f"{folder}{'' if ok else ' cannot be written'}",
        "Name a folder that you can write in the environment variable NEXTTOKEN_HOME.",
        required=False,
    )


def kernel(course: CourseRoot | None) -> Check:
    """Check whether Jupyter finds a kernel for Python."""
    for folder in _kernel_folders():
        spec = folder / "python3" / "kernel.json"
        try:
            name = json.loads(spec.read_text(encoding="utf-8"))["display_name"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        return Check("Jupyter kernel", ok=True, found=f"{name} ({spec.parent})")
    remedy = "python -m pip install ipykernel"
    return Check("Jupyter kernel", ok=False, found="none named python3", remedy=remedy, required=course is not None)


def _kernel_folders() -> Iterator[Path]:
    given = os.environ.get("JUPYTER_PATH", "")
    shares = [Path(part) for part in given.split(os.pathsep) if part]
    shares += [Path(sys.prefix) / "share" / "jupyter", Path.home() / ".local" / "share" / "jupyter"]
    shares += [Path("/usr/local/share/jupyter"), Path("/usr/share/jupyter")]
    return (share / "kernels" for share in shares)


def packages(course: CourseRoot | None) -> list[Check]:
    """Check each declared package: what is installed, against the version wanted.

    The packages of the extra ``lab`` are required in a checkout, those of ``dev`` only to change the course.
    """
    try:
        declared = metadata.requires("nexttoken") or []
    except metadata.PackageNotFoundError:
        remedy = "python nexttoken/bootstrap.py" if course else "python -m pip install nexttoken"
        return [Check("nexttoken", ok=False, found="not installed", remedy=remedy)]
    checks: dict[str, Check] = {}
    for line in declared:
        match, extra = _REQUIREMENT.match(line), _EXTRA.search(line)
        if match is None:
            continue
        group = extra.group(1) if extra else ""
        check = _package(match.group(1), match.group(2) or "", group, in_checkout=course is not None)
        # torch is wanted twice: any will do for the exercises, the course itself needs a newer one.
        if check.name not in checks or (group == "lab" and course is not None):
            checks[check.name] = check
    return list(checks.values())


def _package(name: str, oldest: str, group: str, *, in_checkout: bool) -> Check:
    wanted = f"wanted: {oldest} or newer" if oldest else "any version"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        version = ""
    if in_checkout:
        remedy = "make setup (or: python nexttoken/bootstrap.py)"
    else:
        remedy = f'python -m pip install "{name}>={oldest}"' if oldest else f"python -m pip install {name}"
    return Check(
        name,
        bool(version) and release(version) >= release(oldest),
        f"{version or 'not installed'} ({wanted}{', ' + group if group else ''})",
        remedy,
        required=not group or (group == "lab" and in_checkout),
    )


def release(version: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with, zeros at the end left out: ``"2.15.0+cpu"`` is ``(2, 15)``."""
    match = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(part) for part in match.group().split(".")] if match else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def torch_pair(*, deep: bool) -> Check:
    """Check that torch and torchvision are builds for each other.

    A torchvision made for another torch fails on import with ``operator torchvision::nms does not exist``.
    """
    name, remedy = (
        "torch with torchvision",
        "python -m pip install --upgrade torch torchvision, both from the same place",
    )
    try:
        torch, vision = metadata.version("torch"), metadata.version("torchvision")
    except metadata.PackageNotFoundError as error:
        return Check(name, ok=False, found=f"{error.name} is not installed", remedy=remedy, required=False)
    found = f"{torch} with {vision}"
    places = {version.partition("+")[2] for version in (torch, vision)}
    if len(places) > 1:
        return Check(name, ok=False, found=f"{found}: different builds", remedy=remedy)
    if not deep:
        return Check(name, ok=True, found=f"{found} (by their versions; --deep imports them)")
    status = subprocess.run([sys.executable, "-c", "import torchvision"], capture_output=True, text=True, check=False)
    said = (status.stderr.strip().splitlines() or ["no message"])[-1]
    return Check(name, status.returncode == 0, found if status.returncode == 0 else f"{found}: {said}", remedy)


def programs() -> list[Check]:
    """Check the programs outside Python: only tests and grading ask for them."""
    wanted = [
        ("Chromium", ("chromium", "chromium-browser", "google-chrome", "chrome"), "chromium", "the browser tests"),
        ("Node", ("node", "nodejs"), "nodejs", "the tests of the widgets' JavaScript"),
        ("bubblewrap", ("bwrap",), "bubblewrap", "grading code that you do not trust (Linux only)"),
        ("git", ("git",), "git", "seeing what changed in a checkout"),
    ]
    return [_program(name, commands, package, use) for name, commands, package, use in wanted]


def _program(name: str, commands: tuple[str, ...], package: str, use: str) -> Check:
    path = next(filter(None, map(shutil.which, commands)), None)
    sudo = "" if hasattr(os, "getuid") and os.getuid() == 0 else "sudo "
    remedy = f"{sudo}apt-get install {package} (Debian, Ubuntu), or from your system's own packages"
    return Check(name, path is not None, path or f"not found; for {use}", remedy, required=False)


def pocket_models() -> Check:
    """Check that the weights of the models that come with the course are whole."""
    try:
        wrong = list(integrity.problems(catalogue.FOLDER))
    except WeightsError as error:
        wrong = [str(error)]
    weights = integrity.weight_files(catalogue.FOLDER)
    size = sum((catalogue.FOLDER / name).stat().st_size for name in weights)
    found = f"{len(weights)} files of weights, {size / 1e6:.1f} MB, as published"
    return Check("pocket models", not wrong, wrong[0] if wrong else found, required=False)


def released_exercises(course: CourseRoot) -> Check:
    """Check that nobody edited the generated exercises by hand, as far as git can tell."""
    name, git = "exercises/ as released", shutil.which("git")
    if git is None or not (course.path / ".git").exists():
        return Check(name, ok=True, found="not a git checkout: not looked at", required=False)
    status = subprocess.run(  # noqa: S603 - our own command
        [git, "-C", str(course.path), "status", "--porcelain", "--", "exercises"],
        capture_output=True,
        text=True,
        check=False,
    )
    if status.returncode != 0:
        return Check(name, ok=True, found="git could not say", required=False)
    changed = [line[3:] for line in status.stdout.splitlines()]
    return Check(
        name,
        not changed,
        f"changed: {', '.join(changed)}" if changed else "unchanged",
        "Work in work/, not in exercises/. Save what you need of your changes elsewhere, then: git restore exercises",
        required=False,
    )


def sandbox(course: CourseRoot) -> list[Check]:
    """Check what holds students' code in at grading, by trying each layer from inside."""
    name = "sandbox for grading"
    if sys.platform != "linux":
        remedy = "Grade on Linux, or with --isolation none the submissions of people whom you trust."
        return [Check(name, ok=False, found="needs Linux", remedy=remedy, required=False)]
    from autograder.grading.isolation import demanded_layers
    from autograder.grading.layers import LANDLOCK, try_layers
    from autograder.grading.process import InfrastructureError, Limits
    from autograder.grading.sandbox import Nursery
    from autograder.release.package import student_package

    limits = Limits()
    try:
        nursery = Nursery(student_package(course.path), (), limits)
    except InfrastructureError as error:
        return [Check(name, ok=False, found=str(error), remedy=_BWRAP, required=False)]
    try:
        trials = list(try_layers(nursery, limits, demanded_layers()))
    finally:
        nursery.close()
    checks = [
        Check(
            f"sandbox: {trial.layer.name}",
            trial.held,
            f"keeps students' code from {trial.layer.purpose}" if trial.held else f"does not hold ({trial.found})",
            "Nothing is graded without it. " + _BWRAP,
            required=False,
        )
        for trial in trials
    ]
    if LANDLOCK not in demanded_layers():
        checks.append(
            Check("sandbox: Landlock", ok=True, found="this kernel has none; the other layers hold without it")
        )
    return checks
