"""Thousands of clients who do nothing, thousands who do it slowly, and floods from one address: others are served.

EKIDEN_IDLE (default 5000) connections stand in each of six states, one after the other: SMTP greeted, POP3 before login
and after it, each plain and under TLS. While they stand, new clients must be served within 100 ms in the median; what
a connection costs in each process is printed. They are held by ekiload (bench/load), from 200 addresses, so that no
address comes near the limits for one client, which are the defaults."""

import contextlib
import json
import multiprocessing
import os
import pathlib
import resource
import socket
import sqlite3
import ssl
import statistics
import subprocess
import time

from house_test import HouseTest, main
from instance import Instance

IDLE = int(os.environ.get('EKIDEN_IDLE', '5000'))
SLOW = 2000
SOURCES = 200       # 127.0.1.1 to 127.0.1.200
FILES = 30000       # what 5,000 connections under TLS need, in the front and in what holds them
NEW = 20            # clients who come while the others stand
WITHIN = 0.1        # seconds, the median of these
FLOODED_WITHIN = 0.2  # the same while a flood has the processors busy
FLOODER = '127.0.0.66'
FLOODED = 5         # seconds that a flood goes on at least
PASSWORD = 'a-password-for-all'


def raise_limits():
    """The connections that the limit of descriptors leaves room for."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else max(hard, FILES)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
        return IDLE
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        fewer = min(IDLE, hard // 4)
        if fewer < IDLE:
            print(f'{fewer} connections in place of {IDLE}: only {hard} descriptors are allowed', flush=True)
        return fewer


def pss_kib(pid):
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text().split('\n'):
            if line.startswith('Pss:'):
                return int(line.split()[1])
    return 0


class Thousands(HouseTest):
    @classmethod
    def prepare(cls):
        cls.count = raise_limits()
        # Cheap hashes: logins, not their arithmetic. Patience: on a busy machine opening takes a while.
        cls.ours = cls.use(Instance('thousands', smtpd_session_limit=10000, pop3d_connection_limit=10000,
                                    smtpd_client_event_limit_exceptions='', smtpd_timeout='900s',
                                    smtpd_command_timeout='900s', pop3d_login_timeout='900s', pop3d_session_timeout='900s',
                                    auth_hash_memory=8192, auth_hash_operations=1))
        cls.add_users(max(cls.count, 1))

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

    # --- idle ---
    @contextlib.contextmanager
    def held(self, protocol, service, count, *words):
        """So many connections, by a process that ends when its input does and complains when one is closed."""
        program = pathlib.Path(os.environ['EKIDEN_BIN']) / 'ekiload'
        argv = [program, 'idle', '--protocol', protocol, '--address', self.ours.address, '--port', self.ours.port(service),
                '--sources', SOURCES, '--seconds', 300, '--count', count, '--users', self.count,
                '--user', f'u%@{self.ours.domain}', *words]
        with subprocess.Popen(list(map(str, argv)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as program:
            try:
                line = program.stdout.readline()
                self.assertTrue(line, f'{protocol}: {program.stderr.read() if not line else ""}')
                yield json.loads(line)
                self.assertIsNone(program.poll(), 'all of them still stand')
            finally:
                program.stdin.close()
                program.wait(60)
            self.assertEqual(program.returncode, 0, program.stderr.read())

    def memory(self):
        sums = {}
        for row in self.ours.refresh()['processes']:
            sums[row['name']] = sums.get(row['name'], 0) + pss_kib(row['pid'])
        return sums

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

    def pop3_served(self, port='pop3', **how):
        with self.ours.pop3(port, **how) as client:
            account = self.ours.account(1)
            self.assertTrue(client.login(account['user'], account['password']).startswith('+OK'))
            client.count()
            client.quit()

    @staticmethod
    def times(serve, enough=lambda count: count >= NEW):
        taken = []
        while not enough(len(taken)):
            begun = time.monotonic()
            serve()
            taken.append(time.monotonic() - begun)
        return taken

    def report(self, what, taken, within=WITHIN):
        each = ' '.join(f'{1000 * seconds:.0f}' for seconds in taken[:NEW])
        print(f'\n{what}: new clients served in ms: {each}; median {1000 * statistics.median(taken):.1f}', flush=True)
        self.assertLessEqual(statistics.median(taken), within, what)

    def hold_and_serve(self, what, serve, protocol, service, *words):
        with self.held(protocol, service, SOURCES // 10, *words):
            pass    # what is made only once is not counted
        serve()
        before = self.memory()
        begun = time.monotonic()
        with self.held(protocol, service, self.count, *words):
            opened = time.monotonic() - begun
            self.report(f'{self.count} x {what}, opened in {opened:.1f} s', self.times(serve))
            grown = {name: now - before.get(name, 0) for name, now in self.memory().items()}
        costs = {name: 1024 * kib / self.count for name, kib in grown.items() if 1024 * kib / self.count >= 1}
        print('octets for each connection: ' + ', '.join(f'{name} {octets:.0f}' for name, octets in sorted(costs.items())) +
              f'; in all {1024 * sum(grown.values()) / self.count:.0f}', flush=True)

    def test_smtp(self):
        self.hold_and_serve('SMTP greeted', self.smtp_served, 'smtp', 'smtp')

    def test_smtp_tls(self):
        self.hold_and_serve('SMTP greeted, TLS', self.starttls_served, 'smtp', 'smtp', '--tls')

    def test_pop3_before_login(self):
        self.hold_and_serve('POP3 before login', self.pop3_served, 'pop3', 'pop3')

    def test_pop3_before_login_tls(self):
        self.hold_and_serve('POP3 before login, TLS', lambda: self.pop3_served('pop3s', tls=True), 'pop3', 'pop3s', '--tls')

    def test_pop3_after_login(self):
        self.hold_and_serve('POP3 after login', self.pop3_served, 'pop3', 'pop3', '--password', PASSWORD)

    def test_pop3_after_login_tls(self):
        self.hold_and_serve('POP3 after login, TLS', lambda: self.pop3_served('pop3s', tls=True), 'pop3', 'pop3s', '--tls',
                            '--password', PASSWORD)

    # --- slow ---
    def connect(self, service, number):
        source = f'127.0.2.{number % SOURCES + 1}'
        connection = socket.create_connection((self.ours.address, self.ours.port(service)), 30, source_address=(source, 0))
        self.addCleanup(connection.close)
        return connection

    def test_slow_clients(self):
        """Each octet of a command comes for itself, and none of the commands comes to its end while others are served."""
        for service, command, serve in (('smtp', b'EHLO slow.example', self.smtp_served),
                                        ('pop3', b'USER slow@example.test', self.pop3_served)):
            clients = [self.connect(service, number) for number in range(min(SLOW, self.count))]
            for client in clients:
                self.assertIn(client.recv(1)[:1], (b'2', b'+'))
            taken = []
            for octet in command:
                for client in clients:
                    client.sendall(bytes([octet]))
                begun = time.monotonic()
                serve()
                taken.append(time.monotonic() - begun)
            self.report(f'{len(clients)} slow clients of {service}', taken)
            for client in clients:
                client.sendall(b'\r\n')
            for client in clients:
                answer = b''
                while answer.count(b'\n') < 2:
                    more = client.recv(4096)
                    self.assertTrue(more, answer)
                    answer += more
                self.assertRegex(answer, rb'\r\n(250|\+OK)')
                client.close()

    # --- floods ---
    def flood(self, what, attack, serve):
        """`attack(connect, done)` goes on in a process of its own; others are served from the beginning to the end."""
        done = multiprocessing.Event()
        counts = multiprocessing.SimpleQueue()
        attacker = multiprocessing.Process(target=lambda: counts.put(attack(self.ours, done)))
        attacker.start()
        try:
            deadline = time.monotonic() + FLOODED
            taken = self.times(serve, lambda count: count >= NEW and time.monotonic() > deadline)
            self.assertTrue(attacker.is_alive(), 'the flood goes on')
        finally:
            done.set()
            attacker.join(60)
            if attacker.is_alive():
                attacker.kill()
        self.assertEqual(attacker.exitcode, 0)
        answers = counts.get()
        self.report(f'{what}: {answers}', taken, FLOODED_WITHIN)
        self.assertLess(max(taken), 15, 'nobody waits for long')
        return answers

    def test_flood_of_connections(self):
        for service, serve in (('smtp', self.smtp_served), ('pop3', self.pop3_served)):
            answers = self.flood(f'connections to {service}', many_connections(service), serve)
            self.assertGreater(answers.get('taken', 0), 0)
            self.assertGreater(answers.get('refused', 0), 100, 'beyond the limit of one address')

    def test_flood_of_commands(self):
        for service, serve in (('smtp', self.smtp_served), ('pop3', self.pop3_served)):
            answers = self.flood(f'commands to {service}', many_commands(service), serve)
            self.assertGreater(answers['octets'], 100_000)

    def test_flood_of_bad_logins(self):
        for service, serve in (('submission', self.submission_served), ('pop3', self.pop3_served)):
            answers = self.flood(f'bad logins to {service}', bad_logins(service), serve)
            self.assertGreater(answers['attempts'], 10)
            self.assertEqual(answers['successes'], 0)

    def submission_served(self):
        account = self.ours.account(0)
        with self.ours.smtp('submission') as client:
            client.upgrade()
            self.assertEqual(client.login(account['user'], account['password'])[0], 235)
            client.quit()


# --- what one address may do to a server ---
def attacker(ours, service):
    return socket.create_connection((ours.address, ours.port(service)), 10, source_address=(FLOODER, 0))


def many_connections(service):
    def attack(ours, done):
        """More and more of them; none of those that were taken is closed by this side."""
        counts, kept = {}, []
        while not done.is_set():
            one = attacker(ours, service)
            try:
                answer = one.recv(4)
            except OSError:
                answer = b''
            greeted = answer[:3] in (b'220', b'+OK')
            word = 'taken' if greeted else 'refused'
            counts[word] = counts.get(word, 0) + 1
            kept.append(one) if greeted else one.close()
        return counts
    return attack


def many_commands(service):
    def attack(ours, done):
        """As many as the connection takes, on four connections, each opened again when the server has had enough."""
        counts, open_ones = {'octets': 0, 'closed': 0}, []
        burst = b'NOOP\r\n' * 500 if service == 'smtp' else b'CAPA\r\n' * 500
        while not done.is_set():
            while len(open_ones) < 4:
                open_ones.append(attacker(ours, service))
                open_ones[-1].setblocking(False)
            for one in list(open_ones):
                try:
                    with contextlib.suppress(BlockingIOError):
                        counts['octets'] += one.send(burst)
                    with contextlib.suppress(BlockingIOError):
                        if not one.recv(65536):
                            raise ConnectionError
                except OSError:
                    counts['closed'] += 1
                    one.close()
                    open_ones.remove(one)
        return counts
    return attack


def bad_logins(service):
    def open_one(ours):
        if service == 'submission':    # where nobody logs in without TLS
            client = ours.smtp(service, source=FLOODER)
            client.upgrade()
            client.send('NOOP')    # its answer is the first that asks for a login
            client.socket.setblocking(False)
            return client.socket
        one = attacker(ours, service)
        one.setblocking(False)
        return one

    line = b'USER alice\r\nPASS wrong\r\n' if service == 'pop3' else b'AUTH PLAIN AGFsaWNlAHdyb25n\r\n'

    def attack(ours, done):
        """One after the other on 20 connections at a time."""
        counts, open_ones = {'attempts': 0, 'successes': 0, 'closed': 0}, []
        while not done.is_set():
            while len(open_ones) < 20:
                open_ones.append(open_one(ours))
            for one in list(open_ones):
                try:
                    with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
                        answer = one.recv(65536)
                        if not answer:
                            raise ConnectionError
                        counts['successes'] += b'235 ' in answer or b'+OK mail' in answer
                        one.send(line)
                        counts['attempts'] += 1
                except OSError:
                    counts['closed'] += 1
                    one.close()
                    open_ones.remove(one)
        return counts
    return attack


main(Thousands)
