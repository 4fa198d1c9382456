"""The probes of the parser that turns what a model wrote into a step."""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.agents.chapter import chapter
from autograder.probes.agents.drawn import phrase, words
from autograder.proxy import Impl

parse_step = chapter.function(
    "parse_step",
    title="From text to a step",
    minutes=30,
    difficulty=3,
    oracle="traces parsed by hand; the traces of the pocket world",
)


@parse_step.probe(points=2, cases=4)
def reads_an_action(impl: Impl, rng: Rng) -> Any:
    """A thought and `Action: tool[argument]` are taken apart, with blanks around each part left out."""
    thought, tool, argument = phrase(rng), words(rng, 1)[0], phrase(rng, 1 + rng.case)
    form = [
        " {}.\nAction: {}[{}]",
        "{}.  \n  Action:   {}[  {} ]  \n",
        "\n {}.\n\n\tAction: {}_2[{}]\nThat will do.",
        " {}.\nAction:{}[{}]",
    ]
    return impl(form[rng.case].format(thought, tool, argument))


@parse_step.probe(points=2, cases=5)
def matches_brackets(impl: Impl, rng: Rng) -> Any:
    """The argument ends at the bracket that closes the first one, whatever stands inside or behind."""
    a, b, c = words(rng, 3)
    argument = [f"{a}[0]", f"[{a}] and [{b}]", f"[[{a}], [{b}, [{c}]]]", f"{a}[{b}[{c}]] {c}", f"{a}[1] + {b}[2]"]
    behind = ["", "", " as in [1]", "\nSee [2] or [3].", " ]"]
    return impl(f" {c}?\nAction: {b}[{argument[rng.case]}]{behind[rng.case]}")


@parse_step.probe(points=1, cases=3)
def allows_blanks_before_the_bracket(impl: Impl, rng: Rng) -> Any:
    """Blanks may stand between the name of the tool and its bracket."""
    a, b, c = words(rng, 3)
    return impl(f" {a}.\nAction: {b}{' ' * (1 + rng.case)}[{c}]")


@parse_step.probe(points=2, cases=5)
def reads_an_answer(impl: Impl, rng: Rng) -> Any:
    """`Answer: ...` and `Action: finish[...]` both give the answer; the tool stays None."""
    a, b = phrase(rng), phrase(rng, 2)
    form = [" {}.\nAnswer: {}", " {}.\nAction: finish[{}]", "{}\n  Answer:{}  \n", " {}!\nAction: finish[ [{}] ]"]
    form += [" {}.\nAnswer: It_is [{}]."]
    return impl(form[rng.case].format(a, b))


@parse_step.probe(points=2, cases=4)
def reads_several_lines(impl: Impl, rng: Rng) -> Any:
    """Thought, argument and answer may each take several lines."""
    a, b, c, d = words(rng, 4)
    form = [
        " {}.\nThen {}.\n\nAction: {}[{}]",
        " {}.\nAction: {}[{}\n  {}\n]",
        " {}.\nAnswer: {}\n{}\n\n{}\n",
        " {}\n{}.\nAction: finish[{}\n{}]",
    ]
    return impl(form[rng.case].format(a, b, c, d))


@parse_step.probe(points=2, cases=4)
def takes_markers_at_the_start_of_a_line(impl: Impl, rng: Rng) -> Any:
    """`Answer:` and `Action:` inside a line are only words of a thought."""
    a, b, c = words(rng, 3)
    form = [
        ' {0}. I must not write "Answer: {1}" yet.\nAction: {2}[{1}]',
        " {0}. No Action: {1}[{0}] is needed.\nAnswer: {2}",
        " The Answer: {0}? Or the Action: {1}[{2}]? I do not know.",
        " {0} (Answer: {1})\nmy Answer: {2}\nAction: {1}[{0}]",
    ]
    return impl(form[rng.case].format(a, b, c))


@parse_step.probe(points=2, cases=4)
def goes_by_the_first_marker(impl: Impl, rng: Rng) -> Any:
    """The first line with a marker decides; an answer behind an action, or the reverse, does not count."""
    a, b, c, d = words(rng, 4)
    form = [
        " {0}.\nAction: {1}[{2}]\nAnswer: {3}",
        " {0}.\nAction: {1}[{2}]\nAction: {3}[{0}]",
        " {0}.\nAction: {1}\nAnswer: {3}",
        " {0}.\nAnswer: {2}\nAction: {1}[{3}]",
    ]
    return impl(form[rng.case].format(a, b, c, d))


@parse_step.probe(points=2, cases=8)
def survives_missing_parts(impl: Impl, rng: Rng) -> Any:
    """What is missing is None, a missing thought is an empty text, and nothing is raised."""
    a, b, c = words(rng, 3)
    form = [
        " {0} {1}.",
        " {0}.\nAction: {1}",
        " {0}.\nAction: {1}[{2}",
        " {0}.\nAction: [{1}]",
        "Action: {1}[{2}]",
        " {0}.\nAnswer:  ",
        " {0}.\nAction: {1}[[{2}]",
        " {0} {1}.\nAction: finish[ ]",
    ]
    return impl(form[rng.case].format(a, b, c))


@parse_step.probe(points=1, cases=3)
def keeps_an_empty_argument(impl: Impl, rng: Rng) -> Any:
    """`tool[]` calls the tool with an empty text."""
    a, b = words(rng, 2)
    return impl(f" {a}.\nAction: {b}[{' ' * rng.case}]")


@parse_step.probe(points=1, cases=3)
def drops_a_leading_label(impl: Impl, rng: Rng) -> Any:
    """A `Thought:` in front is no part of the thought."""
    a, b, c = words(rng, 3)
    form = ["Thought: {0}.\nAction: {1}[{2}]", " Thought:{0}.\nAnswer: {2}", "\nThought: {0} {1} {2}"]
    return impl(form[rng.case].format(a, b, c))


@parse_step.probe(points=2, cases=4)
def stops_at_an_observation(impl: Impl, rng: Rng) -> Any:
    """From a line that begins with `Observation:` on, nothing counts: that is not the model's to write."""
    a, b, c, d = words(rng, 4)
    form = [
        " {0}.\nObservation: {1}\nAnswer: {2}",
        " {0}.\n  Observation: {1}\nThought: {3}\nAction: {1}[{2}]",
        " {0}.\nAnswer: {1}\nObservation: {2}\nThought: {3}",
        " No Observation: yet.\nAction: {1}[{2}\nObservation: {3}]",
    ]
    return impl(form[rng.case].format(a, b, c, d))
