"""Other processes: is it still the one that was meant, and has it ended."""

import time

import psutil


def running(pid: int, create_time: float) -> psutil.Process | None:
    """The process with this pid that was created then, or None when it has ended (a zombie has) or is another."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - create_time) < 0.5
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def ended(process: psutil.Process, seconds: float) -> bool:
    """Wait until it has ended, at most so long. Not until it is reaped: an orphan's new parent may take its time."""
    began = process.create_time() if process.is_running() else 0.0
    deadline = time.monotonic() + seconds
    while running(process.pid, began):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)  # the end of a process that is no child of ours: polled, bounded
    return True
