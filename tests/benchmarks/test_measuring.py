"""What a command costs, with all that it starts."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.measuring import CommandError, measure

# A child that outlives the one who started it, and works on.
ORPHAN = """
import subprocess, sys
work = "import time\\nwhile time.process_time() < 0.4: pass"
subprocess.Popen([sys.executable, "-c", work], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
"""
HOLDER = """
import subprocess, sys, time
hold = "import time; held = bytearray(b'x') * 30_000_000; time.sleep(0.8)"
several = [subprocess.Popen([sys.executable, "-c", hold]) for _ in range(2)]
print("told")
for one in several:
    one.wait()
"""


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_the_work_of_what_a_command_leaves_behind_counts():
    cost = measure(python(ORPHAN))
    assert cost.cpu_seconds >= 0.4


def test_the_memory_of_all_processes_counts_together():
    cost = measure(python(HOLDER))
    assert cost.stdout == "told\n"
    assert cost.processes == 3
    assert cost.peak_bytes > 60_000_000
    assert 60_000_000 < cost.shared_once_bytes <= cost.peak_bytes


def test_what_is_shared_counts_once():
    forked = (
        "import os, time; held = bytearray(b'x') * 80_000_000\n"
        "child = os.fork(); time.sleep(0.8)\n"
        "if child: os.wait()"
    )
    cost = measure(python(forked))
    assert cost.peak_bytes > 160_000_000
    assert cost.shared_once_bytes < 130_000_000


def test_a_command_that_fails_tells_what_it_said():
    with pytest.raises(CommandError, match=r"ended with 3(?s:.*)no such feed"):
        measure(python("import sys; print('no such feed', file=sys.stderr); sys.exit(3)"))


def test_a_command_that_never_ends_is_ended_with_all_its_children(tmp_path):
    note = tmp_path / "pid"
    sleeper = f"""
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({str(note)!r}, "w").write(str(child.pid))
time.sleep(600)
"""
    with pytest.raises(CommandError, match="took more than"):
        measure(python(sleeper), timeout=2)
    assert not Path(f"/proc/{note.read_text()}").exists()


def test_other_children_are_left_alone():
    mine = subprocess.Popen([sys.executable, "-c", "pass"])
    while Path(f"/proc/{mine.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    measure([sys.executable, "-c", "pass"])
    assert os.waitpid(mine.pid, os.WNOHANG)[0] == mine.pid
    mine.returncode = 0
