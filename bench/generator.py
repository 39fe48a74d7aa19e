"""Runs ekiload, the load generator (bench/load), and reads what it tells. Python is never in the measured path."""

import contextlib
import json
import pathlib
import resource
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / 'build' / 'release' / 'bin' / 'ekiload'
MANY_FILES = 30000


def raise_limits():
    """As many descriptors as 5,000 TLS connections on either side need; inherited by all that is started."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(hard, MANY_FILES) if hard != resource.RLIM_INFINITY else hard
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _words(mode, flags, options):
    words = [str(PROGRAM), mode, *(f'--{flag}' for flag in flags if flag)]
    for name, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            words += [f'--{name}', str(one)]
    return words


def run(mode, *flags, **options):
    """One run from its beginning to its end: the object that it prints."""
    done = subprocess.run(_words(mode, flags, options), capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError(f'ekiload {mode}: {done.stderr.strip()}')
    return json.loads(done.stdout)


class Running:
    """A generator that stays (idle connections, a sink). `begun` is its first object."""

    def __init__(self, mode, *flags, **options):
        self.process = subprocess.Popen(_words(mode, flags, options), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f'ekiload {mode}: {self.process.stderr.read().strip()}')
        self.begun = json.loads(line)

    def end(self):
        """Close its input; what it prints last, if anything."""
        rest, complaint = self.process.communicate(timeout=60)
        if self.process.returncode != 0:
            raise RuntimeError(f'ekiload: {complaint.strip()}')
        return json.loads(rest) if rest.strip() else None

    def wait(self, seconds):
        """What it prints when it has had all it waits for."""
        self.process.wait(seconds)
        return self.end()


@contextlib.contextmanager
def running(mode, *flags, **options):
    program = Running(mode, *flags, **options)
    try:
        yield program
    finally:
        if program.process.poll() is None:
            program.end()
