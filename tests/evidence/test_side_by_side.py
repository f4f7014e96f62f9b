"""Several questions at once: when they are answered, what is asked alone, and what is left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from headgate.app.interrupting import Unanswered, interruptible, several
from headgate.app.measured.side_by_side import SMALL_ROWS, answers, is_small
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


def test_an_answer_is_given_as_soon_as_it_is_known_and_so_is_what_begins() -> None:
    engine, second_is_given, begun = Engine(), threading.Event(), list[int]()
    questions = [
        (True, engine.question(0, lambda: second_is_given.wait(PATIENCE_SECONDS))),
        (True, engine.question(1)),
        (True, engine.question(2)),
    ]
    with answers(questions, engine.interrupt, begun=begun.append, at_once=2) as found:
        assert next(found) == (1, 1)
        second_is_given.set()
        assert sorted(found) == [(0, 0), (2, 2)]
    assert (sorted(begun), engine.most, engine.interrupted) == ([0, 1, 2], 2, 0)


def test_what_is_large_is_asked_alone() -> None:
    engine, both = Engine(), threading.Barrier(2, timeout=PATIENCE_SECONDS)
    alone: list[int] = []
    small = [(True, engine.question(number, both.wait)) for number in (0, 1)]
    large = [(False, engine.question(number, lambda: alone.append(engine.at_once))) for number in (2, 3)]
    begun: list[int] = []
    with answers([*small, *large], engine.interrupt, begun=begun.append, at_once=2) as found:
        assert sorted(found) == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert (engine.most, alone, begun[2:]) == (2, [1, 1], [2, 3])


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
            assert next(found) == (0, 0)
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
        assert next(found) == (0, 0)
        with pytest.raises(ValueError, match="no answer"):
            next(found)
    with pytest.raises(ValueError, match="no answer"):
        interruptible(fail, engine.interrupt)


def test_ctrl_c_while_threads_start_leaves_nothing_running(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, start = Engine(), threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    def ask() -> None:
        monkeypatch.setattr(threading.Thread, "start", interrupted)
        works = [engine.question(number, lambda: engine.may_end.wait(PATIENCE_SECONDS)) for number in range(20)]
        with several(works, engine.interrupt, at_once=4):
            raise AssertionError("it was interrupted")

    with pytest.raises(KeyboardInterrupt):
        ask()
    assert (engine.at_once, len(engine.begun) <= 1) == (0, True)


def test_a_fault_is_told_where_another_question_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headgate.app.interrupting._PATIENCE_SECONDS", 0.05)
    may_end = threading.Event()

    def fail() -> int:
        raise ValueError("the disk is full")

    def ask(leave: BaseException | None = None) -> None:
        works = [Engine().question(0, lambda: may_end.wait(PATIENCE_SECONDS)), fail]
        with several(works, lambda: None, at_once=2) as found:
            if leave is not None:
                raise leave
            next(found)

    with pytest.raises(ValueError, match="the disk is full"):
        ask()
    with pytest.raises(Unanswered):
        ask(KeyboardInterrupt())
    may_end.set()


def test_what_is_done_is_not_interrupted() -> None:
    engine = Engine()
    for _ in range(300):
        assert interruptible(engine.question(0), engine.interrupt) == 0
    assert engine.interrupted == 0
