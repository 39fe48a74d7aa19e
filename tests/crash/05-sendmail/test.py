"""The promise for mail that programs of this host hand in: while sendmail is called again and again a random process of the
suite, or all of them, is killed, and now and then sendmail in the middle of its work. What sendmail ended with 0 for is
afterwards in exactly one of: its mailbox, the other host, the sender's bounces; a message handed in with -v has one report
besides, and one with -bv nothing but its one report.

EKIDEN_ROUNDS and EKIDEN_SEED choose how many rounds, and which."""

import collections
import os
import random
import re
import subprocess
import sys
import threading
import time

import auditor
import killing
import waiting
from house_test import HouseTest, main
from instance import Instance
from peers import Sink

ROUNDS = int(os.environ.get('EKIDEN_ROUNDS', 60))
SEED = int(os.environ.get('EKIDEN_SEED', time.time_ns() % 100000))
SENDERS = 2
CUT_OFF = 0.05          # of the calls of sendmail are killed before their end
BIG = '0123456789' * 7 + '\n'
REPORT = b'Subject: Mail Delivery Status Report\n'
# kind -> (options, recipient, the auditor's word for where it ends)
KINDS = {
    'local': ([], 'alice@example.test', 'local'), 'traced': (['-v'], 'alice@example.test', 'local'),
    'remote': ([], 'carol@remote.test', 'remote'), 'bounced': ([], 'unknown@remote.test', 'bounced'),
    'asked': (['-bv'], 'ask.{mark}@remote.test', 'bounced'),
}


class Load(threading.Thread):
    """Hands in numbered messages, one after the other, and notes for which sendmail ended with 0."""

    def __init__(self, server, name, chance):
        super().__init__(daemon=True)
        self.server, self.name, self.chance = server, name, chance
        self.over = threading.Event()
        self.accepted, self.tried = {}, {}    # mark -> kind
        self.sendmail = f'{server.facts["paths"]["bin"]}/sendmail'

    def run(self):
        while not self.over.is_set():
            mark = f'{self.name}-{len(self.tried)}'
            self.tried[mark] = self.chance.choice(list(KINDS))
            if self.hand_in(mark, self.tried[mark]):
                self.accepted[mark] = self.tried[mark]

    def hand_in(self, mark, kind):
        options, recipient, _ = KINDS[kind]
        argv = [self.sendmail, '-C', f'{self.server.folder}/etc', '-i', '-f', 'bob@example.test', *options,
                recipient.format(mark=mark)]
        text = f'Subject: mark={mark};\nX-Mark: mark={mark};\n\n' + BIG * self.chance.choice([1, 10, 1500])
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
            if self.chance.random() < CUT_OFF:
                timer = threading.Timer(self.chance.random() * 0.05, program.kill)
                timer.start()
            else:
                timer = None
            try:
                program.communicate(text.encode(), timeout=60)
            except BrokenPipeError:
                pass
            if timer:
                timer.join()
        return program.returncode == 0


class Kill(HouseTest):
    @classmethod
    def prepare(cls):
        cls.chance = random.Random(SEED)
        print(f'seed {SEED}, {ROUNDS} rounds', file=sys.stderr)
        cls.sink = cls.use(Sink('127.0.0.6', decide=lambda recipient: '550 5.1.1 no such user'
                                if recipient.startswith('unknown@') else None))
        cls.ours = cls.use(Instance('sendmail-crash', relayhost=f'[127.0.0.6]:{cls.sink.port}', minimal_backoff_time='1s',
                                    maximal_backoff_time='2s', queue_run_delay='1s', service_throttle_time='1s',
                                    virtual_mailbox_limit='0'))
        cls.killer = killing.Killer(cls.ours, cls.chance)

    def test_what_sendmail_took_is_never_lost(self):
        loads = [Load(self.ours, f's{i}', random.Random(SEED + i)) for i in range(SENDERS)]
        killed = self.killer.strike_under(loads, ROUNDS, 8, 60)
        self.audit({mark: kind for load in loads for mark, kind in load.tried.items()},
                   {mark: kind for load in loads for mark, kind in load.accepted.items()}, sum(killed.values()))

    def audit(self, tried, accepted, kills):
        maildrop = self.ours.folder / 'spool' / 'maildrop'
        waiting.until(lambda: not [name for name in os.listdir(maildrop) if name.startswith('d.')], 'maildrop is empty', 60)
        self.killer.drain()
        ledger = [f'try {mark} it={KINDS[kind][2]}' for mark, kind in tried.items()]
        ledger += [f'yes {mark}' for mark in accepted] + ['crash'] * kills
        reports = collections.Counter()
        for content in self.ours.messages('bob@example.test'):
            asked = {mark.decode() for mark in re.findall(rb'ask\.([\w-]+)@remote\.test', content)}
            marks = {mark.decode() for mark in re.findall(rb'mark=([\w-]+);', content)}
            if REPORT in content and not asked:
                reports.update(marks)
            else:
                ledger.extend(f'copy {mark} it bounced' for mark in asked | marks)
        for place, contents in (('local', self.ours.messages('alice@example.test')),
                                ('remote', [content for _, _, content in self.sink.messages])):
            for content in contents:
                for mark in {mark.decode() for mark in re.findall(rb'mark=([\w-]+);', content)}:
                    ledger.append(f'remote {mark} it' if place == 'remote' else f'copy {mark} it {place}')
        print(f'{len(tried)} handed in, {len(accepted)} with status 0: {dict(collections.Counter(accepted.values()))}',
              file=sys.stderr)
        self.assertGreater(len(accepted), ROUNDS)
        self.assertEqual(auditor.audit([*ledger, 'recovered']), [])
        traced = {mark for mark, kind in accepted.items() if kind == 'traced'}
        self.assertEqual([mark for mark in traced if reports[mark] != 1], [], 'one report for each that asked for it')
        self.assertEqual([mark for mark, kind in tried.items() if kind != 'traced' and reports[mark]], [])
        self.assertEqual([recipients for _, recipients, _ in self.sink.messages if any('ask.' in r for r in recipients)], [],
                         'who is only asked for gets nothing')


main(Kill)
