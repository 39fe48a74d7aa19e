"""What sendmail is besides a way to hand mail in: runs of the queue, the daemon's start, and SMTP on standard input whoever
calls, whether the suite runs, and wherever the mail goes."""

import json
import subprocess

import waiting
from house_test import HouseTest, main
from instance import Instance
from peers import Sink


class Modes(HouseTest):
    @classmethod
    def prepare(cls):
        cls.taking = True
        cls.sink = cls.use(Sink('127.0.0.7', decide=lambda recipient: None if cls.taking else '451 4.7.1 not now'))
        route = f'smtp:[127.0.0.7]:{cls.sink.port}'
        cls.ours = cls.use(Instance('modes', transport_maps=f'inline:{{one.example={route}, two.example={route}}}',
                                    minimal_backoff_time='1h', maximal_backoff_time='1h',
                                    relay_domains='one.example, two.example'))

    def setUp(self):
        type(self).taking = True
        self.sink.messages.clear()

    def sendmail(self, *arguments, text='', name='sendmail'):
        argv = [name, '-C', f'{self.ours.folder}/etc', *arguments]
        done = subprocess.run(argv, executable=f'{self.ours.facts["paths"]["bin"]}/sendmail', input=text,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ''), arguments)
        return done.stdout

    def waiting_ids(self):
        """{'one': queue id, 'two': queue id} of the messages that wait for another attempt."""
        argv = [f'{self.ours.facts["paths"]["bin"]}/ekiqueue', '-c', f'{self.ours.folder}/etc', '-j']
        lines = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
        return {message['recipients'][0]['address'].split('@')[1].removesuffix('.example'): message['queue_id']
                for message in map(json.loads, lines) if message['queue_name'] == 'deferred'}

    def defer_two(self):
        type(self).taking = False
        self.sendmail('u@one.example', text='Subject: x\n\nto one\n')
        self.sendmail('u@two.example', text='Subject: x\n\nto two\n')
        waiting.until(lambda: sorted(self.waiting_ids()) == ['one', 'two'], 'both wait')
        type(self).taking = True
        return self.waiting_ids()

    def assert_taken(self, *wanted):
        waiting.until(lambda: len(self.sink.messages) >= len(wanted), f'{wanted} are sent')
        self.assertEqual(sorted(recipients for _, recipients, _ in self.sink.messages), [[each] for each in wanted])

    def empty(self):
        self.sendmail('-q')
        waiting.until(self.ours.queue_is_empty, 'the queue is empty')

    def test_the_whole_queue(self):
        self.defer_two()
        self.assertEqual(self.sendmail('-q'), '')
        self.assert_taken('u@one.example', 'u@two.example')
        waiting.until(self.ours.queue_is_empty, 'the queue is empty')

    def test_of_a_site(self):
        self.defer_two()
        self.sendmail('-qRone.example')
        self.assert_taken('u@one.example')
        waiting.until(lambda: sorted(self.waiting_ids()) == ['two'], 'the other one waits')
        self.empty()

    def test_of_a_message(self):
        ids = self.defer_two()
        self.sendmail(f'-qI{ids["two"]}')
        self.assert_taken('u@two.example')
        waiting.until(lambda: sorted(self.waiting_ids()) == ['one'], 'the other one waits')
        self.empty()

    def test_the_daemon(self):
        for name, option in (('sendmail', '-bd'), ('sendmail', '-bl'), ('smtpd', '-oi')):
            with self.subTest(name=name, option=option):
                self.ours.down()
                self.assertEqual(self.sendmail(option, name=name), '')
                waiting.until(self.ours.serves, 'it serves', 30)
        # An interval, as in the classic start by "sendmail -bd -q15m", is no reason for anything else.
        self.ours.down()
        self.sendmail('-bd', '-q15m')
        waiting.until(self.ours.serves, 'it serves', 30)

    def by_smtp(self, recipient, subject, end='\n'):
        lines = ['HELO x', 'MAIL FROM:<a@example.net>', f'RCPT TO:<{recipient}>', 'DATA', f'Subject: {subject}', '', 'x', '.', 'QUIT']
        replies = self.sendmail('-bs', text=''.join(line + end for line in lines)).splitlines()
        self.assertEqual([line[:3] for line in replies], ['220', '250', '250', '250', '354', '250', '221'])

    def test_smtp_to_anywhere(self):
        # No relay control for who may hand in mail anyway.
        for end in '\r\n', '\n':    # of a mail program, and of a shell's printf
            self.by_smtp('u@two.example', 'far', end)
        self.assert_taken('u@two.example', 'u@two.example')

    def test_smtp_while_nothing_runs(self):
        self.ours.down()
        self.by_smtp('alice@example.test', 'while down')
        self.ours.up()
        waiting.until(lambda: any(b'Subject: while down' in content for content in self.ours.messages('alice@example.test')),
                      'it arrives')


main(Modes)
