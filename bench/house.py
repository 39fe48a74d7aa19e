"""What the rows share: where they work, how often, the sides' ports, and how one run of one side is measured."""

import os
import pathlib
import random
import shutil
import socket
import tempfile
import threading
import time

import generator
import waiting
from group import machine_cpu, pss_kib
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
        self.network = random.randrange(2, 250), random.randrange(1, 250)

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

    def address(self, number):
        """Loopback addresses of this run's own, so that two runs do not meet."""
        return f'127.{self.network[0]}.{self.network[1]}.{number}'

    def ports(self, count):
        """Free ports below the ephemeral ones, apart from those of ./dev instance."""
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
    """The greatest PSS of a side, and of its queue manager where it has one, while it works."""

    def __init__(self, side):
        super().__init__(daemon=True)
        self.side = side
        self.kib = self.manager_kib = 0
        self.over = threading.Event()

    def look(self):
        self.kib = max(self.kib, self.side.group.pss())
        managers = getattr(self.side, 'manager_pids', list)()
        self.manager_kib = max(self.manager_kib, sum(pss_kib(pid) for pid in managers))

    def run(self):
        while not self.over.wait(SAMPLE_EVERY):
            self.look()

    def __enter__(self):
        self.look()
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()
        self.look()


def measured(side, mode, *flags, patience=10, manager=False, **options):
    """One run of the generator against one side: the usual measures. CPU is counted until the side is quiet again, so
    that work put off counts too; `patience`: for so many seconds at most. `manager`:
    the queue manager's memory too."""
    side.group.settle()
    busy, begun = machine_cpu(), time.monotonic()
    with Peak(side) as peak:
        cpu = side.group.cpu()
        result = generator.run(mode, *flags, **options)
        window = time.monotonic() - begun
        strange = machine_cpu() - busy - (side.group.cpu() - cpu) - result['own_cpu']
    side.group.settle(patience)
    cpu = side.group.cpu() - cpu
    values = {'rate': result['rate'], 'cpu_ms': cpu * 1000 / result['count'], 'p50_ms': result['ms']['p50'],
              'p99_ms': result['ms']['p99'], 'peak_mib': peak.kib / 1024,
              'manager_mib': peak.manager_kib / 1024, 'own_share': result['own_share'],
              'strange_share': max(0.0, strange) / window / os.cpu_count()}
    if not manager:
        del values['manager_mib']
    if 'delay_ms' in result:
        values['delay_p50_ms'] = result['delay_ms']['p50']
    return values


def greeting(address, port, seconds=60):
    """Wait for the first greeting of a server that is being started; to a millisecond, for that is measured."""
    def greets():
        try:
            with socket.create_connection((address, port), timeout=seconds) as probe:
                return probe.recv(512)[:1] in (b'2', b'+')
        except OSError:
            return False
    waiting.until(greets, f'a greeting at {address}:{port}', seconds, pause=0.001)
