"""Several questions at once: their order, what is asked alone, and what is left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from headgate.app.interrupting import interruptible, several
from headgate.app.measured.asking import SMALL_ROWS, answers, is_small
from headgate.core.declarations import Kind
from tests.evidence.test_measure import build

PATIENCE_SECONDS = 20.0


class Engine:
    """Answers a question once it may; counts how many are asked at the same time."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.at_once = self.most = self.interrupted = 0
        self.may_end = threading.Event()
        self._guard = threading.Lock()

    def question(self, number: int, before: Callable[[], object] = lambda: None) -> Callable[[], int]:
        def ask() -> int:
            with self._guard:
                self.begun.append(number)
                self.at_once += 1
                self.most = max(self.most, self.at_once)
            before()
            with self._guard:
                self.at_once -= 1
            return number

        return ask

    def interrupt(self) -> None:
        self.interrupted += 1
        self.may_end.set()


def test_answers_come_in_the_order_of_the_questions() -> None:
    engine, second_is_done = Engine(), threading.Event()
    questions = [
        (True, engine.question(0, lambda: second_is_done.wait(PATIENCE_SECONDS))),
        (True, engine.question(1, second_is_done.set)),
        (True, engine.question(2)),
    ]
    with answers(questions, engine.interrupt, at_once=2) as found:
        assert list(found) == [0, 1, 2]
    assert (engine.most, engine.interrupted) == (2, 0)


def test_what_is_large_is_asked_alone() -> None:
    engine, both = Engine(), threading.Barrier(2, timeout=PATIENCE_SECONDS)
    alone: list[int] = []
    small = [(True, engine.question(number, both.wait)) for number in (0, 1)]
    large = [(False, engine.question(number, lambda: alone.append(engine.at_once))) for number in (2, 3)]
    with answers([*small, *large], engine.interrupt, at_once=2) as found:
        assert list(found) == [0, 1, 2, 3]
    assert (engine.most, alone) == (2, [1, 1])


def test_a_view_and_a_table_of_many_rows_are_not_small() -> None:
    table = build("one")
    assert is_small(table, None)
    assert not is_small(table, replace(table, kind=Kind.VIEW))
    assert not is_small(replace(table, rows=SMALL_ROWS + 1))


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
def test_whoever_leaves_early_leaves_nothing_running(fault: type[BaseException]) -> None:
    engine, is_running = Engine(), threading.Event()

    def run() -> None:
        is_running.set()
        engine.may_end.wait(PATIENCE_SECONDS)

    works = [engine.question(0), engine.question(1, run), *(engine.question(number) for number in range(2, 50))]

    def leave() -> None:
        with several(works, engine.interrupt, at_once=1) as found:
            assert next(found) == 0
            assert is_running.wait(PATIENCE_SECONDS)
            raise fault

    with pytest.raises(fault):
        leave()
    assert (engine.begun, engine.at_once) == ([0, 1], 0)
    assert engine.interrupted > 0


def test_a_fault_of_a_question_comes_where_its_answer_would() -> None:
    def fail() -> int:
        raise ValueError("no answer")

    engine = Engine()
    with several([engine.question(0), fail, engine.question(2)], engine.interrupt, at_once=1) as found:
        assert next(found) == 0
        with pytest.raises(ValueError, match="no answer"):
            next(found)
    with pytest.raises(ValueError, match="no answer"):
        interruptible(fail, engine.interrupt)
