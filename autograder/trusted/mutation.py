"""Are the probes any good? Break each reference in many small ways, and see whether the probes notice.

A mutant that no probe rejects is a survivor: either it does the same as the reference, or a probe is missing. Each
known survivor has its reason in ``solutions/mistakes/<chapter>/survivors.toml``.
"""

from __future__ import annotations

import signal
import tomllib
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from autograder.exercise import Exercise, graded_chapter
from autograder.judge import judge_case
from autograder.observe import observe_case
from autograder.proxy import Answer, Loopback
from autograder.trusted.mutants import Mutant, make_mutants, plain_source
from autograder.trusted.reference import Reference, load_reference, variants_folder

_SEED = b"the draws of a mutation run"
#: Seconds of processor time for one answer. The references take some hundredths, and grading gives five seconds.
_ANSWER_SECONDS = 1.0
#: A mutant that hangs inside the interpreter, where no signal is heard, ends after this many seconds.
_HANG_SECONDS = 60.0
#: Bytes that a mutant may take.
_MEMORY = 2**30


class MutationError(Exception):
    """A chapter's mutants cannot be tried; the message says why."""


@dataclass(frozen=True)
class Known:
    """A survivor that somebody has looked at."""

    #: Exercise, function, line before and line after.
    key: tuple[str, str, str, str]
    #: Why no probe rejects it.
    reason: str
    #: Whether it does the same as the reference wherever the docstring promises anything.
    equivalent: bool


@dataclass(frozen=True)
class Report:
    """What came of one exercise's mutants."""

    exercise: str
    tried: int
    survivors: tuple[Mutant, ...]
    #: Those of survivors.toml that belong to the exercise.
    known: tuple[Known, ...]

    @property
    def equivalent(self) -> int:
        """How many survivors are known to do the same as the reference."""
        same = {known.key for known in self.known if known.equivalent}
        return sum(mutant.key in same for mutant in self.survivors)

    @property
    def share(self) -> float:
        """Of the mutants that are not equivalent, how many the probes reject."""
        different = self.tried - self.equivalent
        return 1.0 if different == 0 else (self.tried - len(self.survivors)) / different

    @property
    def unexplained(self) -> list[Mutant]:
        """Survivors that survivors.toml does not list."""
        listed = {known.key for known in self.known}
        return [mutant for mutant in self.survivors if mutant.key not in listed]

    @property
    def stale(self) -> list[Known]:
        """Entries of survivors.toml that no mutant fits, or that a probe rejects now."""
        alive = {mutant.key for mutant in self.survivors}
        return [known for known in self.known if known.key not in alive]


def run(
    chapter: str,
    hidden: Path | None,
    exercises: Iterable[str] = (),
    workers: int = 1,
    tell: Callable[[str, int, int], None] = lambda *_: None,
) -> Iterator[Report]:
    """Try the mutants of a chapter's exercises, all of them or some.

    Parameters
    ----------
    hidden
        The folder of hidden probes; they count.
    tell
        Called with the exercise, how many of its mutants are tried, and how many there are.

    Raises
    ------
    MutationError
        If survivors.toml does not fit the chapter, or the probes reject the reference itself.
    """
    from pebble import ProcessPool

    wanted = set(exercises)
    names = list(graded_chapter(chapter, hidden).exercises)
    known = known_survivors(chapter, names)
    with ProcessPool(
        max_workers=workers, context=get_context("spawn"), initializer=_prepare, initargs=(chapter, hidden)
    ) as pool:
        for name in names:
            if wanted and name not in wanted:
                continue
            whole = plain_source(getattr(load_reference(chapter), name))
            if _settled(pool.schedule(_rejected, args=[name, whole], timeout=_HANG_SECONDS)):
                raise MutationError(f"{name}: its probes reject the reference, taken out of its module as a mutant is")
            mutants = make_mutants(chapter, name)
            tell(name, 0, len(mutants))
            trials = [
                (mutant, pool.schedule(_rejected, args=[name, mutant.source], timeout=_HANG_SECONDS))
                for mutant in mutants
            ]
            survivors = []
            for done, (mutant, trial) in enumerate(trials, start=1):
                if not _settled(trial):
                    survivors.append(mutant)
                tell(name, done, len(mutants))
            listed = tuple(entry for entry in known if entry.key[0] == name)
            yield Report(name, len(mutants), tuple(survivors), listed)


def known_survivors(chapter: str, exercises: Iterable[str]) -> list[Known]:
    """Read a chapter's survivors.toml; no such file means none.

    Raises
    ------
    MutationError
        If it is no TOML, or an entry lacks something, comes twice or names no exercise of the chapter.
    """
    path = variants_folder(chapter) / "survivors.toml"
    if not path.is_file():
        return []
    try:
        items = tomllib.loads(path.read_text(encoding="utf-8")).get("survivor", [])
    except tomllib.TOMLDecodeError as error:
        raise MutationError(f"{path}: {error}") from None
    found: dict[tuple[str, str, str, str], Known] = {}
    for item in items:
        try:
            key = (item["exercise"], item["function"], item["before"], item["after"])
            entry = Known(key, item["reason"], item["equivalent"])
        except KeyError as error:
            raise MutationError(f"{path}: an entry has no {error}: {item}") from None
        if key[0] not in exercises:
            raise MutationError(f"{path}: an entry is of no exercise of {chapter}: {item}")
        if key in found:
            raise MutationError(f"{path}: an entry comes twice: {item}")
        found[key] = entry
    return list(found.values())


def _settled(trial: Any) -> bool:
    """Return whether a mutant was rejected; one that ends its process, or never ends, is."""
    from pebble import ProcessExpired

    try:
        return bool(trial.result())
    except (ProcessExpired, TimeoutError):
        return True


# --- in a process of its own

_exercises: dict[str, Exercise] = {}
_reference: Reference | None = None
_namespace: dict[str, Any] = {}


def _prepare(chapter: str, hidden: Path | None) -> None:
    global _reference  # noqa: PLW0603 - set once, when the process starts
    import resource

    _exercises.update(graded_chapter(chapter, hidden).exercises)
    _reference = Reference(chapter)
    _namespace.update(vars(load_reference(chapter)))
    warnings.simplefilter("ignore")  # what is wrong on purpose may warn
    most = _held_bytes() + _MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    signal.signal(signal.SIGPROF, _end)


def _held_bytes() -> int:
    import resource

    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def _end(*_: object) -> None:
    raise TimeoutError("no answer in time")


class _Timed(Loopback):
    """A channel to this process that gives each answer a limited time; at its end the implementation raises."""

    def request(self, message: bytes, answer: Answer) -> bytes:
        """Run the request here and now."""
        signal.setitimer(signal.ITIMER_PROF, _ANSWER_SECONDS)
        try:
            return super().request(message, answer)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)


def _rejected(name: str, source: str) -> bool:
    """Say whether some case of some probe fails, asking no more of them than it takes."""
    assert _reference is not None
    exercise, namespace = _exercises[name], dict(_namespace)
    want = _reference.want(exercise, _SEED)
    try:
        exec(source, namespace)  # noqa: S102 - our own reference, changed by us
    except Exception:
        return True
    channel = _Timed({name: namespace[name]})
    return any(
        judge_case(probe, observe_case(exercise, probe, channel, _SEED, case), expected) is not None
        for probe in exercise.probes
        for case, expected in enumerate(want[probe.name])
    )
