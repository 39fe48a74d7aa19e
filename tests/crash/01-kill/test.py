"""The queue's promise under SIGKILL: while mail streams in, a random process of the suite, or all of them, is killed, two
hundred times and more. Afterwards every message that was answered with 250 is in exactly one of: its mailbox, the other
host, the sender's bounces. What arrived twice is counted and shown; only the other host may have that, where its answer
was in flight when a process died.

EKIDEN_ROUNDS and EKIDEN_SEED choose how many rounds, and which."""

import collections
import os
import random
import re
import sys
import threading
import time

import auditor
import killing
from clients import Smtp
from house_test import HouseTest, main
from instance import Instance
from peers import Sink

ROUNDS = int(os.environ.get('EKIDEN_ROUNDS', 200))
SEED = int(os.environ.get('EKIDEN_SEED', time.time_ns() % 100000))
SENDERS = 3
RATE = 40               # messages a second and sender
IN_FLIGHT = 2           # seconds from the other host's 250 until its record is flushed, on a slow day
HOLDERS = {'relay', 'manager', 'master', 'all'}    # between that 250 and its record
BIG = b'0123456789' * 7 + b'\r\n'


class Load(threading.Thread):
    """Sends numbered messages over one connection after another, and notes what was answered with 250."""

    def __init__(self, server, name, chance):
        super().__init__(daemon=True)
        self.server, self.name, self.chance = server, name, chance
        self.over = threading.Event()
        self.accepted, self.tried = {}, {}    # mark -> where its mail belongs
        self.local, self.sender = server.account(0)['address'], server.account(1)['address']

    def run(self):
        while not self.over.is_set():
            try:
                with Smtp(self.server.address, self.server.port('smtp')) as client:
                    client.socket.settimeout(10)
                    while not self.over.wait(1 / RATE):
                        self.one(client)
            except (OSError, EOFError, ValueError, AssertionError):
                self.over.wait(0.05)    # nobody there for a moment

    def one(self, client):
        mark = f'{self.name}-{len(self.tried)}'
        kind, recipient = self.chance.choice([('local', self.local), ('remote', 'carol@remote.test'),
                                              ('bounced', 'unknown@remote.test')])
        size = self.chance.choice([1, 10, 10, 1500])    # the last one goes through a file of its own
        content = f'Subject: mark={mark};\r\nX-Mark: mark={mark};\r\n\r\n'.encode() + BIG * size
        self.tried[mark] = kind
        client.lines.clear()
        code, _ = client.mail(self.sender, [recipient], content)
        if code == 250:
            self.accepted[mark] = kind


class Kill(HouseTest):
    @classmethod
    def prepare(cls):
        cls.chance = random.Random(SEED)
        print(f'seed {SEED}, {ROUNDS} rounds', file=sys.stderr)
        cls.sink = cls.use(Sink('127.0.0.6', decide=lambda recipient: '550 5.1.1 no such user'
                                if recipient.startswith('unknown@') else None))
        cls.ours = cls.use(Instance(
            'crash', mynetworks='127.0.0.0/8', relayhost=f'[127.0.0.6]:{cls.sink.port}', minimal_backoff_time='1s',
            maximal_backoff_time='2s', queue_run_delay='1s', service_throttle_time='1s',
            virtual_mailbox_limit='0'))
        cls.killer = killing.Killer(cls.ours, cls.chance)

    def test_two_hundred_rounds(self):
        loads = [Load(self.ours, f's{i}', random.Random(SEED + i)) for i in range(SENDERS)]
        killed = self.killer.strike_under(loads, ROUNDS, 12, 30)
        self.audit({mark: kind for load in loads for mark, kind in load.tried.items()},
                   {mark for load in loads for mark in load.accepted}, sum(killed.values()))

    def audit(self, tried, accepted, kills):
        self.killer.drain()
        ledger = [f'try {mark} it={kind}' for mark, kind in tried.items()]
        ledger += [f'yes {mark}' for mark in accepted] + ['crash'] * kills
        found = collections.Counter()
        for place, messages in (('local', self.ours.messages(self.ours.account(0)['address'])),
                                ('bounced', self.ours.messages(self.ours.account(1)['address'])),
                                ('remote', [content for _, _, content in self.sink.messages])):
            for content in messages:
                # a bounce holds the original's header, once in full and perhaps in its own subject: count it once
                for mark in {mark.decode() for mark in re.findall(rb'mark=([\w-]+);', content)}:
                    ledger.append(f'remote {mark} it' if place == 'remote' else f'copy {mark} it {place}')
                    found[mark, place] += 1
        twice = collections.Counter(place for (_, place), count in found.items() if count > 1)
        cut_off = {mark for mark, _ in found} - accepted
        print(f'{len(tried)} tried, {len(accepted)} answered with 250, {len(cut_off)} delivered whose 250 was cut off, '
              f'twice: {dict(twice)}', file=sys.stderr)
        self.assertGreater(len(accepted), ROUNDS)
        self.assertEqual(auditor.audit([*ledger, 'recovered']), [])
        self.assertEqual(self.unexplained(), [], 'the other host got it twice, and no answer of it was in flight')

    def unexplained(self):
        """Messages that the other host has twice though nobody died who had its first answer in hand."""
        taken = collections.defaultdict(list)
        for when, (_, _, content) in zip(self.sink.times, self.sink.messages):
            for mark in set(re.findall(rb'mark=([\w-]+);', content)):
                taken[mark].append(when)
        return [mark for mark, times in taken.items() for first in times[:-1]
                if not any(victim in HOLDERS and first - 0.1 < when < first + IN_FLIGHT
                           for when, victim in self.killer.kills)]


main(Kill)
