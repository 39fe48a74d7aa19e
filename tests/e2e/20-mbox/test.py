"""A mailbox that is an mbox: what SMTP brings stands in it as Postfix's virtual(8) writes it, Python's mailbox module and
POP3 read it, other programs' locks are waited for, and mail that arrives while a session deletes is not lost."""

import fcntl
import mailbox
import os
import pathlib
import re
import smtplib
import subprocess
import sys
import threading

import waiting
from house_test import HouseTest, main
from instance import ROOT, Instance, scratch
from postfix import Postfix

PASSWORD = 'carol-secret'
POSTFIX = '127.0.0.88'
FROM_LINE = re.compile(rb'From (\S.*)  ((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\n')
MESSAGES = [    # sender, content
    ('a@far.test', b'Subject: quoted\r\n\r\nFrom here\r\n>From there\r\n From\r\nFrom\r\n\r\nFrom the end\r\n'),
    ('', b'Subject: no body\r\n'),
    ('a+b@far.test', b'Subject: an empty body\r\n\r\n'),
    ('"a b"@far.test', b'Subject: dots and empty lines\r\n\r\n.\r\n..\r\n\r\n\r\n'),
]


def entries(text):
    """An mbox taken apart: (sender, lines) of each entry, without what differs from host to host."""
    places = [match.start() for match in re.finditer(rb'(?:\A|(?<=\n\n))From ', text)] + [len(text)]
    out = []
    for start, end in zip(places, places[1:]):
        first = FROM_LINE.match(text, start)
        assert first, text[start:start + 100]
        content = text[first.end():end]
        content = re.sub(rb'^Received: .*\n(?:[ \t].*\n)*|^X-Original-To: .*\n', b'', content, flags=re.MULTILINE)
        out.append((first.group(1), content))
    return out


class MboxTest(HouseTest):
    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('mbox', auth_failure_delay='0s', auth_failure_delay_max='0s',
                                    smtpd_error_sleep_time='0s', pop3d_lock_timeout='5s'))

    def add(self, name):
        """An account whose mailbox is an mbox; its file."""
        address = f'{name}@{self.ours.domain}'
        argv = [word.replace('{address}', address) for word in self.ours.facts['commands']['add_account']]
        subprocess.run([*argv, '--apop', '--mailbox', f'boxes/{name}'], input=PASSWORD + '\n', check=True, capture_output=True,
                       text=True, timeout=60)
        return address, pathlib.Path(self.ours.facts['paths']['mail']) / 'boxes' / name

    def send(self, address, content, sender='a@far.test'):
        with self.ours.smtp() as client:
            code, text = client.mail(sender, [address], content)
            self.assertEqual(code, 250, text)

    def wait_for(self, path, count):
        def whole():
            text = path.read_bytes() if path.exists() else b''
            return text if text.count(b'\nDelivered-To: ') >= count and text.endswith(b'\n\n') else None
        return waiting.until(whole, f'{count} messages in {path}')

    def login(self, address):
        client = self.ours.pop3()
        self.addCleanup(client.close)
        answer = client.login(address, PASSWORD)
        self.assertTrue(answer.startswith('+OK'), answer)
        return client

    def uidl(self, client):
        return [line.split()[1] for line in client.multi('UIDL').decode().splitlines()]


