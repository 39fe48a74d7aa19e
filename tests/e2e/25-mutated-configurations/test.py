"""main.cf and master.cf as they must not be, by the thousand: `ekiden check` either takes a changed pair or names what is
wrong by file and line, in time and never by a signal. A sample is put in place and reloaded: what is refused leaves the
running system as it was, down to its processes.

EKIDEN_MUTATIONS (default 2000) changed pairs are tried, EKIDEN_SEED chooses others; both are printed."""

import concurrent.futures
import contextlib
import os
import pathlib
import random
import re
import subprocess
import time

import waiting
from house_test import HouseTest, main
from instance import Instance, scratch
from mutations import mutate

COUNT = int(os.environ.get('EKIDEN_MUTATIONS', '2000'))
SEED = int(os.environ.get('EKIDEN_SEED', '0')) or int(time.time()) % 1_000_000
SECONDS = 20         # for one check, on a busy machine
RELOADS = 12         # of those that were refused, and as many of those that were taken
# What a mutation may make of a live system without being wrong: other places, other users, other ports.
STAYS = re.compile(rb'^(queue_directory|data_directory|config_directory|daemon_directory|maillog_file|virtual_mailbox_base|'
                   rb'inet_interfaces|\w+_owner|mail_owner|setgid_group|hung_timeout|service_throttle_time|dns_\w+)\s*=.*$', re.M)
# File and line, or what is true of a whole file.
PLACED = re.compile(r'/\S+, line [1-9]\d*: |master\.cf: no services are defined|'
                    r': \d+ more errors are not shown')


class Mutated(HouseTest):
    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('mutated', reload_drain_time='5s'))
        cls.folder = cls.use(scratch('mutations'))
        cls.etc = cls.ours.folder / 'etc'
        cls.good = [(cls.etc / name).read_bytes() for name in ('main.cf', 'master.cf')]
        print(f'{COUNT} mutations, EKIDEN_SEED={SEED}', flush=True)
        dice = random.Random(SEED)
        cls.pairs = [mutate(dice, *cls.good) for _ in range(COUNT)]
        cls.accepted, cls.refused = [], []

    def ekiden(self, directory, command):
        """(status, what it printed, seconds)."""
        program = self.ours.facts['commands']['ekiden'][0]
        begun = time.monotonic()
        done = subprocess.run([program, '-c', str(directory), command], capture_output=True, timeout=SECONDS * 4,
                              stdin=subprocess.DEVNULL)
        return done.returncode, (done.stdout + done.stderr).decode('utf-8', 'replace'), time.monotonic() - begun

    def put(self, directory, main_cf, master_cf):
        (directory / 'main.cf').write_bytes(main_cf)
        (directory / 'master.cf').write_bytes(master_cf)

    # --- check ---
    def judge(self, number):
        """What is wrong with the answer for a pair, or ''."""
        what, main_cf, master_cf = self.pairs[number]
        copy = self.folder / str(number)
        copy.mkdir()
        self.put(copy, main_cf, master_cf)
        try:
            status, text, seconds = self.ekiden(copy, 'check')
        except subprocess.TimeoutExpired:
            status, text, seconds = 'none in time', '', SECONDS
        (self.accepted if status == 0 else self.refused).append(number)
        wrong = self.complaint(status, text, seconds)
        if not wrong:
            for path in copy.iterdir():
                path.unlink()
            copy.rmdir()
        return f'{number} ({what}): {wrong}: status {status}, {seconds:.1f} s: {text[:600]!r}' if wrong else ''

    def complaint(self, status, text, seconds):
        errors = [line for line in text.split('\n') if line.startswith('ekiden: error: ')]
        if status not in (0, 78):
            return 'neither taken nor refused'
        if seconds >= SECONDS:
            return 'too slow'
        if len(text) > 200_000:
            return 'too long an answer'
        if status == 0 and errors:
            return 'taken with errors'
        if status and not errors:
            return 'refused without a reason'
        return ''.join(f'no place is named: {line[:300]}' for line in errors if not PLACED.search(line))

    def test_each_is_taken_or_refused_with_its_place(self):
        self.assertEqual(self.ekiden(self.etc, 'check')[0], 0)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            wrong = [each for each in pool.map(self.judge, range(COUNT)) if each]
        print(f'\n{len(self.accepted)} taken, {len(self.refused)} refused', flush=True)
        self.assertFalse(wrong, f'{len(wrong)} with EKIDEN_SEED={SEED}:\n' + '\n'.join(wrong[:40]))
        self.assertTrue(self.accepted and self.refused)

    # --- reload ---
    def everyone(self):
        return {(row['name'], row['pid']) for row in self.ours.refresh()['processes']}

    @staticmethod
    def daemons(rows):
        """Those who live as long as master, whatever is reloaded."""
        return {row for row in rows if row[0] in ('master', 'authd', 'manager', 'router', 'logger')}

    @contextlib.contextmanager
    def in_place(self, number):
        try:
            self.put(self.etc, *self.pairs[number][1:])
            yield
        finally:
            self.put(self.etc, *self.good)

    def assert_works(self, number):
        """Mail goes through under the settings of before."""
        before = len(self.ours.messages(self.ours.account(0)['address']))
        self.ours.assert_serves()
        self.ours.wait_for_messages(self.ours.account(0)['address'], before + 1)

    def sample(self, numbers):
        numbers = sorted(numbers)
        return random.Random(SEED).sample(numbers, min(RELOADS, len(numbers)))

    def test_a_refused_one_changes_nothing(self):
        self.assertEqual(self.ekiden(self.etc, 'reload')[0], 0)
        waiting.until(self.ours.serves, 'service after a good reload')
        for number in self.sample(self.refused):
            before = self.everyone()
            if self.places(self.pairs[number][1]) != self.places(self.good[0]):
                continue    # another system is asked
            with self.subTest(number=number, what=self.pairs[number][0], seed=SEED), self.in_place(number):
                status, text, _ = self.ekiden(self.etc, 'reload')
                self.assertNotIn(status, (0, -11, -6), text)
                self.assertTrue(PLACED.search(text), text)
                # Some faults are seen only when new workers are tried; they go again.
                waiting.until(lambda before=before: not self.everyone() - before, 'nobody is new')
                self.assertEqual(self.daemons(before), self.daemons(self.everyone()))
                self.assert_works(number)

    def test_a_taken_one_can_be_taken_back(self):
        same = [number for number in self.accepted if self.places(self.pairs[number][1]) == self.places(self.good[0])]
        for number in self.sample(same):
            with self.subTest(number=number, what=self.pairs[number][0], seed=SEED):
                master = waiting.until(self.one_master, 'one master')
                with self.in_place(number):
                    status, text, _ = self.ekiden(self.etc, 'reload')
                    self.assertTrue(status == 0 or text, 'a reason is told')
                self.assertEqual(self.ekiden(self.etc, 'reload')[:2], (0, ''))
                # A child that has not become its program yet has master's name.
                waiting.until(lambda before=master: self.ours.pids('master') == before, 'master is the same')
                waiting.until(self.ours.serves, f'service after {self.pairs[number][0]}', 60)

    def one_master(self):
        pids = self.ours.pids('master')
        return pids if len(pids) == 1 else []

    @staticmethod
    def places(main_cf):
        return sorted(match.group(0) for match in STAYS.finditer(main_cf))


main(Mutated)
