"""What the rows share: where they work, how often, the sides' ports, and how one run of one side is measured."""

import os
import pathlib
import random
import shutil
import statistics
import tempfile
import threading
import time

import generator
from group import machine_cpu
from table import Table

SAMPLE_EVERY = 0.5    # seconds between looks at the memory during a run


class House:
    def __init__(self, quick, pairs, parent):
        self.quick = quick
        self.asked_pairs = pairs
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='ekiden-bench-', dir=parent))
        self.folder.chmod(0o755)
        self.table = Table()
        self.limits = {}
        self.sides = []

    def pairs(self, usual=5, quick=2):
        return self.asked_pairs or (quick if self.quick else usual)

    def size(self, full, quick):
        return quick if self.quick else full

    # --- sides ---
    def begin(self, *sides):
        """Start sides; `end` stops them and removes their files."""
        for side in sides:
            self.sides.append(side)
            try:
                side.start()
            except Exception:
                print(getattr(side, 'log', str)()[-3000:])
                raise

    def end(self):
        try:
            while self.sides:
                self.sides.pop().close()
        finally:
            for side in self.sides:    # one would not end: the others all the same
                side.group.kill()
            self.sides = []

    def clear(self):
        for entry in self.folder.iterdir():
            shutil.rmtree(entry, ignore_errors=True)

    def ports(self, count):
        """Free ports below the ephemeral ones, apart from those of ./dev instance."""
        import socket
        for _ in range(200):
            first = random.randrange(10000, 14900, 10)
            try:
                for port in range(first, first + count):
                    with socket.socket() as probe:
                        probe.bind(('127.0.0.1', port))
                return list(range(first, first + count))
            except OSError:
                continue
        raise RuntimeError('no free ports')

    def close(self):
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- measuring ---
    def alternate(self, sides, usual, once):
        """A B A B ...: `once(side)` gives {measure: value}; all values by measure and side."""
        values = {}
        for _ in range(usual):
            for side in sides:
                for measure, value in once(side).items():
                    values.setdefault(measure, {}).setdefault(side.name, []).append(value)
        return values


class Peak(threading.Thread):
    """The greatest PSS of a group while it works."""

    def __init__(self, group):
        super().__init__(daemon=True)
        self.group = group
        self.kib = group.pss()
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(SAMPLE_EVERY):
            self.kib = max(self.kib, self.group.pss())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


def measured(side, mode, *flags, **options):
    """One run of the generator against one side: the usual measures. CPU is counted until the side is quiet again, so
    that work put off counts too."""
    side.group.settle()
    busy, begun = machine_cpu(), time.monotonic()
    with Peak(side.group) as peak:
        cpu = side.group.cpu()
        result = generator.run(mode, *flags, **options)
        window = time.monotonic() - begun
        strange = machine_cpu() - busy - (side.group.cpu() - cpu) - result['own_cpu']
        peak.kib = max(peak.kib, side.group.pss())
    side.group.settle()
    cpu = side.group.cpu() - cpu
    values = {'rate': result['rate'], 'cpu_ms': cpu * 1000 / result['count'], 'p50_ms': result['ms']['p50'],
              'p99_ms': result['ms']['p99'], 'peak_mib': peak.kib / 1024, 'own_share': result['own_share'],
              'strange_share': max(0.0, strange) / window / os.cpu_count()}
    if 'delay_ms' in result:
        values['delay_p50_ms'] = result['delay_ms']['p50']
    return values


def medians(by_side):
    return {side: statistics.median(values) for side, values in by_side.items()}
