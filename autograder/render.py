"""A verdict for the eye: as plain text, and as HTML that needs no script and no style sheet.

Every state is said in words; colour only repeats it. Whatever came from a student is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from autograder.verdict import Failure, ProbeVerdict, Verdict

_GOOD = "#009E73"
_BAD = "#D55E00"
_SOFT = "opacity:.75"
_FRAME = (
    "padding:4px 0 4px 16px;margin:8px 0;font-size:14px;line-height:1.45;font-variant-numeric:tabular-nums;"
    "border-left:4px solid"
)


@dataclass(frozen=True)
class Extras:
    """What surrounds a verdict where the student works."""

    #: Lines such as the number of attempts.
    remarks: Sequence[str] = ()
    #: What the student's code printed while it was checked, cut to a few lines.
    printed: Sequence[str] = ()


def points(value: float) -> str:
    """Write points without needless decimals."""
    return f"{value:g}"


def of(earned: float, possible: float) -> str:
    """Write ``3 of 5 points``."""
    return f"{points(earned)} of {points(possible)} {'point' if possible == 1 else 'points'}"


def first_failure(verdict: Verdict) -> ProbeVerdict | None:
    """Return the first public probe that failed, the one thing to look at first."""
    return next((probe for probe in verdict.probes if not probe.passed and not probe.hidden), None)


def shown_cause(verdict: Verdict) -> str | None:
    """Return the likely cause; None where only hidden probes failed, for it would tell what they ask."""
    return verdict.cause if first_failure(verdict) else None


def hidden_line(verdict: Verdict) -> str | None:
    """Sum up the hidden probes in one line, or None if there are none."""
    hidden = [probe for probe in verdict.probes if probe.hidden]
    if not hidden:
        return None
    passed = sum(probe.passed for probe in hidden)
    earned = sum(probe.earned for probe in hidden)
    return f"Hidden probes: {passed} of {len(hidden)} passed, {of(earned, sum(probe.points for probe in hidden))}."


def _state(probe: ProbeVerdict) -> str:
    if not probe.passed:
        return "FAILED"
    return "held" if probe.held_back_by else "passed"


def _score(probe: ProbeVerdict) -> str:
    return "" if probe.gates else f"{points(probe.earned)}/{points(probe.points)}"


def _title(probe: ProbeVerdict) -> str:
    return f"{probe.title} Needed for: {' '.join(probe.gates)}" if probe.gates else probe.title


def _closing(verdict: Verdict, extras: Extras) -> list[str]:
    lines = []
    hidden = hidden_line(verdict)
    if hidden:
        lines.append(hidden)
    if verdict.undecided:
        more = points(verdict.undecided)
        lines.append(f"{more} more {'point is' if more == '1' else 'points are'} decided at grading, by hidden probes.")
    return [*lines, *extras.remarks]


def _gate_lines(verdict: Verdict) -> list[str]:
    return [
        "Until this passes, it holds back the points of what it is needed for."
        for probe in verdict.probes
        if probe.gates and not probe.passed and probe is first_failure(verdict)
    ]


def failure_rows(failure: Failure) -> list[tuple[str, str]]:
    """Return what is known of a failing case as labels and texts; a text without a label goes on with the last one."""
    rows = [("called" if i == 0 else "", call) for i, call in enumerate(failure.calls)]
    if failure.where:
        rows.append(("look at", failure.where))
    if failure.expected:
        rows.append(("expected", failure.expected))
    if failure.got:
        rows.append(("got", failure.got))
    rows += [("" if i else "in your code", line) for i, line in enumerate(failure.lines)]
    return rows


def to_text(verdict: Verdict, extras: Extras | None = None) -> str:
    """Write a verdict for a terminal, at most about 120 columns wide."""
    extras = extras or Extras()
    lines = [f"{verdict.exercise}: {verdict.title}. {of(verdict.earned, verdict.possible)}.", ""]
    if verdict.note:
        lines.append(f"  {verdict.note}")
    else:
        shown = [probe for probe in verdict.probes if not probe.hidden]
        lines += [f"  {_state(probe):<7} {_score(probe):>5}  {_title(probe)}" for probe in shown]
    probe = first_failure(verdict)
    if probe is not None and probe.failure is not None and not verdict.note:
        where = f"case {probe.failure.case} of {probe.cases}"
        lines += ["", f"Look at this first: {probe.title} ({where})"]
        lines += [f"  {label:<13} {text}" for label, text in failure_rows(probe.failure)]
        lines += [f"  {'problem':<13} {probe.failure.problem}"]
        lines += _gate_lines(verdict)
    cause = shown_cause(verdict)
    if cause:
        lines += ["", f"Likely cause: {cause}"]
    if extras.printed:
        lines += ["", "Your code printed:", *(f"  {line}" for line in extras.printed)]
    closing = _closing(verdict, extras)
    return "\n".join([*lines, *([""] if closing else []), *closing])


def to_html(verdict: Verdict, extras: Extras | None = None) -> str:
    """Write a verdict for a notebook or a feedback page; it takes its text colour from the page, light or dark."""
    extras = extras or Extras()
    colour = _GOOD if verdict.passed else _BAD
    parts = [
        f'<section role="group" aria-label="Verdict on {escape(verdict.exercise)}" style="{_FRAME} {colour}"><div>',
        f'<strong style="font-size:16px">{of(verdict.earned, verdict.possible)}</strong> &nbsp;',
        f'<code>{escape(verdict.exercise)}</code> <span style="{_SOFT}">{escape(verdict.title)}</span></div>',
    ]
    if verdict.note:
        parts.append(f'<p style="margin:8px 0">{escape(verdict.note)}</p>')
    else:
        parts.append(_html_table(verdict))
        parts.append(_html_failure(verdict))
    cause = shown_cause(verdict)
    if cause:
        parts.append(f'<p style="margin:12px 0 8px"><strong>Likely cause.</strong> {with_code(cause)}</p>')
    if extras.printed:
        printed = escape("\n".join(extras.printed))
        parts.append(
            f'<details style="margin:8px 0"><summary>Your code printed</summary><pre>{printed}</pre></details>'
        )
    parts += [f'<div style="{_SOFT};margin-top:4px">{escape(line)}</div>' for line in _closing(verdict, extras)]
    return "".join([*parts, "</section>"])


def with_code(text: str) -> str:
    """Escape a text and set what stands between backticks as code."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces))