class Delivery(MboxTest):
    def expected(self, address):
        return [(sender.encode() or b'MAILER-DAEMON',
                 b'Return-Path: <%s>\nDelivered-To: %s\n' % (sender.encode(), address.encode())
                 + re.sub(rb'^From ', b'>From ', content.replace(b'\r\n', b'\n'), flags=re.MULTILINE) + b'\n')
                for sender, content in MESSAGES]

    def test_the_file(self):
        address, path = self.add('carol')
        for number, (sender, content) in enumerate(MESSAGES):
            self.send(address, content, sender)
            text = self.wait_for(path, number + 1)
        self.assertEqual(entries(text), self.expected(address))
        self.assertEqual(path.stat().st_mode & 0o7777, 0o600)
        waiting.until(lambda: [each.name for each in path.parent.iterdir()] == ['carol'], 'no lock is left')
        self.assertIn('status=sent (delivered to mailbox)', self.ours.log())

    def test_pythons_mailbox_module_reads_it(self):
        path = pathlib.Path(self.ours.facts['paths']['mail']) / 'boxes' / 'carol'
        box = mailbox.mbox(path, create=False)
        self.addCleanup(box.close)
        self.assertEqual([message['Subject'] for message in box], ['quoted', 'no body', 'an empty body',
                                                                   'dots and empty lines'])
        self.assertEqual(box[0].get_payload(), '>From here\n>From there\n From\nFrom\n\n>From the end\n')
        self.assertEqual(box[3].get_payload(), '.\n..\n\n\n')

    def test_an_alias_shows_what_was_written_to(self):
        address, path = self.add('dora')
        alias = f'sales@{self.ours.domain}'
        argv = [word for word in self.ours.facts['commands']['add_account'] if word != '{address}']
        argv = argv[:argv.index('add')] + ['alias', 'add', alias, address]
        subprocess.run(argv, check=True, capture_output=True, timeout=60)
        self.send(alias, b'Subject: x\r\n\r\nx\r\n')
        text = self.wait_for(path, 1)
        self.assertIn(f'\nX-Original-To: {alias}\nDelivered-To: {address}\n'.encode(), text)

    def test_another_programs_lock_is_waited_for(self):
        address, path = self.add('erik')
        self.send(address, b'Subject: before\r\n\r\nx\r\n')
        before = self.wait_for(path, 1)
        with open(path, 'r+b') as held:
            fcntl.lockf(held, fcntl.LOCK_EX)
            self.send(address, b'Subject: while it is locked\r\n\r\nx\r\n')
            other, other_path = self.add('fred')
            self.send(other, b'Subject: to another mailbox\r\n\r\nx\r\n')
            self.wait_for(other_path, 1)
            self.assertEqual(path.read_bytes(), before)
            held.seek(0, os.SEEK_END)
            held.write(b'From another\nSubject: by another program\n\nno empty line behind it\n')
        text = self.wait_for(path, 2)
        self.assertEqual(re.findall(rb'^Subject: (.*)$', text, re.MULTILINE),
                         [b'before', b'by another program', b'while it is locked'])
        self.assertIn(b'no empty line behind it\n\nFrom a@far.test  ', text)


class BesidePostfix(MboxTest):
    @classmethod
    def prepare(cls):
        super().prepare()
        cls.postfix = Postfix(cls.use(scratch('mbox-postfix')), cls.ours.domain, POSTFIX, port=2588)
        (cls.postfix.etc / 'mailboxes').write_text(f'gina@{cls.ours.domain} gina\n')
        cls.use(cls.postfix)

    def test_the_same_messages_make_the_same_file(self):
        address, path = self.add('gina')
        theirs = self.postfix.base / 'mail' / 'gina'
        for number, (sender, content) in enumerate(MESSAGES):
            self.send(address, content, sender)
            ours = self.wait_for(path, number + 1)
            with smtplib.SMTP(POSTFIX, 2588, source_address=(POSTFIX, 0), timeout=30) as client:
                client.sendmail(sender, [address], content)
            written = self.wait_for(theirs, number + 1)
        self.assertEqual(entries(ours), entries(written))


