"""From text to a step: mistakes, and other right ways."""

import re

from solutions.agents import parse_step
from solutions.mistakes import Variants

variants = Variants("parse_step")
mistake, alternative = variants.mistake, variants.alternative

_STEP = {"thought": "", "tool": None, "argument": None, "answer": None}


def _with(text, pattern, flags=re.DOTALL):
    """Parse a step, but find the argument of an action with a pattern."""
    step = parse_step(text)
    text = re.split(r"^[ \t]*Observation:", text, maxsplit=1, flags=re.MULTILINE)[0]
    marker = re.search(r"^[ \t]*(Action|Answer):", text, re.MULTILINE)
    if marker is None or marker[1] == "Answer":
        return step
    step.update(tool=None, argument=None, answer=None)
    found = re.match(pattern, text[marker.end() :], flags)
    if found is None:
        return step
    tool, argument = found[1], found[2].strip()
    if tool == "finish":
        return {**step, "answer": argument or None}
    return {**step, "tool": tool, "argument": argument}


@mistake("Your argument ends at the first `]`. Brackets inside it may open and close: which one closes the first?")
def cuts_at_the_first_bracket(text):
    return _with(text, r"\s*(\w+)\s*\[(.*?)\]")


@mistake("Your argument runs on to the last `]` of the text. It ends where the first bracket is closed.")
def runs_to_the_last_bracket(text):
    return _with(text, r"\s*(\w+)\s*\[(.*)\]")


@mistake("An `Answer:` in the middle of a thought ended the step. A marker counts only at the start of a line.")
def finds_answers_anywhere(text):
    found = re.search(r"Answer:(.*)", text.partition("\nObservation:")[0], re.DOTALL)
    if found is None or re.search(r"^[ \t]*Action:.*Answer:", text, re.DOTALL | re.MULTILINE):
        return parse_step(text)
    thought = text[: found.start()].strip().removeprefix("Thought:").strip()
    return {**_STEP, "thought": thought, "answer": found[1].strip() or None}


@mistake("An `Action:` in the middle of a line was carried out. A marker counts only at the start of a line.")
def finds_actions_anywhere(text):
    return parse_step(re.sub(r"(?<!\n)Action:", "\nAction:", text))


@mistake("You look for an answer before you look for an action. The first line with a marker decides.")
def prefers_answers(text):
    text = re.split(r"^[ \t]*Observation:", text, maxsplit=1, flags=re.MULTILINE)[0]
    found = re.search(r"^[ \t]*Answer:(.*)", text, re.DOTALL | re.MULTILINE)
    if found is None:
        return parse_step(text)
    first = parse_step(text)
    return {**_STEP, "thought": first["thought"], "answer": re.split(r"\n\s*Action:", found[1])[0].strip() or None}


@mistake("The last action counted. When a model writes two in one turn, only the first is meant.")
def takes_the_last_action(text):
    step = parse_step(text)
    if step["tool"] is None:
        return step
    head, marker, tail = text.rpartition("\nAction:")
    return {**parse_step(f"{marker}{tail}"), "thought": step["thought"]} if "Observation:" not in text else step


@mistake("An argument that goes on in a second line was not found. In a regex, the dot stops at the end of a line.")
def reads_arguments_of_one_line(text):
    step = parse_step(text)
    if "\n" in (step["argument"] or ""):
        return {**step, "tool": None, "argument": None}
    return step


@mistake("Your answer ends with its first line. It goes on to the end of the text.")
def reads_answers_of_one_line(text):
    step = parse_step(text)
    return {**step, "answer": step["answer"] and step["answer"].partition("\n")[0]}


@mistake("`search [x]`, with a blank before the bracket, was not understood. Models write it that way now and then.")
def forbids_blanks(text):
    return _with(text, r"\s*(\w+)\[((?:[^][]|\[(?:[^][]|\[(?:[^][]|\[[^][]*\])*\])*\])*)\]")


