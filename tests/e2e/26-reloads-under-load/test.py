"""Reloads, one as soon as the last is answered, while clients send mail and read it: no connection ends in the middle of
a transaction, and every message that got its 250 arrives once.

EKIDEN_RELOADS (default 1000) are made, within EKIDEN_RELOAD_SECONDS (default 400)."""

import collections
import os
import re
import subprocess
import threading
import time

import waiting
from house_test import HouseTest, main
from instance import Instance
from peers import Sink

RELOADS = int(os.environ.get('EKIDEN_RELOADS', '1000'))
SECONDS = float(os.environ.get('EKIDEN_RELOAD_SECONDS', '400'))
SENDERS, READERS = 3, 2
EACH = 3    # messages of a connection


class Reloads(HouseTest):
    @classmethod
    def prepare(cls):
        cls.sink = cls.use(Sink('127.0.0.9'))
        cls.ours = cls.use(Instance('reloads', auth_hash_memory=8192, auth_hash_operations=1, mynetworks='127.0.0.0/8',
                                    relayhost=f'[127.0.0.9]:{cls.sink.port}'))
        cls.alice, cls.bob = cls.ours.account(0), cls.ours.account(1)

    def send(self, number):
        """Connections with some messages each; the names of those that were taken."""
        connection = 0
        while not self.over.is_set():
            connection += 1
            with self.ours.smtp() as client:
                for each in range(EACH):
                    name = f'm-{number}-{connection}-{each}'
                    content = f'Subject: {name}\r\n\r\nx\r\n'.encode()
                    # To another host, too: a relay with idle connections is replaced.
                    recipients = [self.alice['address'], 'carol@far.test'][:1 + number % 2]
                    answer = client.mail('x@elsewhere.test', recipients, content)
                    assert answer[0] == 250, f'{name}: {answer}'
                    self.taken.append(name)
                    self.relayed += len(recipients) - 1
                client.quit()

    def read(self, number):
        """Whole sessions in bob's mailbox, every other reader's over TLS; another reader may hold it."""
        while not self.over.is_set():
            with self.ours.pop3() as client:
                if number % 2 == 1:
                    client.upgrade()
                answer = client.login(self.bob['user'], self.bob['password'])
                if answer.startswith('-ERR [IN-USE]'):
                    continue
                assert answer.startswith('+OK'), answer
                for each in range(client.count()):
                    client.multi(f'RETR {each + 1}')
                client.quit()
                self.read_sessions.append(1)

    def guarded(self, work, number):
        try:
            work(number)
        except (OSError, EOFError, AssertionError) as problem:
            self.problems.append(f'{work.__name__} {number}: {problem!r}')

    def reload(self):
        argv = [*self.ours.facts['commands']['ekiden'], 'reload']
        done = subprocess.run(argv, capture_output=True, text=True, timeout=90)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_nothing_is_dropped(self):
        with self.ours.smtp() as client:
            for number in range(3):
                client.mail('x@elsewhere.test', [self.bob['address']], f'Subject: {number}\r\n\r\nx\r\n'.encode())
        self.ours.wait_for_messages(self.bob['address'], 3)
        self.over, self.taken, self.read_sessions, self.problems = threading.Event(), [], [], []
        self.relayed = 0    # counted by one sender
        threads = [threading.Thread(target=self.guarded, args=(self.send, number)) for number in range(SENDERS)]
        threads += [threading.Thread(target=self.guarded, args=(self.read, number)) for number in range(READERS)]
        for thread in threads:
            thread.start()
        begun, reloads = time.monotonic(), 0
        try:
            while reloads < RELOADS and time.monotonic() < begun + SECONDS and not self.problems:
                self.reload()
                reloads += 1
        finally:
            self.over.set()
            for thread in threads:
                thread.join(60)
        print(f'\n{reloads} reloads in {time.monotonic() - begun:.0f} s, {len(self.taken)} messages taken, '
              f'{len(self.read_sessions)} POP3 sessions', flush=True)
        self.assertEqual(self.problems, [])
        self.assertEqual(reloads, RELOADS, f'reloads within {SECONDS:g} s')
        # Load all the while: a message and a reader's session between any two reloads, taken all in all.
        self.assertGreaterEqual(len(self.taken), reloads)
        self.assertGreaterEqual(len(self.read_sessions), reloads)
        self.assert_each_came_once()
        away = collections.Counter(re.search(rb'^Subject: (\S+)', content, re.MULTILINE).group(1).decode()
                                   for _, _, content in self.sink.messages)
        self.assertEqual({name: count for name, count in away.items() if count != 1}, {})
        self.assertEqual(len(away), self.relayed)

    def assert_each_came_once(self):
        names = collections.Counter()

        def all_came():
            names.clear()
            for content in self.ours.messages(self.alice['address']):
                names[re.search(rb'^Subject: (\S+)', content, re.MULTILINE).group(1).decode()] += 1
            return set(self.taken) <= set(names)
        waiting.until(all_came, 'all messages come', 60, pause=0.5)
        waiting.until(self.ours.queue_is_empty, 'the queue is empty', 30)
        all_came()
        self.assertEqual({name: count for name, count in names.items() if count != 1}, {})
        self.assertEqual(set(names), set(self.taken))


main(Reloads)
