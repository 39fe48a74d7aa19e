"""Waiting for a condition, never for a time."""

import time


def until(check, what, seconds=30, pause=0.02):
    """The first true value of check(); AssertionError naming `what` when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f'after {seconds} s still not: {what}')
        time.sleep(pause)
