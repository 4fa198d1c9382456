# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 3: what when the model must act?
#
# A language model writes text and nothing else. An *agent* is that model inside a loop: a program reads what the model
# wrote, carries out what it asked for, and shows it the result. Everything that happens in the world happens in
# that program. You write it here, piece by piece: the parser, a tool, the loop, the checks before a call, a
# plan, a memory, a guard, and the measurements that say whether all this is any good.
#
# **How to work.** Read the task, fill in the cell below it, run it, then run the cell that says `check(...)`.
# A check takes a moment, works offline, and may be run as often as you like. It shows the first case that fails,
# with what was expected and what came back. `reset("parse_step")` puts the empty exercise into a new cell
# beside your code. At grading the same questions are asked again with other numbers, and a few more are added.
#
# No exercise needs another: what one builds on is passed in as an argument.

# %%
import ast
import json
import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

# %% tags=["active-ipynb"]
# from autograder import check, reset

# %% [markdown]
# ## parse_step
#
# In the format of ReAct (Yao and others, 2023) a model thinks aloud, then asks for a tool or gives its answer:
#
# ```
# Thought: I need the length of the River Salbek.
# Action: search[the length of the River Salbek]
# ```
#
# Your program must take such a text apart. The text is whatever the model wrote, so nothing about it is certain: the
# model may leave parts out, write brackets inside brackets, go on behind its action, or speak *about* an answer
# without giving one. A parser that is fooled by this acts on something that the model never asked for.
#
# **By hand.** `" I look it up.\nAction: search[rivers [west]] now"` has the thought `"I look it up."`, the tool
# `"search"` and the argument `"rivers [west]"`: the bracket that opens behind `search` is closed by the second `]`, not
# by the first, and `now` is left over. The pattern `\[(.+?)\]`, which one meets in many tutorials, gives `"rivers
# [west"`.
#
# <details><summary>Hint 1: where to look</summary>
#
# `re.search(..., re.MULTILINE)` lets `^` stand for the start of every line. Find the first marker line; what stands
# before it is the thought. Cut off what follows an `Observation:` before you do anything else.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# A regular expression cannot count brackets. Walk through the text behind the first bracket and keep a depth: one
# more at `[`, one less at `]`. Where it reaches 0, the argument ends. If it never does, there is no action.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# text = ...                                   # without what follows a line that begins with Observation:
# step = {"thought": ..., "tool": None, "argument": None, "answer": None}
# marker = re.search(...)                      # the first line that begins with Action: or Answer:
# if ...:                                      # an answer
#     ...
# call = re.match(...)                         # the name and its bracket
# depth = 1
# for place, sign in enumerate(...):
#     ...
# return step
# ```
#
# </details>


# %%
def parse_step(text: str) -> dict[str, str | None]:
    r"""Take apart what a model wrote in one turn.

    Parameters
    ----------
    text
        Anything at all. Lines end in "\n". A *marker* is `Action:`, `Answer:` or `Observation:`, spelled exactly so, at
        the start of a line; only spaces and tabs may stand before it. Inside a line these are words like others.

    Returns
    -------
    dict
        With the keys "thought", "tool", "argument" and "answer", all of them always there:

        - From the first `Observation:` marker on, nothing counts.
        - Then the first `Action:` or `Answer:` marker decides what the step is; later ones mean nothing.
        - "thought" is what stands before that marker, or the whole text if there is none. One `Thought:` in front of it
          is left out. Without a thought it is "".
        - Behind `Answer:`, all the rest is the "answer".
        - Behind `Action:` come a name (letters, digits, underscores) and an argument in square brackets. Blanks and
          line breaks may stand before and behind the name. The argument ends at the bracket that closes its first one;
          brackets inside it come in pairs. What follows means nothing.
        - The name is the "tool", and the argument, which may be "", is the "argument". But the tool `finish` is another
          way to answer: then its argument is the "answer", and "tool" and "argument" are None.
        - Whatever is not there, is None: an action without a name or without its closing bracket is none, and an
          empty answer is none.

        All parts are stripped of blanks and line breaks at both ends. Nothing is ever raised.
    """
    ### BEGIN SOLUTION
    text = re.split(r"^[ \t]*Observation:", text, flags=re.MULTILINE)[0]
    marker = re.search(r"^[ \t]*(Action|Answer):", text, flags=re.MULTILINE)
    before = text if marker is None else text[: marker.start()]
    thought = before.strip().removeprefix("Thought:").strip()
    step: dict[str, str | None] = {"thought": thought, "tool": None, "argument": None, "answer": None}
    if marker is None:
        return step
    rest = text[marker.end() :]
    if marker[1] == "Answer":
        step["answer"] = rest.strip() or None
        return step
    call = re.match(r"\s*(\w+)\s*\[", rest)
    if call is None:
        return step
    depth = 1
    for place in range(call.end(), len(rest)):
        depth += {"[": 1, "]": -1}.get(rest[place], 0)
        if depth == 0:
            argument = rest[call.end() : place].strip()
            if call[1] == "finish":
                step["answer"] = argument or None
            else:
                step["tool"], step["argument"] = call[1], argument
            break
    return step
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(parse_step)

