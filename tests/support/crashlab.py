"""Runs crashlab (tests/crash/lab), which makes states of a crash and recovers from each, and has every state audited.

    Campaign('kill', seed=1, extra=10).run()    # -> number of states; raises AssertionError with the findings

A finding is printed with its ledger and the command that makes this one state again. Environment: EKIDEN_CRASHLAB
(the program; beside EKIDEN_BIN otherwise), EKIDEN_SEED, EKIDEN_EXTRA (messages beyond one of each kind),
EKIDEN_EVERY (one of so many states), EKIDEN_VARIANTS (random losses at each point)."""

import os
import pathlib
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from auditor import audit

SHOWN = 5    # states with findings that are printed in full


def program():
    beside = pathlib.Path(os.environ.get('EKIDEN_BIN', 'build/dev/bin')).resolve().parent / 'tests' / 'crashlab'
    return os.environ.get('EKIDEN_CRASHLAB', str(beside))


def setting(name, otherwise):
    return int(os.environ.get(f'EKIDEN_{name}', otherwise))


def states(stream):
    """(number, what it is, ledger) of each state that a run prints."""
    head, lines = None, []
    for line in stream:
        line = line.rstrip('\n')
        if head is None:
            _, number, what = line.split(' ', 2)
            head, lines = (int(number), what), []
        elif line == 'end':
            yield (*head, lines)
            head = None
        else:
            lines.append(line)


class Campaign:
    """All states of one kind for one scenario, made by as many processes as there are cores."""

    def __init__(self, mode, seed, extra, every=1, variants=0, jobs=None, deadline=None):
        self.mode, self.seed, self.extra, self.every, self.variants = mode, seed, extra, every, variants
        self.jobs = jobs or os.cpu_count()
        self.deadline = deadline
        self.done, self.bad = 0, []
        self.folder = tempfile.mkdtemp(prefix='ekiden-crashlab-')
        self.recording = os.path.join(self.folder, 'recording')
        self.scratch = tempfile.mkdtemp(prefix='ekiden-crash-', dir='/dev/shm' if os.path.isdir('/dev/shm') else None)
        self.environment = dict(os.environ, EKIDEN_SCRATCH=self.scratch)

    def command(self, part, parts, state=None):
        last = [self.variants, self.recording] if self.mode == 'cut' else [self.every]
        words = [program(), self.mode, self.seed, self.extra, part, parts, *last, *([] if state is None else [state])]
        return [str(word) for word in words]

    def run(self):
        try:
            return self.try_all()
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def try_all(self):
        began = time.monotonic()
        if self.mode == 'cut':
            subprocess.run([program(), 'record', str(self.seed), str(self.extra), self.recording], check=True,
                           env=self.environment)
        found = queue.Queue()
        workers = [threading.Thread(target=self.work, args=(part, found), daemon=True) for part in range(self.jobs)]
        for worker in workers:
            worker.start()
        for _ in workers:
            problem = found.get()
            if problem:
                self.bad.append(problem)
        for worker in workers:
            worker.join()
        print(f'{self.mode}: seed {self.seed}, {self.extra} messages beyond one of each kind: {self.done} states in '
              f'{time.monotonic() - began:.1f} s, {len(self.bad)} with findings', file=sys.stderr, flush=True)
        if not self.bad:
            shutil.rmtree(self.folder)
            return self.done
        for text in self.bad[:SHOWN]:
            print(text, file=sys.stderr, flush=True)
        raise AssertionError(f'{len(self.bad)} of {self.done} states break the promise')

    def work(self, part, found):
        running = subprocess.Popen(self.command(part, self.jobs), stdout=subprocess.PIPE, text=True,
                                   env=self.environment)
        try:
            for number, what, ledger in states(running.stdout):
                self.done += 1
                findings = audit(ledger)
                if findings:
                    self.bad.append(self.describe(number, what, ledger, findings))
                if self.deadline and time.monotonic() > self.deadline:
                    running.kill()
                    running.wait()
                    return found.put(None)
            code = running.wait()
            found.put(f'crashlab ended with {code}' if code else None)
        except Exception as problem:
            found.put(f'the audit failed: {problem!r}')
            raise
        finally:
            running.kill()
            running.stdout.close()

    def describe(self, number, what, ledger, findings):
        return '\n'.join([f'--- state {number}: {what}', *findings, '--- ledger', *ledger,
                          f'--- again: {" ".join(self.command(0, 1, number))}'])