_LABEL = "font-weight:400;white-space:nowrap"
_CELL = "text-align:left;padding:2px 16px 2px 0;vertical-align:top;border:0;background:transparent"


def _html_table(verdict: Verdict) -> str:
    rows = []
    for probe in verdict.probes:
        if probe.hidden:
            continue
        colour = _BAD if not probe.passed else _GOOD
        weight = "" if probe.passed else ";font-weight:600"
        mark = {"passed": "✓ passed", "held": "– held back", "FAILED": "✗ failed"}[_state(probe)]
        rows.append(
            f'<tr style="background:transparent"><td style="{_CELL};white-space:nowrap">'
            f'<span style="border-bottom:2px solid {colour}{weight}">{mark}</span></td>'
            f'<td style="{_CELL};text-align:right">{_score(probe)}</td>'
            f'<td style="{_CELL}">{with_code(_title(probe))}</td></tr>'
        )
    head = "".join(
        f'<th scope="col" style="{_CELL};font-weight:400;{_SOFT}">{name}</th>'
        for name in ("probe", "points", "what holds")
    )
    return (
        '<table style="border-collapse:collapse;margin:8px 0;font-size:14px;border:0"><thead><tr>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _html_failure(verdict: Verdict) -> str:
    probe = first_failure(verdict)
    if probe is None or probe.failure is None:
        return ""
    rows = "".join(
        f'<tr style="background:transparent"><th scope="row" style="{_CELL};{_LABEL};{_SOFT}">{label}</th>'
        f'<td style="{_CELL}"><code style="white-space:pre-wrap">{escape(text)}</code></td></tr>'
        for label, text in failure_rows(probe.failure)
    )
    gates = "".join(f"<br>{with_code(line)}" for line in _gate_lines(verdict))
    return (
        f'<p style="margin:12px 0 4px"><strong>Look at this first.</strong> {with_code(probe.title)} '
        f'<span style="{_SOFT}">Case {probe.failure.case} of {probe.cases}.</span></p>'
        f'<table style="border-collapse:collapse;font-size:14px;border:0">{rows}</table>'
        f'<p style="margin:4px 0">{with_code(probe.failure.problem)}{gates}</p>'
    )
