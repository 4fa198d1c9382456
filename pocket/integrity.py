"""Says whether the committed weights are the ones that were published.

    python -m pocket.integrity            # after training: record the weights as they are
    python -m pocket.integrity --check    # only compare

The record is `pocket/models/SHA256SUMS`, in the format of coreutils: `sha256sum -c SHA256SUMS` in that folder says the
same. `pocket.load` compares before it loads.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pocket import catalogue
from pocket.errors import WeightsError

RECORD = "SHA256SUMS"
_WEIGHTS = "*.safetensors"
_DIGITS = 2 * hashlib.sha256().digest_size


def sha256(path: Path) -> str:
    """Return a file's SHA-256, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weight_files(models: Path) -> list[str]:
    """Return the weight files below a folder, as POSIX paths relative to it, sorted."""
    return sorted(path.relative_to(models).as_posix() for path in models.rglob(_WEIGHTS))


def recorded(models: Path) -> dict[str, str]:
    """Return the recorded SHA-256 of each weight file, by its path relative to the folder.

    Raises
    ------
    WeightsError
        If the record is missing or is not in coreutils' format.
    """
    try:
        lines = (models / RECORD).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        state = "missing" if isinstance(error, FileNotFoundError) else "damaged: it cannot be read"
        raise WeightsError(f"{shown(models, RECORD)} is {state}. {remedy(models, RECORD, trained=True)}") from None
    sums = {}
    for line in filter(None, lines):
        digest, _, name = line.partition("  ")
        if len(digest) != _DIGITS or not name:
            raise WeightsError(
                f"{shown(models, RECORD)} is damaged: it has the line {line[:80]!r}. {remedy(models, RECORD)}"
            )
        sums[name] = digest
    return sums


def problems(models: Path, part: str = "") -> Iterator[str]:
    """Yield in sentences what is wrong with the weights below a folder, or with one part's, such as ``pocket-lm``.

    A JSON file that cannot be read counts too: its loader would only say where in the file it stopped.
    """
    prefix = f"{part}/" if part else ""
    sums = {name: digest for name, digest in recorded(models).items() if name.startswith(prefix)}
    present = {name for name in weight_files(models) if name.startswith(prefix)}
    if part and not sums and not present:
        yield f"{shown(models, part)} has no weights. {remedy(models, part)}"
    for name in sorted(sums.keys() | present):
        if name not in present:
            yield f"{shown(models, name)} is missing. {remedy(models, name)}"
        elif name not in sums:
            yield (
                f"{shown(models, name)} is not in {RECORD}, so nothing can say whether it is whole. "
                "If you trained it yourself, record it with `python -m pocket.integrity`."
            )
        elif sha256(models / name) != sums[name]:
            what = "is damaged or was made anew: its SHA-256 is not the recorded one"
            yield f"{shown(models, name)} {what}. {remedy(models, name, trained=True)}"
    for path in sorted((models / part).rglob("*.json")):
        try:
            json.loads(path.read_bytes())
        except ValueError:
            name = path.relative_to(models).as_posix()
            yield f"{shown(models, name)} is damaged: it is not JSON. {remedy(models, name)}"


def verify(part: str, models: Path | None = None) -> None:
    """Compare the weights of one part, such as ``pocket-lm``, with the record.

    Raises
    ------
    WeightsError
        If a file is missing, damaged or not recorded; it names the first one, and how to get it back.
    """
    for problem in problems(catalogue.FOLDER if models is None else models, part):
        raise WeightsError(problem)


def write_record(models: Path) -> int:
    """Record the weights as they are; return how many files that were."""
    names = weight_files(models)
    fresh = models / f"{RECORD}.new"
    fresh.write_text("".join(f"{sha256(models / name)}  {name}\n" for name in names), encoding="utf-8", newline="\n")
    fresh.replace(models / RECORD)
    return len(names)


def shown(models: Path, name: str) -> str:
    """Return a file's path as a reader knows it: ``pocket/models/...``."""
    return f"{models.parent.name}/{models.name}/{name}"


def remedy(models: Path, name: str, *, trained: bool = False) -> str:
    """Return how to get a file back: from git in a clone, from pip elsewhere.

    `trained` adds what to do where the reader made the weights anew.
    """
    if not (models.parent.parent / ".git").exists():
        return "Get it back with `pip install --force-reinstall nexttoken`."
    again = ", or, if you trained it yourself, record it with `python -m pocket.integrity`" if trained else ""
    return f"Get it back with `git checkout -- {shown(models, name)}`{again}."


def main(arguments: Sequence[str] | None = None) -> int:
    """Record or compare; return 1 if something is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m pocket.integrity",
        description="Record the SHA-256 of the committed weights, or compare with the record.",
    )
    parser.add_argument("--check", action="store_true", help="only compare, and fail if something is wrong")
    models = catalogue.FOLDER
    if not parser.parse_args(arguments).check:
        sys.stdout.write(f"{write_record(models)} files recorded in {shown(models, RECORD)}\n")
        return 0
    try:
        wrong = list(problems(models))
    except WeightsError as error:
        wrong = [str(error)]
    for problem in wrong:
        sys.stderr.write(f"{problem}\n")
    if not wrong:
        sys.stdout.write(f"{len(recorded(models))} files are as recorded in {shown(models, RECORD)}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
