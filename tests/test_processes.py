"""Telling processes apart."""

import os
import subprocess
import sys

from engine.processes import describe_process, is_alive, this_process


def test_this_process_is_alive_and_has_one_name() -> None:
    assert is_alive(describe_process())
    assert this_process() == this_process()
    assert f":{os.getpid()}:" in this_process()


def test_a_process_that_ended_is_dead_also_while_nobody_has_reaped_it() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    described = describe_process(child.pid)
    assert is_alive(described)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert is_alive(described) is False
    child.communicate()
    assert is_alive(described) is False


def test_another_process_with_the_same_pid_is_not_the_one_that_was_described() -> None:
    described = describe_process()
    assert is_alive(described | {"started": described["started"] - 60}) is False


def test_nothing_is_known_of_processes_on_other_hosts_or_never_described() -> None:
    assert is_alive(describe_process() | {"host": "elsewhere"}) is None
    assert is_alive({}) is None
