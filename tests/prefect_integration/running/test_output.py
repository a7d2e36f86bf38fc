from __future__ import annotations

import os
import threading

from prefect_integration.running.output import HEAD, LINE_LIMIT, TAIL, Output


def logged(data: bytes) -> list[str]:
    lines: list[str] = []
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as stream:
            stream.write(data)

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(reading, "rb") as stream, Output(stream, lines.append) as output:
        while not output.closed:
            output.read(1.0)
    writer.join()
    return lines


def test_lines_are_logged_in_order_and_the_last_one_needs_no_end() -> None:
    assert logged(b"one\r\n\ntwo\nthree") == ["one", "", "two", "three"]


def test_what_is_no_text_is_replaced() -> None:
    assert logged(b"a\xffb\x1b[31m\x00\n") == ["a\ufffdb\ufffd[31m\ufffd"]


def test_a_talkative_program_is_logged_from_both_ends() -> None:
    count = HEAD + TAIL + 1000
    lines = logged(b"".join(b"%d\n" % number for number in range(count)))

    assert lines[:HEAD] == [str(number) for number in range(HEAD)]
    assert lines[HEAD] == "[1000 lines are left out here]"
    assert lines[HEAD + 1 :] == [str(number) for number in range(count - TAIL, count)]


def test_nothing_is_said_to_be_left_out_when_nothing_is() -> None:
    lines = logged(b"x\n" * (HEAD + TAIL))

    assert lines == ["x"] * (HEAD + TAIL)


def test_a_line_without_end_is_cut() -> None:
    assert logged(b"x" * (LINE_LIMIT * 2 + 1)) == ["x" * LINE_LIMIT, "x" * LINE_LIMIT, "x"]
    assert logged(b"x" * (LINE_LIMIT + 1) + b"\ny\n") == ["x" * LINE_LIMIT, "x", "y"]
