"""What the tests with thousands of clients share: users in bulk, new clients whose service is timed, what the server and
the machine spend meanwhile.

A client counts as served when it has its greeting, its login or TLS where that belongs to it, and its answers. The
limits for one client are the defaults, for all come from loopback addresses that are no exception."""

import collections
import contextlib
import os
import pathlib
import resource
import sqlite3
import statistics
import time

import waiting
from house_test import HouseTest
from instance import Instance

FILES = 30000       # descriptors: what 5,000 connections under TLS need, in the front and in what holds them
NEW = 20            # clients who come while the others stand
WITHIN = 0.1        # seconds in which 19 of 20 new clients are served
ROUNDS = 5          # of NEW clients at most, where others' work on the machine spoils one
OTHERS = 0.25       # of a core: others' work that excuses a look again
RESTING = 0.02      # of a core: a server that spends less is at rest
PASSWORD = 'a-password-for-all'


def raise_limits(count):
    """The connections, up to `count`, that the limit of descriptors leaves room for."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else max(hard, FILES)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
        return count
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        fewer = min(count, hard // 4)
        if fewer < count:
            print(f'{fewer} connections in place of {count}: only {hard} descriptors are allowed', flush=True)
        return fewer


def memory_kib(pid):
    """PSS without the pages of files, whose share depends on who else runs the same programs. Only root is told."""
    kib = 0
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text().split('\n'):
            if line.startswith(('Pss_Anon:', 'Pss_Shmem:')):
                kib += int(line.split()[1])
    return kib


def cpu_seconds(pids):
    """What these processes have spent on a core, and waiting for one, in all their threads that still are."""
    ran = waited = 0
    for pid in pids:
        for path in pathlib.Path(f'/proc/{pid}/task').glob('*/schedstat'):
            with contextlib.suppress(OSError):
                here, queue, _ = path.read_text().split()
                ran, waited = ran + int(here), waited + int(queue)
    return ran / 1e9, waited / 1e9


def machine_seconds():
    """What the whole machine has spent, without those who give way to all others (nice)."""
    user, _, system, _, _, *interrupts = map(int, pathlib.Path('/proc/stat').read_text().split('\n')[0].split()[1:9])
    return (user + system + sum(interrupts)) / os.sysconf('SC_CLK_TCK')


class CrowdTest(HouseTest):
    """`ours` is an instance by `crowd_instance`; `helpers` are the pids of programs that the test has started."""
    helpers = ()

    @staticmethod
    def crowd_instance(name, **settings):
        # Room for all, and patience: on a busy machine opening thousands takes a while.
        roomy = {'smtpd_session_limit': 10000, 'pop3d_connection_limit': 10000,
                 'smtpd_client_event_limit_exceptions': '', 'smtpd_timeout': '900s', 'smtpd_command_timeout': '900s',
                 'pop3d_login_timeout': '900s', 'pop3d_session_timeout': '900s'}
        return Instance(name, **{**roomy, **settings})

    @classmethod
    def add_users(cls, count):
        """u0, u1, ... with one password: u0 by ekiuser, the others as copies of its row."""
        ours = cls.ours
        ours.add_account(f'u0@{ours.domain}', PASSWORD)
        state = pathlib.Path(ours.facts['paths']['state'])
        ours.down()
        with contextlib.closing(sqlite3.connect(state / 'accounts.db')) as base, base:
            columns = [row[1] for row in base.execute('PRAGMA table_info(account)')]
            first = dict(zip(columns, base.execute('SELECT * FROM account WHERE address = ?',
                                                   (f'u0@{ours.domain}',)).fetchone()))
            marks = ', '.join('?' * len(columns))
            for number in range(1, count):
                row = {**first, 'address': f'u{number}@{ours.domain}',
                       'mailbox': first['mailbox'].replace('u0', f'u{number}')}
                base.execute(f'INSERT INTO account ({", ".join(columns)}) VALUES ({marks})',
                             [row[column] for column in columns])
        ours.up()

    # --- what is spent ---
    def memory(self):
        """KiB by the programs' names; nothing for an ordinary user."""
        sums = collections.Counter()
        for row in self.ours.refresh()['processes'] if os.geteuid() == 0 else ():
            sums[row['name']] += memory_kib(row['pid'])
        return sums

    @staticmethod
    def show_growth(before, now, count):
        """What each of `count` clients takes, by the programs' names."""
        costs = {name: 1024 * (kib - before[name]) / count for name, kib in now.items()}
        shown = ', '.join(f'{name} {octets:.0f}' for name, octets in sorted(costs.items()) if octets >= 1)
        print(f'octets for each of {count} clients: {shown}; in all {sum(costs.values()):.0f}' if costs else
              'memory is not looked at: only root is told', flush=True)

    def spent(self):
        """Seconds: of CPU by the server; by everybody else but this test; of waiting for a core by server and test."""
        server, server_waited = cpu_seconds(self.ours.pids())
        test, test_waited = cpu_seconds([os.getpid(), *self.helpers])
        return server, machine_seconds() - server - test, server_waited + test_waited

    def at_rest(self):
        """Until the server has nothing left to do; the seconds that this took."""
        pids = self.ours.pids()
        begun = time.monotonic()
        looks = [(begun, cpu_seconds(pids)[0])]

        def resting():
            looks.append((time.monotonic(), cpu_seconds(pids)[0]))
            (then, before), (now, after) = looks[-2:]
            return after - before < RESTING * (now - then)
        waiting.until(resting, 'the server is at rest', 120, pause=0.1)
        return looks[-2][0] - begun

    # --- new clients ---
    def smtp_served(self, port='smtp', **how):
        with self.ours.smtp(port, **how) as client:
            self.assertEqual(client.command('MAIL FROM:<x@elsewhere.test>')[0], 250)
            self.assertEqual(client.command(f'RCPT TO:<{self.ours.account(0)["address"]}>')[0], 250)
            client.quit()

    def starttls_served(self):
        with self.ours.smtp() as client:
            client.upgrade()
            self.assertEqual(client.command('MAIL FROM:<x@elsewhere.test>')[0], 250)
            client.quit()

    def submission_served(self, account=None):
        account = account or self.ours.account(0)
        with self.ours.smtp('submission') as client:
            client.upgrade()
            self.assertEqual(client.login(account['user'], account['password'])[0], 235)
            client.quit()

    def pop3_served(self, port='pop3', account=None, **how):
        account = account or self.ours.account(1)
        with self.ours.pop3(port, **how) as client:
            self.assertTrue(client.login(account['user'], account['password']).startswith('+OK'))
            client.count()
            client.quit()

    @staticmethod
    def timed(serve):
        begun = time.monotonic()
        serve()
        return time.monotonic() - begun

    @staticmethod
    def shown(taken):
        each = ' '.join(f'{1000 * seconds:.1f}' for seconds in taken[:NEW])
        more = f' ... ({len(taken)} in all)' if len(taken) > NEW else ''
        return f'{each}{more}; median {1000 * statistics.median(taken):.1f}, slowest {1000 * max(taken):.1f}'

    @staticmethod
    def enough_within(taken, within=WITHIN):
        """19 of 20."""
        return sum(seconds > within for seconds in taken) <= len(taken) // 20

    def assert_served(self, what, serve):
        """New clients one after the other. Where it was others' work on this machine that kept them waiting, look again."""
        for _ in range(ROUNDS):
            begun, before = time.monotonic(), self.spent()
            taken = [self.timed(serve) for _ in range(NEW)]
            seconds = time.monotonic() - begun
            server, others, waited = (after - then for after, then in zip(self.spent(), before))
            print(f'{what}: new clients served in ms: {self.shown(taken)}; for each the server ran {1000 * server / NEW:.1f} '
                  f'and {1000 * waited / NEW:.1f} went by waiting for a core', flush=True)
            if self.enough_within(taken):
                return
            print(f'other programs used {others / seconds:.2f} cores meanwhile', flush=True)
            if others < OTHERS * seconds:
                break
        self.fail(f'{what}: 19 of 20 new clients are not served within {1000 * WITHIN:.0f} ms')
