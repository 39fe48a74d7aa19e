"""The listing of the queue beside Postfix's, on the same mail in every state: deferred for one reason and for several,
held, active, expired, of the null sender, with odd addresses. Columns and members must be the same; ids, times and sizes
are each one's own, and are checked against each other within a listing."""

import json
import re
import subprocess
import threading

import waiting
from house_test import HouseTest, main
from instance import Instance, scratch
from peers import Sink
from postfix import Postfix

NEVER = '6h'
CONTENT = b'Subject: x\r\n\r\n' + b'a line of some length\r\n' * 60
ENTRY = re.compile(r'^([0-9A-Za-z]+)([*!#]?)( +)(\d+) ([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (\S.*)$')
# (sender, recipients): what the other side says is in the recipient's name. Recipients stand in the order of their octets,
# which Postfix gives them; here they keep the order of the envelope.
MAIL = {
    'one': ('alice@example.test', ['later-1@one.test']),
    'same': ('alice@example.test', ['later-2@one.test', 'later-3@one.test', 'later-4@one.test']),
    'mixed': ('alice@example.test', ['full-1@one.test', 'later-5@one.test', 'later-6@one.test', 'too-full@one.test']),
    'long': ('alice@example.test', ['long-1@one.test']),
    'null': ('', ['later-7@one.test']),
    'odd': ('"a b"@example.test', ['LATER-9@One.Test', '"later 8"@one.test']),
    'held': ('alice@example.test', ['later-10@one.test']),
    'expired': ('alice@example.test', ['later-11@one.test']),
    'active': ('alice@example.test', ['slow@one.test']),
}


