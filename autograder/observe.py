"""Run probes on an implementation and keep what came out, whatever it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from autograder.draws import case_rng
from autograder.exercise import Exercise, Probe
from autograder.proxy import Call, Channel, Impl, LostError, MissingError, RefusedError, StudentError
from autograder.wire import decode, encode

Status = Literal["value", "raised", "refused", "missing", "timeout", "crash"]


@dataclass(frozen=True)
class Outcome:
    """What one case of one probe gave."""

    status: Status
    #: The observation, plain data, when the status is "value".
    value: Any = None
    #: The exception's class names, the class first, when the status is "raised".
    kinds: tuple[str, ...] = ()
    message: str = ""
    lines: tuple[str, ...] = ()
    #: What was asked of the implementation on the way, to be shown; no part of the comparison.
    calls: tuple[Call, ...] = ()

    def to_plain(self) -> list[Any]:
        """Return what comparisons go by, as the wire format holds it: the status, the value, the kinds of exception."""
        return [self.status, self.value, list(self.kinds)]

    @classmethod
    def from_plain(cls, plain: list[Any]) -> Outcome:
        """Undo `to_plain`."""
        status, value, kinds = plain
        return cls(status, value, tuple(kinds))


#: The outcomes of one exercise: for each probe's name, one per case.
Outcomes = dict[str, list[Outcome]]


def observe_case(exercise: Exercise, probe: Probe, channel: Channel, seed: bytes, case: int) -> Outcome:
    """Run one case of a probe; whatever the implementation does ends as an outcome."""
    impl = Impl(exercise, channel)
    rng = case_rng(seed, exercise.name, probe.name, case)
    try:
        value = probe.run(impl, rng)
        value = decode(encode(value))
    except StudentError as error:
        return Outcome("raised", None, error.kinds, error.message, error.lines, tuple(impl.calls))
    except MissingError as error:
        return Outcome("missing", message=str(error))
    except LostError as error:
        status: Status = "timeout" if error.reason == "timeout" else "crash"
        return Outcome(status, message=str(error), calls=tuple(impl.calls))
    except RefusedError as error:
        return Outcome("refused", message=str(error), calls=tuple(impl.calls))
    except Exception as error:
        # Probes hold for the reference (a test), so this is about what the student's code handed back.
        why = f"what was returned cannot be used further ({type(error).__name__}: {error})"
        return Outcome("refused", message=why, calls=tuple(impl.calls))
    return Outcome("value", value, calls=tuple(impl.calls))


def observe(exercise: Exercise, channel: Channel, seed: bytes) -> Outcomes:
    """Run all probes of an exercise, case by case, up to a timeout or crash, which ends the run.

    Returns
    -------
    Outcomes
        One list per probe; shorter than the number of cases where the run ended.
    """
    outcomes: Outcomes = {probe.name: [] for probe in exercise.probes}
    for probe in exercise.probes:
        for case in range(probe.cases):
            outcome = observe_case(exercise, probe, channel, seed, case)
            outcomes[probe.name].append(outcome)
            if outcome.status in ("timeout", "crash", "missing"):
                return outcomes
    return outcomes