@mistake("Something raised an error because a part was missing. Models leave parts out: what is missing is None.")
def raises_on_missing_parts(text):
    step = parse_step(text)
    if step["tool"] is None and step["answer"] is None:
        raise AttributeError("'NoneType' object has no attribute 'group'")
    return step


@mistake("`tool[]` was not understood. An empty argument is an argument: `.+` in a regex wants one character at least.")
def wants_an_argument(text):
    step = parse_step(text)
    return {**step, "tool": None, "argument": None} if step["argument"] == "" else step


@mistake("`Action: finish[...]` came back as a tool. It is the other way to give an answer.")
def takes_finish_for_a_tool(text):
    step = parse_step(text.replace("finish", "finisher"))
    return {**step, "tool": "finish"} if step["tool"] == "finisher" else step


@mistake("`Thought:` stands in the thought itself. The label in front is no part of it.")
def keeps_the_label(text):
    step = parse_step(text)
    label = "Thought:" if text.strip().startswith("Thought:") else ""
    blank = " " if "Thought: " in text else ""
    return {**step, "thought": label + blank + step["thought"]}


@mistake("Something behind an invented `Observation:` was read. Only a tool may write observations; cut there first.")
def believes_observations(text):
    return parse_step(re.sub(r"^[ \t]*Observation:", "Seen:", text, flags=re.MULTILINE))


@mistake("Blanks at the ends of an argument are still there. Strip each part.")
def keeps_blanks(text):
    step = parse_step(text)
    found = re.search(r"^\s*Action:\s*\w+\[( +)", text, re.MULTILINE)
    return {**step, "argument": found[1] + step["argument"] + " "} if found and step["argument"] else step


@alternative
def line_by_line(text):
    thought, kind, rest = [], None, []
    for line in text.split("\n"):
        bare = line.lstrip(" \t")
        if bare.startswith("Observation:"):
            break
        if kind is None and bare.startswith(("Action:", "Answer:")):
            kind, _, first = bare.partition(":")
            rest.append(first)
        else:
            (thought if kind is None else rest).append(line)
    said = "\n".join(thought).strip()
    if said.startswith("Thought:"):
        said = said[len("Thought:") :].strip()
    step = {"thought": said, "tool": None, "argument": None, "answer": None}
    written = "\n".join(rest).strip()
    if kind == "Answer" and written:
        step["answer"] = written
    if kind == "Action":
        name, bracket, tail = written.partition("[")
        name = name.strip()
        if not bracket or not re.fullmatch(r"\w+", name):
            return step
        open_brackets = 1
        for place, sign in enumerate(tail):
            open_brackets += (sign == "[") - (sign == "]")
            if not open_brackets:
                argument = tail[:place].strip()
                if name != "finish":
                    step["tool"], step["argument"] = name, argument
                elif argument:
                    step["answer"] = argument
                break
    return step


@alternative
def with_a_recursive_reader(text):
    def close(rest, at):
        while at < len(rest):
            if rest[at] == "]":
                return at
            at = (close(rest, at + 1) if rest[at] == "[" else at) + 1
        return len(rest)

    own = re.match(r"(?:(?!^[ \t]*Observation:)[\s\S])*", text, re.MULTILINE)[0]
    parts = re.match(
        r"((?:(?!^[ \t]*(?:Action|Answer):)[\s\S])*)(?:[ \t]*(Action|Answer):([\s\S]*))?", own, re.MULTILINE
    )
    thought, kind, rest = parts.groups()
    tool = argument = answer = None
    if kind == "Answer":
        answer = rest.strip() or None
    elif kind == "Action" and (head := re.match(r"\s*(\w+)\s*\[", rest)):
        end = close(rest, head.end())
        if end < len(rest):
            tool, argument = head[1], rest[head.end() : end].strip()
    if tool == "finish":
        tool, argument, answer = None, None, argument or None
    said = re.sub(r"\A\s*Thought:", "", thought).strip()
    return {"thought": said, "tool": tool, "argument": argument, "answer": answer}
