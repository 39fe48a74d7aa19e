"""The processes of one side, counted together: CPU time of the whole tree, also of processes that have ended, and
memory. A cgroup of its own where one can be made (the kernel counts in microseconds, whatever forks and exits);
elsewhere the sum over /proc of each living process and the children it has reaped, in ticks of 10 ms."""

import contextlib
import os
import pathlib
import signal
import time

import waiting

TICK = os.sysconf('SC_CLK_TCK')
PLACES = [    # folder, file of its CPU time, how that is read (seconds)
    ('/sys/fs/cgroup/unified', 'cpu.stat', lambda text: int(text.split()[1]) / 1e6),
    ('/sys/fs/cgroup', 'cpu.stat', lambda text: int(text.split()[1]) / 1e6),
    ('/sys/fs/cgroup/cpuacct', 'cpuacct.usage', lambda text: int(text) / 1e9),
]
QUIET = 0.02    # of a core: below this a side counts as idle
QUIET_FOR = 0.15


def _stat(pid):
    """(parent, CPU seconds with those of reaped children) of a process."""
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return int(fields[1]), sum(int(field) for field in fields[11:15]) / TICK


def tree(root):
    """The living descendants of a process and itself."""
    children = {}
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                children.setdefault(_stat(entry)[0], []).append(int(entry))
            except (FileNotFoundError, ProcessLookupError):
                continue
    found, left = [], [root]
    while left:
        found.append(left.pop())
        left += children.get(found[-1], [])
    return found


def pss_kib(pid):
    try:
        for line in pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text().split('\n'):
            if line.startswith('Pss:'):
                return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0    # it has ended


def cpu_of(pid):
    """CPU seconds of a process and of the children it has reaped, in ticks."""
    try:
        return _stat(pid)[1]
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def machine_cpu():
    """CPU seconds that all processors together have been busy since boot."""
    fields = [int(word) for word in pathlib.Path('/proc/stat').read_text().split('\n', 1)[0].split()[1:9]]
    user, nice, system, _idle, _iowait, irq, softirq, _steal = fields
    return (user + nice + system + irq + softirq) / TICK


class Group:
    """Start a side's processes with `preexec_fn=group.join`; where there are no cgroups `roots` are the pids whose
    descendants count."""

    def __init__(self, name):
        self.roots = set()
        self.folder = None
        for place, file, read in PLACES:
            folder = pathlib.Path(place) / f'ekiden-bench-{os.getpid()}-{name}'
            try:
                folder.mkdir()
                (folder / file).read_text()
                (folder / 'cgroup.procs').read_text()
            except OSError:
                if folder.exists():
                    folder.rmdir()
                continue
            self.folder, self.file, self.read = folder, folder / file, read
            return

    def join(self):
        if self.folder:
            (self.folder / 'cgroup.procs').write_text(str(os.getpid()))

    def pids(self):
        if self.folder:
            return [int(word) for word in (self.folder / 'cgroup.procs').read_text().split()]
        return [pid for root in self.roots for pid in tree(root)]

    def cpu(self):
        """CPU seconds, user and system, of all that ever ran in it."""
        if self.folder:
            return self.read(self.file.read_text())
        total = 0.0
        for pid in self.pids():
            total += cpu_of(pid)
        return total

    def pss(self):
        """KiB of memory, what is shared counted once."""
        return sum(pss_kib(pid) for pid in self.pids())

    def by_name(self, measure):
        """measure(pid) summed over the processes of each name."""
        sums = {}
        for pid in self.pids():
            try:
                name = pathlib.Path(f'/proc/{pid}/comm').read_text().strip()
                sums[name] = sums.get(name, 0) + measure(pid)
            except (FileNotFoundError, ProcessLookupError):
                continue
        return sums

    def settle(self, seconds=10):
        """Wait until what was begun is finished: the side uses no CPU worth counting, or the time is up."""
        deadline = time.monotonic() + seconds
        before = self.cpu()
        while time.monotonic() < deadline:
            time.sleep(QUIET_FOR)    # a measurement: the window itself is what is looked at
            now = self.cpu()
            if now - before < QUIET * QUIET_FOR:
                return
            before = now

    def kill(self):
        """Whatever is left of the side ends now."""
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def close(self):
        if not self.folder:
            return
        waiting.reached(lambda: not self.pids(), 10)    # the last processes are being reaped
        self.kill()
        waiting.reached(lambda: not self.pids(), 10)
        self.folder.rmdir()