# %% [markdown]
# ## safe_calculate
#
# Language models are poor at arithmetic, so an agent gets a calculator. The text that it calculates was written by a
# model, which may have copied it from a document, which anybody may have written. Python's `eval` would run it,
# whatever it is: `__import__("os").system(...)` is an expression too. Taking the builtins away does not help; from the
# literal `()` alone, attributes lead to every class that is loaded.
#
# So you do not run the text, you *read* it: allow what a calculator needs, and refuse everything else. And since a
# short text can ask for an endless calculation (`9**9**9` has 370 million digits), you also bound what you allow.
#
# **By hand.** `"2 + 3 * -4"` is `-10`. `"-3 ** 2"` is `-9`: a power binds tighter than the sign on its left.
# `"2 ** 3 ** 2"` is $2^9 = 512$: powers are read from the right. `"8 / 4"` is `2.0`, a float, as in Python. And
# `"2 ** 500"` is refused, although Python could do it.
#
# <details><summary>Hint 1: where to look</summary>
#
# `ast.parse(text, mode="eval")` reads an expression and runs nothing. It gives a tree of nodes: `ast.BinOp`,
# `ast.UnaryOp`, `ast.Constant`. Walk through it with a function that calls itself. (Or write a small parser of your
# own.)
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Allow, do not forbid. First the characters: with the 17 that the docstring names there are no names, no
# attributes, no strings. Then the kinds of node: any that you do not know is refused. Then the sizes: the exponent
# *before* the power is computed, and each value as soon as there is one.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:                                      # too long, other characters, too deep
#     raise ValueError(...)
#
# def value(node):
#     if isinstance(node, ast.BinOp) and type(node.op) in ...:
#         left, right = value(node.left), value(node.right)
#         ...
#     ...
#     else:
#         raise ValueError(...)
#     ...                                      # is it within the bounds?
#     return result
#
# try:
#     return value(ast.parse(..., mode="eval").body)
# except ...:
#     raise ValueError(...) from None
# ```
#
# </details>


# %%
def safe_calculate(expression: str) -> float:
    """Calculate an arithmetic expression, without running it.

    Parameters
    ----------
    expression
        Numbers, the operators `+ - * / **`, the signs `+` and `-` in front of an operand, round brackets, and spaces
        between all these. A number is one or more of the digits 0 to 9, which may be followed by a point and more
        digits. (Whether forms such as `.5`, `5.` and `007` are allowed is up to you.) Order and meaning are Python's.

    Returns
    -------
    int or float
        What Python gives for it: an int stays an int, and `/` gives a float.

    Raises
    ------
    ValueError
        For everything else, and never another error:

        - any character but `0123456789.+-*/()` and the space, digits of other scripts included;
        - what is no expression: nothing at all, an operator without an operand, brackets that do not match, two numbers
          side by side, a call, a tuple, or the operator `//`;
        - more than 200 characters, spaces included, or brackets nested more than 20 deep;
        - an exponent above 100 or below -100;
        - a value above 10**50 or below -10**50, also one on the way, such as in `10**60 - 10**60`;
        - a division by zero, and a power that is no real number.
    """
    ### BEGIN SOLUTION
    if len(expression) > 200 or set(expression) - set("0123456789.+-*/() "):
        raise ValueError("this is no arithmetic expression of at most 200 characters")
    depth = 0
    for sign in expression:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth > 20:
            raise ValueError("brackets are nested more than 20 deep")
    signs = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}

    def value(node: ast.expr) -> float:
        match node:
            case ast.Constant(value=int() | float() as result):
                pass
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                result = -value(operand)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                result = value(operand)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                base, exponent = value(left), value(right)
                if abs(exponent) > 100:
                    raise ValueError(f"the exponent {exponent} is too large")
                result = base**exponent
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in signs:
                result = signs[type(sign)](value(left), value(right))
            case _:
                raise ValueError("only numbers, + - * / ** and brackets are allowed")
        if isinstance(result, complex) or abs(result) > 10**50:
            raise ValueError("a value is too large, or no real number")
        return result

    try:
        return value(ast.parse(expression.strip(), mode="eval").body)
    except (SyntaxError, ArithmeticError):
        raise ValueError("this cannot be calculated") from None
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(safe_calculate)

