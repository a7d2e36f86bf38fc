"""The program of a task that shows whether it is alone, and whether anything of it is left.

    python -I -S holder.py TREE SECONDS [stubborn]

It holds an ``flock`` on ``locks/<task>`` for as long as any process of its tree lives, because all of them share the
open file. If the lock is taken, an earlier execution of the task still lives: an overlap, which it writes into
``truth``. TREE says what else it starts: ``child``, ``setsid`` (a child in a session of its own) or ``daemon`` (one
that belongs to nobody any more); all of them would stay for an hour. It ends after SECONDS.
"""

import fcntl
import os
import signal
import sys
import time


def say(what: str) -> None:
    line = f"{what} {os.environ['TASKGRAPH_TASK_ID']} {os.environ['TASKGRAPH_ATTEMPT']} {os.getpid()}\n"
    handle = os.open("truth", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(handle, line.encode())
    os.close(handle)


def stay() -> None:
    deadline = time.monotonic() + 3600
    while time.monotonic() < deadline:
        time.sleep(1)
    os._exit(0)


def main(tree: str, seconds: str, *how: str) -> None:
    if "stubborn" in how:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    handle = os.open(f"locks/{os.environ['TASKGRAPH_TASK_ID']}", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("overlap")
    ready, told = os.pipe()
    if not os.fork():
        if tree != "child":
            os.setsid()
        if tree == "daemon" and os.fork():
            os._exit(0)
        os.write(told, str(os.getpid()).encode())
        stay()
    other = int(os.read(ready, 20))
    say("start")
    time.sleep(float(seconds))
    os.kill(other, signal.SIGKILL)
    say("end")


main(*sys.argv[1:])
