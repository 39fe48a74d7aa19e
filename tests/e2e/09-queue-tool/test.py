"""ekiqueue against a running manager: what it lists, in mailq's form and as JSON, what each of its commands does with a
queue of deferred mail, and what it says when there is nothing to be done.

The other side refuses everybody for now (4xx) until a test opens its door to a recipient; nothing is tried again by
itself within the time of the test, so that each delivery is the work of the command before it."""

import collections
import json
import re
import subprocess

import waiting
from house_test import HouseTest, main
from instance import Instance
from peers import Sink

EX_OK, EX_USAGE, EX_DATAERR, EX_UNAVAILABLE = 0, 64, 65, 69
NEVER = '6h'
REASON = '4.7.1 not now'
HEADING = '----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------'
ID_LINE = r'(?m)^{id}{mark} {{1,18}}{size} [A-Z][a-z]{{2}} [A-Z][a-z]{{2}} [ \d]\d \d\d:\d\d:\d\d {sender}$'


class QueueTool(HouseTest):
    @classmethod
    def prepare(cls):
        cls.welcome = set()
        cls.attempts = collections.Counter()
        cls.sink = cls.use(Sink('127.0.0.5', decide=cls.decide))
        cls.ours = cls.use(Instance('queue-tool', mynetworks='127.0.0.0/8', relayhost=f'[127.0.0.5]:{cls.sink.port}',
                                    minimal_backoff_time=NEVER, maximal_backoff_time=NEVER, queue_run_delay=NEVER))
        cls.sender = cls.ours.account(0)['address']

    @classmethod
    def decide(cls, recipient):
        cls.attempts[recipient] += 1
        return None if recipient in cls.welcome else f'451 {REASON}'

    def setUp(self):
        self.tool('-d', 'ALL')
        self.assertEqual(self.listed(), {})
        self.attempts.clear()
        self.welcome.clear()
        self.sink.messages.clear()

    # --- steps ---
    def tool(self, *arguments, status=EX_OK):
        """What ekiqueue prints; its status must be the given one."""
        argv = [*self.ours.facts['commands']['ekiqueue'], *arguments]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, status, f'{argv}: {done.stdout}{done.stderr}')
        self.assertTrue(status == EX_OK or done.stderr.startswith('ekiqueue: '), done.stderr)
        return done.stdout + done.stderr

    def listed(self):
        """{queue id: its object}; each line of -j is one."""
        objects = [json.loads(line) for line in self.tool('-j').split('\n') if line]
        return {entry['queue_id']: entry for entry in objects}

    def state(self, queue_id):
        entry = self.listed().get(queue_id)
        return entry and entry['queue_name']

    def deferred(self, *recipients):
        """The id of a new message to them that was put off."""
        with self.ours.smtp() as client:
            code, text = client.mail(self.sender, recipients, b'Subject: x\r\n\r\nx\r\n')
        self.assertEqual(code, 250, text)
        queue_id = re.search(r'queued as (\S+)', text).group(1)

        def put_off():
            entry = self.listed().get(queue_id)
            return entry and entry['queue_name'] == 'deferred' and all('delay_reason' in r for r in entry['recipients'])
        waiting.until(put_off, f'{queue_id} is deferred')
        return queue_id

    def open(self, *recipients):
        self.welcome.update(recipients)

    def assert_delivered(self, queue_id, *recipients):
        for recipient in recipients:
            waiting.until(lambda recipient=recipient: any(recipient in to for _, to, _ in list(self.sink.messages)),
                          f'{recipient} gets it')
        waiting.until(lambda: queue_id not in self.listed(), f'{queue_id} leaves the queue')

    # --- listing ---
    def test_an_empty_queue(self):
        self.assertEqual(self.tool('-p'), 'Mail queue is empty\n')
        self.assertEqual(self.tool('-j'), '')

    def test_mailq_form(self):
        first = self.deferred('a@one.test', 'b@one.test')
        second = self.deferred('c@two.test')
        self.tool('-h', second)
        text = self.tool('-p')
        self.assertEqual(text.split('\n')[0], HEADING)
        entries = self.listed()
        for queue_id, mark in ((first, ''), (second, '!')):
            pattern = ID_LINE.format(id=queue_id, mark=mark, size=entries[queue_id]['message_size'],
                                     sender=re.escape(self.sender))
            self.assertRegex(text, pattern)
        self.assertRegex(text, r'(?m)^ *\(.*4\.7\.1 not now.*\)\n {47}a@one\.test\n {47}b@one\.test$')
        total = sum(entry['message_size'] for entry in entries.values())
        self.assertTrue(text.endswith(f'\n-- {total // 1024} Kbytes in 2 Requests.\n'), text)

    def test_json_lines(self):
        odd = '"odd \\" name"@one.test'
        queue_id = self.deferred(odd, 'b@two.test')
        entries = self.listed()
        self.assertEqual(set(entries), {queue_id})
        entry = entries[queue_id]
        self.assertEqual(set(entry), {'queue_name', 'queue_id', 'arrival_time', 'message_size', 'forced_expire',
                                      'sender', 'recipients'})
        self.assertEqual((entry['queue_name'], entry['sender'], entry['forced_expire']),
                         ('deferred', self.sender, False))
        self.assertEqual([r['address'] for r in entry['recipients']], [odd, 'b@two.test'])
        for recipient in entry['recipients']:
            self.assertIn(REASON, recipient['delay_reason'])

    def test_a_long_queue_is_listed_whole(self):
        """More than the page that the tool asks for first."""
        with self.ours.smtp() as client:
            for number in range(120):
                self.assertEqual(client.mail(self.sender, [f'n{number}@many.test'], b'Subject: x\r\n\r\nx\r\n')[0], 250)
        addresses = [r['address'] for entry in self.listed().values() for r in entry['recipients']]
        self.assertEqual(sorted(addresses), sorted(f'n{number}@many.test' for number in range(120)))
        self.assertTrue(self.tool('-p').endswith('in 120 Requests.\n'))

    # --- trying now ---
    def test_one_message_now(self):
        wanted, other = self.deferred('a@one.test'), self.deferred('b@one.test')
        self.open('a@one.test', 'b@one.test')
        self.assertEqual(self.tool('-i', wanted), '')
        self.assert_delivered(wanted, 'a@one.test')
        self.assertEqual(self.state(other), 'deferred')
        self.assertEqual(self.attempts['b@one.test'], 1)

    def test_one_site_now(self):
        one, both = self.deferred('a@one.test'), self.deferred('b@one.test', 'b@two.test')
        two = self.deferred('c@two.test')
        self.open('a@one.test', 'b@one.test', 'b@two.test', 'c@two.test')
        self.assertEqual(self.tool('-s', 'ONE.test'), '')
        self.assert_delivered(one, 'a@one.test')
        self.assert_delivered(both, 'b@one.test')
        self.assertEqual(self.state(two), 'deferred')
        self.assertEqual(self.attempts['c@two.test'], 1)

    def test_all_now(self):
        ids = {f'{name}@one.test': self.deferred(f'{name}@one.test') for name in 'abc'}
        held = self.deferred('held@one.test')
        self.tool('-h', held)
        self.open(*ids, 'held@one.test')
        self.assertEqual(self.tool('-f'), '')
        for recipient, queue_id in ids.items():
            self.assert_delivered(queue_id, recipient)
        self.assertEqual((self.state(held), self.attempts['held@one.test']), ('hold', 1))

    def test_refused_again_it_stays(self):
        queue_id = self.deferred('a@one.test')
        self.tool('-i', queue_id)
        waiting.until(lambda: self.attempts['a@one.test'] == 2, 'the second attempt')
        waiting.until(lambda: self.state(queue_id) == 'deferred', 'it is deferred again')

    # --- holding, deleting ---
    def test_hold_and_release(self):
        queue_id, other = self.deferred('a@one.test'), self.deferred('b@one.test')
        self.open('a@one.test', 'b@one.test')
        self.assertEqual(self.tool('-h', queue_id), 'ekiqueue: Placed on hold: 1 message\n')
        self.assertEqual(self.state(queue_id), 'hold')
        self.tool('-f')
        self.assert_delivered(other, 'b@one.test')
        self.assertEqual(self.attempts['a@one.test'], 1)
        self.assertEqual(self.tool('-H', queue_id), 'ekiqueue: Released from hold: 1 message\n')
        self.tool('-f')
        self.assert_delivered(queue_id, 'a@one.test')

    def test_hold_outlives_a_restart(self):
        queue_id = self.deferred('a@one.test')
        self.tool('-h', queue_id)
        self.ours.restart()
        self.assertEqual(self.state(queue_id), 'hold')

    def test_requeue(self):
        queue_id = self.deferred('a@one.test')
        self.open('a@one.test')
        self.assertEqual(self.tool('-r', queue_id), 'ekiqueue: Requeued: 1 message\n')
        self.assert_delivered(queue_id, 'a@one.test')

    def test_delete(self):
        gone, other = self.deferred('a@one.test'), self.deferred('b@one.test')
        self.open('a@one.test', 'b@one.test')
        self.assertEqual(self.tool('-d', gone), 'ekiqueue: Deleted: 1 message\n')
        self.assertEqual(set(self.listed()), {other})
        self.tool('-f')
        self.assert_delivered(other, 'b@one.test')
        self.assertEqual(self.attempts['a@one.test'], 1)
        self.assertEqual(self.ours.messages(self.sender), [], 'a deleted message is not bounced')

    def test_by_recipient_or_domain(self):
        one, other = self.deferred('a@one.test', 'x@two.test'), self.deferred('b@one.test')
        third = self.deferred('c@three.test')
        self.assertEqual(self.tool('-h', 'A@one.test'), 'ekiqueue: Placed on hold: 1 message\n')
        self.assertEqual([self.state(queue_id) for queue_id in (one, other, third)], ['hold', 'deferred', 'deferred'])
        self.assertEqual(self.tool('-H', '@two.test'), 'ekiqueue: Released from hold: 1 message\n')
        self.assertEqual(self.tool('-d', '@one.test'), 'ekiqueue: Deleted: 2 messages\n')
        self.assertEqual(set(self.listed()), {third})
        self.assertEqual(self.tool('-d', 'nobody@three.test'), 'ekiqueue: Deleted: 0 messages\n')
        self.open('c@three.test')
        self.assertEqual(self.tool('-s', 'c@three.test'), '')
        self.assert_delivered(third, 'c@three.test')

    def test_all_of_them(self):
        ids = {self.deferred(f'{name}@one.test') for name in 'abc'}
        for option, said, state in (('-h', 'Placed on hold', 'hold'), ('-H', 'Released from hold', 'deferred')):
            self.assertEqual(self.tool(option, 'ALL'), f'ekiqueue: {said}: 3 messages\n')
            waiting.until(lambda state=state: {entry['queue_name'] for entry in self.listed().values()} == {state},
                          f'all are {state}')
        self.assertEqual(self.tool('-d', 'ALL'), 'ekiqueue: Deleted: 3 messages\n')
        self.assertFalse(ids & set(self.listed()))

    # --- mistakes ---
    def test_wrong_ids(self):
        gone, other = self.deferred('a@one.test'), self.deferred('b@one.test')
        self.tool('-d', gone)
        altered = ('2' if other[0] != '2' else '3') + other[1:]    # another time, the same message's number
        for option in ('-i', '-h', '-H', '-r', '-d'):
            for wrong in (gone, altered):
                self.assertEqual(self.tool(option, wrong, status=EX_DATAERR),
                                 f'ekiqueue: fatal: no such message in the queue: {wrong}\n')
            for wrong in ('nonsense!', '../x'):
                self.assertEqual(self.tool(option, wrong, status=EX_DATAERR),
                                 f'ekiqueue: fatal: not a queue id: {wrong}\n')
        self.assertEqual(self.state(other), 'deferred')

    def test_wrong_usage(self):
        for arguments in ((), ('-i',), ('-x',), ('-p', '-f'), ('name',), ('-d',)):
            self.assertIn('usage: ekiqueue', self.tool(*arguments, status=EX_USAGE))

    def test_without_a_running_system(self):
        queue_id = self.deferred('a@one.test')
        self.ours.down()
        try:
            text = self.tool('-p')
            self.assertIn('accessing queue directly', text)
            self.assertIn(queue_id, text)
            self.assertIn('Cannot flush mail queue - mail system is down', self.tool('-i', queue_id, status=EX_UNAVAILABLE))
        finally:
            self.ours.up()
        self.assertEqual(self.state(queue_id), 'deferred')


main(QueueTool)