# %% [markdown]
# ## react_loop
#
# Now the loop itself. The model is shown a prompt and writes a turn. If the turn holds an answer, the loop ends. If it
# holds an action, the tool is called, and what it says is put behind the turn as an *observation*. Then the model is
# shown everything so far, and goes on. The model never calls a tool: it only ever predicts what comes next.
#
# Much can go wrong, and in nearly all cases the right thing is to tell the model, in an observation, and to let it try
# again: the tool does not exist, the tool fails, the turn holds no action at all. One thing must not be left to
# the model: that the loop ends. That is what the cap on the number of steps is for.
#
# The model, the tools and the parser are passed in. Everything the loop does is written down in the *trajectory* that
# it returns. The exercises after this one read such trajectories.
#
# **By hand.** Suppose that the prompt is `"Question: 6 times 7?\nThought:"` and that the model first writes
# `" I calculate.\nAction: calculate[6 * 7]"`. The tool says `42`, so the next prompt is
#
# ```
# Question: 6 times 7?
# Thought: I calculate.
# Action: calculate[6 * 7]
# Observation: 42
# Thought:
# ```
#
# The action stands there once: the model has written it already. Then the model writes `" I have it.\nAnswer: 42"`. So
# there are two steps, `{"thought": "I calculate.", "tool": "calculate", "argument": "6 * 7", "observation": "42"}` and
# `{"thought": "I have it.", "tool": None, "argument": None, "observation": None}`; the answer is `"42"`.
#
# <details><summary>Hint 1: where to look</summary>
#
# A `for` loop over the number of steps that are allowed, and one string, the prompt, that only ever grows.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# In each round: ask the model, cut off an observation that it invented, parse. With an answer, write down the step and
# return. Otherwise find the observation (four cases: no action, unknown tool, the tool raises, the tool answers), write
# down the step, and add turn and observation to the prompt.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# steps = []
# for _ in range(max_steps):
#     turn = ...                               # what the model wrote, up to an invented observation
#     step = parse(turn)
#     if step["answer"] is not None:
#         ...
#     if ...:
#         observation = "Error: ..."
#     else:
#         try:
#             ...
#         except Exception as error:
#             ...
#     steps.append(...)
#     prompt = prompt + ... + "\nThought:"
# return {"answer": None, "stopped": "limit", "steps": steps}
# ```
#
# </details>


# %%
def react_loop(
    prompt: str,
    llm: Callable[[str], str],
    tools: Mapping[str, Callable[[str], Any]],
    parse: Callable[[str], dict[str, str | None]],
    max_steps: int = 8,
) -> dict[str, Any]:
    r"""Let a model answer a question with tools.

    Parameters
    ----------
    prompt
        What the model is shown first. It ends in "Thought:".
    llm
        Takes a prompt and returns what the model writes behind it: its *turn*. From the first "\nObservation:" of a
        turn on, nothing counts: the model has invented it. It is cut off before the turn is used for anything.
    tools
        By name. Each takes the argument, a text, and returns anything; its `str` is the observation.
    parse
        Takes a turn and returns a dict with the keys "thought", "tool", "argument" and "answer", as `parse_step` does.
    max_steps
        How many turns the model may write at most, at least 1.

    Returns
    -------
    dict
        The trajectory, with three keys.

        "answer": what the first turn with an answer answers; None if there was none within `max_steps` turns.
        "stopped": "answer" if there was one, "limit" if not.
        "steps": a list with a dict for each turn, whose keys are "thought", "tool" and "argument", as parsed, and
        "observation". The observation is a text; only the step with the answer has None.

    Raises
    ------
    ValueError
        If `max_steps` is below 1.

    Notes
    -----
    A turn without an answer is followed by an observation, always:

    - what the tool returned, as a text;
    - if there is no such tool: a text that begins with "Error:" and names the tool that was asked for and all those
      there are;
    - if the tool raises any `Exception`: a text that begins with "Error:" and holds the exception's own text;
    - if the turn holds no action either ("tool" is None): a text that begins with "Error:". No tool is called.

    After each of these the model is asked again, with the prompt that it was shown, its turn, "\nObservation: ", the
    observation and "\nThought:", one behind the other. (How many blanks and line breaks stand between these does not
    matter.) The action of the last turn that is allowed is carried out as well. After an answer, nothing is asked and
    no tool is called.
    """
    ### BEGIN SOLUTION
    if max_steps < 1:
        raise ValueError(f"max_steps is {max_steps}; an agent needs one step at least")
    steps: list[dict[str, Any]] = []
    for _ in range(max_steps):
        turn = llm(prompt).partition("\nObservation:")[0]
        parsed = parse(turn)
        tool, argument = parsed["tool"], parsed["argument"]
        step = {"thought": parsed["thought"], "tool": tool, "argument": argument, "observation": None}
        steps.append(step)
        if parsed["answer"] is not None:
            return {"answer": parsed["answer"], "stopped": "answer", "steps": steps}
        if tool is None:
            observation = "Error: there was no action. Write a line such as Action: tool[argument]."
        elif tool not in tools:
            observation = f"Error: there is no tool {tool}. Tools: {', '.join(tools)}."
        else:
            try:
                observation = str(tools[tool](argument))
            except Exception as error:
                observation = f"Error: {error}"
        step["observation"] = observation
        prompt += f"{turn}\nObservation: {observation}\nThought:"
    return {"answer": None, "stopped": "limit", "steps": steps}
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(react_loop)