class Reading(MboxTest):
    def test_a_session(self):
        address, path = self.add('hana')
        self.send(address, b'Subject: 1\r\n\r\n.dot\r\nFrom here\r\n')
        self.send(address, b'Subject: 2\r\n\r\nline\r\nline\r\n')
        self.wait_for(path, 2)
        client = self.login(address)
        self.assertEqual(client.count(), 2)
        ids = self.uidl(client)
        message = client.multi('RETR 1')
        self.assertTrue(message.endswith(b'Subject: 1\r\n\r\n.dot\r\n>From here\r\n'), message)
        self.assertTrue(message.startswith(b'Return-Path: <a@far.test>\r\n'), message)
        self.assertEqual(client.ok('LIST 1'), f'+OK 1 {len(message)}')
        self.assertTrue(client.multi('TOP 2 1').endswith(b'Subject: 2\r\n\r\nline\r\n'))

        # Mail arrives, and another program keeps its notes in the header: all stands elsewhere then.
        self.send(address, b'Subject: 3\r\n\r\nx\r\n')
        text = self.wait_for(path, 3)
        with open(path, 'r+b') as other:
            fcntl.lockf(other, fcntl.LOCK_EX)
            other.write(text.replace(b'\nSubject: 1\n', b'\nStatus: RO\nSubject: 1\nX-Status: A\n'))
        self.assertEqual(client.count(), 2)
        self.assertTrue(client.multi('RETR 2').endswith(b'Subject: 2\r\n\r\nline\r\nline\r\n'))

        client.ok('DELE 1')
        client.ok('RSET')
        client.ok('DELE 2')
        self.assertTrue(client.quit().startswith('+OK'))
        text = path.read_bytes()
        self.assertEqual(re.findall(rb'^Subject: (.*)$', text, re.MULTILINE), [b'1', b'3'])
        self.assertIn(b'\nStatus: RO\nSubject: 1\nX-Status: A\n', text)
        client = self.login(address)
        self.assertEqual(self.uidl(client)[0], ids[0])
        self.assertNotIn(ids[1], self.uidl(client))
        client.ok('DELE 1')
        client.ok('DELE 2')
        client.quit()
        self.assertEqual(path.read_bytes(), b'')

    def test_one_session_at_a_time(self):
        address, _ = self.add('ivan')
        first = self.login(address)
        second = self.ours.pop3()
        self.addCleanup(second.close)
        self.assertTrue(second.login(address, PASSWORD).startswith('-ERR [IN-USE]'))
        first.quit()
        self.login(address).quit()

    def test_nothing_is_lost_while_mail_arrives(self):
        address, path = self.add('jane')
        total, seen = 120, set()

        def write(part):
            with self.ours.smtp() as client:
                for number in range(part, total, 3):
                    client.mail('a@far.test', [address], b'Subject: %d\r\n\r\n' % number + b'x\r\n' * number)
        writers = [threading.Thread(target=write, args=(part,)) for part in range(3)]
        for writer in writers:
            writer.start()

        def fetch():
            client = self.login(address)
            for number in range(1, client.count() + 1):
                text = client.multi(f'RETR {number}')
                subject = int(re.search(rb'^Subject: (\d+)\r$', text, re.MULTILINE).group(1))
                self.assertTrue(text.endswith(b'\r\n\r\n' + b'x\r\n' * subject), text)
                self.assertNotIn(subject, seen)
                seen.add(subject)
                client.ok(f'DELE {number}')
            self.assertTrue(client.quit().startswith('+OK'))
            return len(seen) == total
        waiting.until(fetch, 'all messages are fetched', 120)
        for writer in writers:
            writer.join(30)
        self.assertEqual(path.read_bytes(), b'')

    def test_the_black_box_checks(self):
        address, _ = self.add('kate')
        done = subprocess.run(
            [sys.executable, str(ROOT / 'tests' / 'support' / 'pop3check.py'), '--host', self.ours.address, '--port',
             str(self.ours.port('pop3')), '--user', address, '--password', PASSWORD, '--rcpt', address, '--smtp',
             str(self.ours.port('smtp'))], capture_output=True, text=True, timeout=280)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


main(Delivery, Reading, for_root=[BesidePostfix], left_out='the same mail delivered by Postfix')
