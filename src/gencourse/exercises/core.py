"""Check an answer, give a hint, go on with the course's own function.

Nothing here raises: a notebook runs to its end whatever the answers are. Only with
``GENCOURSE_STRICT`` set, for tests and graders, does a check that fails raise an
AssertionError.
"""

from __future__ import annotations

import contextlib
import difflib
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from gencourse.exercises import (
    autoencoder,
    autoregressive,
    comparison,
    density,
    gan,
    limits,
    pixelcnn,
    pixelrnn,
    recall,
    vae,
)
from gencourse.exercises.answer import Answer, Ended, Raised, describe_error
from gencourse.exercises.exercise import Exercise, NotAttempted, Wrong
from gencourse.exercises.lines import say
from gencourse.exercises.results import unwrapped, wrapped

EXERCISES: dict[str, Exercise] = {
    exercise.key: exercise
    for chapter in (
        density,
        pixelrnn,
        pixelcnn,
        autoregressive,
        autoencoder,
        vae,
        gan,
        comparison,
    )
    for exercise in chapter.EXERCISES
}
_hints_given: Counter[str] = Counter()


@dataclass(frozen=True)
class Verdict:
    """Whether an answer passed, a sentence that says why, and what it printed.

    Attributes:
        native: whether the results had the types of the reference's.
    """

    passed: bool
    sentence: str
    mark: str = "✗"
    printed: str = ""
    native: bool = True


listeners: list[Callable[[str, Verdict], None]] = []  # each is told of every check


def examine(exercise: Exercise, answer: object) -> Verdict:
    """Return the verdict on an answer. Prints nothing and raises nothing."""
    answer = unwrapped(answer)
    if answer is exercise.reference:
        return Verdict(
            False,
            "This is the course's own function; run the cell with your function again.",
        )
    if not callable(answer):
        return Verdict(
            False,
            f"A function is expected, and this is of type {type(answer).__name__}: "
            "give its name alone, without brackets.",
        )
    guarded, printed = Answer(answer, exercise), limits.Printed()
    exercise.prepare()

    def obey_all() -> None:
        for law in exercise.laws:
            law(guarded)

    try:
        limits.contained(limits.SECONDS * exercise.patience, obey_all, printed)
        verdict = Verdict(True, "Passed.", "✓")
    except BaseException as error:
        verdict = _judge(error, guarded)
    return replace(verdict, printed=printed.text, native=guarded.native)


def _judge(error: BaseException, answer: Answer) -> Verdict:
    if isinstance(error, NotAttempted):
        return Verdict(False, "Not attempted yet.", "○")
    if isinstance(error, Wrong):
        return Verdict(False, str(error))
    if isinstance(error, limits.TimeUp):
        cause = answer.when_stopped or "does a loop never end, or is a step of it slow?"
        seconds = limits.SECONDS * answer.exercise.patience
        stopped = f"Your function was stopped after {seconds:g} seconds"
        return Verdict(False, f"{stopped}: {cause}")
    if isinstance(error, (Ended, Raised)):
        sentence = describe_error(error.error, answer.function, answer.given)
        return Verdict(False, sentence)
    return Verdict(False, describe_error(error, answer.function))


def _known(key: object) -> str:
    # Its name alone, without the chapter, is known by its exercise too.
    names = {k: k for k in EXERCISES} | {k.partition(".")[2]: k for k in EXERCISES}
    near = difflib.get_close_matches(str(key), names, n=1, cutoff=0.5)
    meant = "".join(f" Do you mean {names[name]!r}?" for name in near)
    return f"There is no exercise {key!r}.{meant} Known: {', '.join(EXERCISES)}."


def check(key: str, answer: Callable[..., Any]) -> None:
    """Print whether your function is right, or what is wrong with it.

    Args:
        key: the exercise, such as "density.kl_divergence".
        answer: your function itself, not a call of it.
    """
    exercise = EXERCISES.get(key) if isinstance(key, str) else None
    verdict = examine(exercise, answer) if exercise else Verdict(False, _known(key))
    recall.keep(key, unwrapped(answer), verdict)
    line = f"{verdict.mark} {key}: {verdict.sentence}" if exercise else _known(key)
    say(line)
    if exercise:
        _tell(key, verdict)
    if verdict.printed:
        print(f"Your function printed: {verdict.printed.rstrip()}")
    if not verdict.passed and os.environ.get("GENCOURSE_STRICT", "0") not in ("", "0"):
        raise AssertionError(line)


def _tell(key: str, verdict: Verdict) -> None:
    for listen in listeners:
        # What is told is a convenience: it must stop no notebook.
        with contextlib.suppress(Exception):
            listen(key, verdict)


def hint(key: str, number: int | None = None) -> None:
    """Print the next of an exercise's three hints, or the one of that number."""
    exercise = EXERCISES.get(key) if isinstance(key, str) else None
    if exercise is None:
        say(_known(key))
        return
    count = len(exercise.hints)
    if number is None:
        _hints_given[key] += 1
        number = _hints_given[key]
        if number > count:
            say(f"Those were all {count} hints; hint({key!r}, 1) shows one again.")
            return
    if number not in range(1, count + 1):
        say(f"Hints are numbered 1 to {count}.")
        return
    say(f"Hint {number} of {count}: {exercise.hints[number - 1]}")


def mine_or_reference(key: str, answer: Callable[..., Any]) -> Callable[..., Any]:
    """Return your function if it passes its check, else the course's own.

    The cells that follow then run in either case: where your results are arrays, lists
    or of another dtype, what is returned makes the reference's tensors of them.
    """
    exercise = EXERCISES.get(key) if isinstance(key, str) else None
    if exercise is None:
        say(_known(key))
        return answer
    mine = unwrapped(answer)
    kept = recall.take(key, mine)
    verdict = kept if isinstance(kept, Verdict) else examine(exercise, mine)
    if verdict.passed and callable(mine):
        return mine if verdict.native else wrapped(exercise, mine)
    name = exercise.key.partition(".")[2]
    say(f"Going on with the course's own {name}.")
    return exercise.reference