class Listing(HouseTest):
    @classmethod
    def prepare(cls):
        cls.go = threading.Event()
        cls.sink = cls.use(Sink('127.0.0.9', decide=cls.decide))
        relayhost = f'[127.0.0.9]:{cls.sink.port}'
        cls.ours = cls.use(Instance('listing', mynetworks='127.0.0.0/8', relayhost=relayhost,
                                    minimal_backoff_time=NEVER, maximal_backoff_time=NEVER, queue_run_delay=NEVER))
        settings = {'enable_long_queue_ids': 'yes', 'relayhost': relayhost, 'minimal_backoff_time': NEVER,
                    'maximal_backoff_time': NEVER, 'queue_run_delay': NEVER, 'smtpd_relay_restrictions': 'permit_mynetworks, reject',
                    'smtp_bind_address': '127.0.0.9', 'mynetworks': '127.0.0.0/8'}
        cls.peer = cls.use(Postfix(cls.use(scratch('listing-postfix')), 'peer.test', '127.0.0.9', port=2527, settings=settings))
        cls.stack.callback(cls.go.set)
        cls.peer_tools = {'list': ['/usr/sbin/postqueue', '-c', str(cls.peer.etc)],
                          'super': ['/usr/sbin/postsuper', '-c', str(cls.peer.etc)]}
        cls.our_tools = {'list': cls.ours.facts['commands']['ekiqueue'], 'super': cls.ours.facts['commands']['ekisuper']}

    @classmethod
    def decide(cls, recipient):
        if 'slow' in recipient:
            cls.go.wait(300)
        if 'full' in recipient:
            return '452 4.2.2 mailbox full'
        return '451 4.7.1 ' + ('a reason that is longer than the column, ' * 4 if 'long' in recipient else 'not now')

    @staticmethod
    def run_tool(tools, name, *arguments, status=0):
        done = subprocess.run([*tools[name], *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode == status, f'{arguments}: {done.stdout}{done.stderr}'
        return done.stdout

    def entries(self, tools):
        return [json.loads(line) for line in self.run_tool(tools, 'list', '-j').splitlines()]

    def fill(self, tools, send):
        """{name: id}"""
        ids = {}
        for name, (sender, recipients) in MAIL.items():
            before = {entry['queue_id'] for entry in self.entries(tools)}
            send(sender, recipients)

            def settled(before=before, name=name):
                fresh = [entry for entry in self.entries(tools) if entry['queue_id'] not in before]
                if len(fresh) != 1:
                    return None
                wanted = 'active' if name == 'active' else 'deferred'
                reasons = all('delay_reason' in each for each in fresh[0]['recipients']) or name == 'active'
                return fresh[0]['queue_id'] if fresh[0]['queue_name'] == wanted and reasons else None
            ids[name] = waiting.until(settled, f'{name} is in the queue')
        self.run_tool(tools, 'super', '-h', ids['held'])
        self.run_tool(tools, 'super', '-e', ids['expired'])
        return ids

    def send_ours(self, sender, recipients):
        with self.ours.smtp() as client:
            self.assertEqual(client.mail(sender, recipients, CONTENT)[0], 250)

    def same_listing(self, tools, ids):
        """The listing with ids by name, in the order of the names, and with what must be right in it checked."""
        text = self.run_tool(tools, 'list', '-p')
        names = {queue_id: name for name, queue_id in ids.items()}
        sizes = {entry['queue_id']: entry['message_size'] for entry in self.entries(tools)}
        heading, _, rest = text.partition('\n')
        body, _, total = rest.rpartition('\n\n')
        paragraphs = {}
        for paragraph in body.split('\n\n'):
            first, *others = paragraph.split('\n')
            entry = ENTRY.match(first)
            self.assertTrue(entry, first)
            queue_id, mark, gap, size, _, sender = entry.groups()
            self.assertEqual(int(size), sizes[queue_id])
            columns = entry.end(4), entry.start(5), entry.start(6)
            paragraphs[names[queue_id]] = [f'{mark} {columns} {sender}', *others]
        self.assertEqual(total, f'-- {sum(sizes.values()) // 1024} Kbytes in {len(sizes)} Request{"s" if len(sizes) > 1 else ""}.\n')
        return [heading, dict(sorted(paragraphs.items()))]

    def same_json(self, tools, ids):
        names = {queue_id: name for name, queue_id in ids.items()}
        lines = []
        for line in self.run_tool(tools, 'list', '-j').splitlines():
            for queue_id, name in names.items():
                line = line.replace(queue_id, name)
            lines.append(re.sub(r'("arrival_time"|"message_size"): \d+', r'\1: N', line))
        return sorted(lines)

    def test_side_by_side(self):
        empty = [self.run_tool(tools, 'list', '-p') for tools in (self.our_tools, self.peer_tools)]
        self.assertEqual(*empty)
        ours = self.fill(self.our_tools, self.send_ours)
        theirs = self.fill(self.peer_tools, lambda sender, recipients: self.peer.submit(sender, recipients, CONTENT))
        self.assertEqual(self.same_listing(self.our_tools, ours), self.same_listing(self.peer_tools, theirs))
        self.assertEqual(self.same_json(self.our_tools, ours), self.same_json(self.peer_tools, theirs))

        mine, other = ({entry['queue_id']: entry for entry in self.entries(tools)} for tools in (self.our_tools, self.peer_tools))
        for name in MAIL:
            # Apart from the Received: field that each of them adds the content is the same.
            self.assertLess(abs(mine[ours[name]]['message_size'] - other[theirs[name]]['message_size']), 200, name)

        # One message, and none.
        for tools, ids in ((self.our_tools, ours), (self.peer_tools, theirs)):
            for name, queue_id in ids.items():
                if name != 'held':
                    self.run_tool(tools, 'super', '-d', queue_id)
            text = self.run_tool(tools, 'list', '-p')
            self.assertRegex(text, r'\n\n-- [01] Kbytes in 1 Request\.\n$')
            self.run_tool(tools, 'super', '-d', ids['held'])
            self.assertEqual((self.run_tool(tools, 'list', '-p'), self.run_tool(tools, 'list', '-j')),
                             ('Mail queue is empty\n', ''))

    def test_while_both_are_down(self):
        self.send_ours('alice@example.test', ['later-1@one.test'])
        self.peer.submit('alice@example.test', ['later-1@one.test'], CONTENT)
        ids = {}
        for tools in (self.our_tools, self.peer_tools):
            entry = waiting.until(lambda tools=tools: [each for each in self.entries(tools)
                                                       if 'delay_reason' in each['recipients'][0]
                                                       and each['queue_name'] == 'deferred'], 'it is deferred')[0]
            ids[id(tools)] = {'one': entry['queue_id']}
        self.ours.down()
        self.peer.stop()
        self.addCleanup(self.peer.start)
        listings = [[self.same_listing(tools, ids[id(tools)]), self.same_json(tools, ids[id(tools)])]
                    for tools in (self.our_tools, self.peer_tools)]
        self.assertEqual(*listings)


main(Listing, root_only='Postfix runs as root only')
