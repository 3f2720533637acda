"""Prompts: what a user asks for most, as instructions to the agent."""

from __future__ import annotations

from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class Argument:
    """An argument of a prompt."""

    name: str
    about: str
    required: bool = True


@dataclass(frozen=True)
class Prompt:
    """A prompt: `text` with `{argument}` for each of its arguments."""

    name: str
    title: str
    about: str
    arguments: tuple[Argument, ...]
    text: str


_CAPTURE = Argument("capture", "An ops CSV, or a folder: its newest report.")

PROMPTS: tuple[Prompt, ...] = (
    Prompt(
        "what_to_fix_first",
        "What should I fix first?",
        "Reads a capture and says what to change first, with the rows that prove it.",
        (_CAPTURE,),
        """What should I fix first in the capture {capture}?

1. Call `overview` with it. If `capture.warnings` or `capture.replayed` say so, name that first: figures of a replayed,
   planned or damaged capture are not measurements of today's code.
2. Take the first cause whose expected saving is known. Call `explain` with its id; where its code is to be changed,
   also `try`, which asks TTNN what it accepts.
3. Answer in this order: where the time goes (from `time_split`), the cause with its rows and cores, what fixing it
   should save and on which ground, what it saves at most, the change to make in Python, what speaks against it.

An expected saving is an expectation and a bound is a bound: never call either a measurement. Name rows of the file for
every figure.""",
    ),
    Prompt(
        "did_my_change_help",
        "Did my change help?",
        "Compares two captures and says what got faster or slower, and whether that is beyond noise.",
        (Argument("before", "The capture before the change."), Argument("after", "The capture after it.")),
        """Did my change help? Before: {before}. After: {after}.

1. Call `compare` with base {before} and capture {after}. If `notes` or the warnings of either side say that they are
   not alike (other board, other passes, one of them replayed or planned), say so first, and conclude less.
2. If `beyond_noise` is false, the answer is "no difference that counts".
3. Else say: kernel time before and now, elapsed time before and now (a change can move time into gaps), the three
   largest changes with what changed about each op, anything that got slower, findings that are new.
4. Call `check` with against {before}: it says whether a limit of 5 % is kept.
5. Say what to do next: the first cause of `overview` on {after}.""",
    ),
)
