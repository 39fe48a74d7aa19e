"""Waiting for a condition, never for a time."""

import time


def reached(check, seconds=30, pause=0.02):
    """The first true value of check(), or its last false one when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = check()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(pause)


def until(check, what, seconds=30, pause=0.02):
    """The first true value of check(); AssertionError naming `what` when there is none in time."""
    value = reached(check, seconds, pause)
    if not value:
        raise AssertionError(f'after {seconds} s still not: {what}')
    return value
