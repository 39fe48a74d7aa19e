"""Floods from one address, of connections, of commands and of bad logins: clients of other addresses are served.

The limits are the defaults, and the cost of a password check, too. Bad logins come once against the limits for one
address, and once with neither a limit of connections nor one of bad logins, so that authd has to judge them all.
Somebody who is known logs in meanwhile, and people whose passwords have not been checked before."""

import base64
import collections
import contextlib
import itertools
import multiprocessing
import socket
import threading
import time

import waiting
from crowd import NEW, PASSWORD, CrowdTest
from house_test import main

WITHIN = 0.2        # seconds in which 19 of 20 are served while a flood has the processors busy
HASHING_WITHIN = 1.0    # the same where nothing keeps one address from having authd hash on all cores
FIRST_WITHIN = 3.0  # and for the first login of somebody, which takes a hash
FLOODER = '127.0.0.66'
SECONDS = 5         # that a flood goes on at least
USERS = 200
GUESSERS = 20       # connections that guess at a time
GUESSES = 5         # pipelined on each; nothing may follow AUTH
PATIENCE = 0.1      # seconds that a guesser waits for an answer, then it connects anew
UNLIMITED = {'smtpd_client_connection_count_limit': 0, 'pop3d_client_connection_count_limit': 0,
             'auth_failure_limit_address': 0}


class Floods(CrowdTest):
    @classmethod
    def prepare(cls):
        cls.ours = cls.use(cls.crowd_instance('floods'))
        cls.add_users(USERS)
        cls.strangers = iter(range(USERS))    # who have not logged in yet

    def flood(self, what, attack, *serves):
        """`attack(ours, done)` goes on in a process of its own, and others are served from its beginning to its end: the
        counts of the attack, and the times of each of `serves`."""
        for serve in serves:
            serve()
        done, counts = multiprocessing.Event(), multiprocessing.SimpleQueue()
        attacker = multiprocessing.Process(target=lambda: counts.put(attack(self.ours, done)), daemon=True)
        attacker.start()
        taken, begun = [[] for _ in serves], time.monotonic()
        try:
            while len(taken[0]) < NEW or time.monotonic() < begun + SECONDS:
                for serve, times in zip(serves, taken):
                    times.append(self.timed(serve))
            self.assertTrue(attacker.is_alive(), 'the flood goes on')
            done.set()
            attacker.join(60)
            self.assertEqual(attacker.exitcode, 0)
        finally:
            attacker.kill()
        answers = counts.get()
        print(f'\n{what}: {dict(answers)}', flush=True)
        return answers, taken

    def assert_served(self, who, taken, within=WITHIN):
        print(f'{who} served in ms: {self.shown(taken)}', flush=True)
        self.assertTrue(self.enough_within(taken, within), who)

    def test_flood_of_connections(self):
        for service, serve in (('smtp', self.smtp_served), ('pop3', self.pop3_served)):
            answers, (taken,) = self.flood(f'connections to {service}', many_connections(service), serve)
            self.assert_served('new clients', taken)
            self.assertGreater(answers['taken'], 0)
            self.assertGreater(answers['refused'], 100, 'beyond the limit of one address')

    def test_flood_of_commands(self):
        for service, serve in (('smtp', self.smtp_served), ('pop3', self.pop3_served)):
            answers, (taken,) = self.flood(f'commands to {service}', many_commands(service), serve)
            self.assert_served('new clients', taken)
            self.assertGreater(answers['octets'], 100_000)

    # --- bad logins ---
    def judged(self, service):
        """The flooder's bad logins that authd has looked at."""
        return self.ours.log().count(f'rip={FLOODER}, service={service}, ')

    def stranger(self):
        return {'user': f'u{next(self.strangers)}@{self.ours.domain}', 'password': PASSWORD}

    def guessed_at(self, service, serve, what, sent, judged, within=WITHIN):
        """A flood of bad logins of at least `sent` attempts, of which `judged` reach authd."""
        before = self.judged(service)
        answers, (known, first) = self.flood(f'bad logins to {service}, {what}', many_logins(service), serve,
                                             lambda: serve(account=self.stranger()))
        self.assert_served('known users', known, within)
        self.assert_served('users who log in for the first time', first, FIRST_WITHIN)
        waiting.until(lambda: self.judged(service) - before >= judged, f'{judged} bad logins in the log', 20)
        self.assertGreaterEqual(answers['attempts'], sent)
        self.assertEqual(answers['successes'], 0)
        return answers

    def test_flood_of_bad_logins(self):
        for service, serve, sent in (('submission', self.submission_served, 50), ('pop3', self.pop3_served, 250)):
            answers = self.guessed_at(service, serve, 'limited', sent, judged=50)
            self.assertGreater(answers['refused'], 300, 'beyond the limit of one address')

    def test_flood_of_bad_logins_without_limits(self):
        for service, serve in (('submission', self.submission_served), ('pop3', self.pop3_served)):
            self.ours.restart(**UNLIMITED)    # whoever guessed before would still wait for a verdict
            self.guessed_at(service, serve, 'unlimited', sent=500, judged=100, within=HASHING_WITHIN)


# --- what one address may do to a server ---
def attacker(ours, service):
    return socket.create_connection((ours.address, ours.port(service)), 10, source_address=(FLOODER, 0))


def many_connections(service):
    def attack(ours, done):
        """More and more of them; none of those that were taken is closed by this side."""
        counts, kept = collections.Counter(), []
        while not done.is_set():
            one = attacker(ours, service)
            try:
                answer = one.recv(4)
            except OSError:
                answer = b''
            greeted = answer[:3] in (b'220', b'+OK')
            counts['taken' if greeted else 'refused'] += 1
            kept.append(one) if greeted else one.close()
        return counts
    return attack


def many_commands(service):
    def attack(ours, done):
        """As many as the connection takes, on four connections, each opened again when the server has had enough."""
        counts, open_ones = collections.Counter(), []
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


def many_logins(service):
    numbers = itertools.count()

    def lines():
        """What is sent on one connection, no password twice; how many guesses it has."""
        if service == 'pop3':
            return b''.join(b'USER alice\r\nPASS wrong%d\r\n' % next(numbers) for _ in range(GUESSES)), GUESSES
        return b'AUTH PLAIN ' + base64.b64encode(b'\0alice\0wrong%d' % next(numbers)) + b'\r\n', 1

    success = b'235 ' if service == 'submission' else b' messages ('

    def guess(ours, counts):
        """One connection: guesses, all at once, and gone before their answers, which come late."""
        how = {'source': FLOODER}
        with ours.pop3(**how) if service == 'pop3' else ours.smtp(service, hello=None, **how) as client:
            greeting = client.greeting if service == 'pop3' else str(client.greeting[0])
            if greeting[:3] not in ('220', '+OK'):
                counts['refused'] += 1
                return
            if service == 'submission':    # where nobody logs in without TLS
                client.hello()
                client.upgrade()
            octets, guesses = lines()
            client.socket.sendall(octets)
            counts['attempts'] += guesses
            client.socket.settimeout(PATIENCE)
            with contextlib.suppress(TimeoutError):
                counts['successes'] += success in client.socket.recv(65536)

    def guess_on(ours, done, counts):
        while not done.is_set():
            try:
                guess(ours, counts)
            except (OSError, EOFError):
                counts['closed'] += 1

    def attack(ours, done):
        """Many at a time, each of them again and again."""
        counts = [collections.Counter() for _ in range(GUESSERS)]
        threads = [threading.Thread(target=guess_on, args=(ours, done, count)) for count in counts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts, collections.Counter({'attempts': 0}))
    return attack


main(Floods)
