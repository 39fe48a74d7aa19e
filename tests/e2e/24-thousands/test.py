"""Thousands of clients who do nothing: others are served, and what one of them costs.

EKIDEN_IDLE (default 5000) connections stand in each of six states, one after the other: SMTP greeted, POP3 before login
and after it, each plain and under TLS. Each state has the suite started anew, so that the memory that its connections
need is not there from an earlier state. While they stand, and the server has come to rest after opening them, 19 of 20
new clients must be served within 100 ms; what a connection costs in each process is printed. They are held by ekiload
(bench/load), from 200 addresses, so that no address comes near the limits for one client, which are the defaults."""

import contextlib
import json
import os
import pathlib
import subprocess
import time

from crowd import PASSWORD, CrowdTest, raise_limits
from house_test import main

IDLE = int(os.environ.get('EKIDEN_IDLE', '5000'))
SOURCES = 200       # 127.0.1.1 to 127.0.1.200
FIRST = 20          # connections that make what is made only once


class Thousands(CrowdTest):
    @classmethod
    def prepare(cls):
        cls.count = raise_limits(IDLE)
        # Cheap hashes: logins, not their arithmetic.
        cls.ours = cls.use(cls.crowd_instance('thousands', auth_hash_memory=8192, auth_hash_operations=1))
        cls.add_users(max(cls.count, 1))

    @contextlib.contextmanager
    def held(self, protocol, service, count, *words):
        """So many connections, by a process that ends when its input does and complains when one is closed."""
        program = pathlib.Path(os.environ['EKIDEN_BIN']) / 'ekiload'
        argv = [program, 'idle', '--protocol', protocol, '--address', self.ours.address, '--port', self.ours.port(service),
                '--sources', SOURCES, '--seconds', 300, '--count', count, '--users', self.count,
                '--user', f'u%@{self.ours.domain}', *words]
        with subprocess.Popen(list(map(str, argv)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as program:
            self.helpers = [program.pid]
            try:
                line = program.stdout.readline()
                self.assertTrue(line, f'{protocol}: {program.stderr.read() if not line else ""}')
                yield json.loads(line)
                self.assertIsNone(program.poll(), 'all of them still stand')
            finally:
                program.stdin.close()
                program.wait(60)
                self.helpers = []
            self.assertEqual(program.returncode, 0, program.stderr.read())

    def hold_and_serve(self, what, serve, protocol, service, *words):
        self.ours.command('ekipop', 'flush')    # what earlier logins have opened would be there from the start
        self.ours.restart()
        with self.held(protocol, service, FIRST, *words):
            serve()
        self.at_rest()
        before = self.memory()
        begun = time.monotonic()
        with self.held(protocol, service, self.count, *words):
            opened = time.monotonic() - begun
            rested = self.at_rest()
            now = self.memory()
            print(f'\n{self.count} x {what}, opened in {opened:.1f} s, at rest {rested:.1f} s later', flush=True)
            self.assert_served(what, serve)
        self.show_growth(before, now, self.count)

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


main(Thousands)
