"""What Ekiden exists for, against a real name server and Postfix as the remote host (a sink for an ordinary user):
reading mail by POP3 lets an address relay, for a while, as the user who logged in, and gives nobody else anything.

Every test has a client address of its own in 127.0.0.0/8, so that no grant of one is of use to another."""

import os
import re
import time

import waiting
from house_test import HouseTest, main
from instance import Instance, free_port, scratch
from nameserver import NameServer, settings
from postfix import remote_host

REMOTE = 'remote.test'
CAROL = f'carol@{REMOTE}'
REFUSAL = r'5\.7\.1 <carol@remote\.test>: Relaying denied \(authentication required\)'
TTL = 4    # seconds, for the test of expiry


def content(subject):
    return f'From: <alice@example.test>\r\nTo: <{CAROL}>\r\nSubject: {subject}\r\n\r\nbody of {subject}\r\n'.encode()


class Steps(HouseTest):
    def send(self, source, subject='x', sender=None, recipient=CAROL):
        """(code, text) of the reply that decided it."""
        with self.ours.smtp(source=source) as client:
            return client.mail(self.alice['address'] if sender is None else sender, [recipient], content(subject))

    def assert_refused(self, answer):
        self.assertEqual(answer[0], 550, answer)
        self.assertRegex(answer[1], REFUSAL)

    def login(self, source, port='pop3', upgrade=False, **how):
        client = self.ours.pop3(port, source=source, **how)
        if upgrade:
            client.upgrade()
        answer = client.login(self.alice['user'], self.alice['password'])
        self.assertTrue(answer.startswith('+OK'), answer)
        return client


class Grants(Steps):
    @classmethod
    def prepare(cls):
        folder = cls.use(scratch('grants'))
        cls.remote = cls.use(remote_host(folder / 'postfix', REMOTE, '127.0.0.3', free_port('127.0.0.3')))
        cls.names = cls.use(NameServer(folder / 'dns', {REMOTE: '@ MX 10 mail\nmail A 127.0.0.3\n'}))
        cls.ours = cls.use(Instance('grants', smtp_tcp_port=cls.remote.port, **settings(cls.names)))
        cls.alice, cls.bob = cls.ours.account(0), cls.ours.account(1)

    def assert_relayed(self, source, subject):
        code, text = self.send(source, subject)
        self.assertEqual(code, 250, text)
        wanted = f'body of {subject}\n'.encode()
        waiting.until(lambda: any(m.endswith(wanted) for m in self.remote.messages('carol')),
                      f'{subject} in the other mailbox', 60)

    def test_without_login_nothing_is_relayed(self):
        self.assert_refused(self.send('127.0.1.1'))

    def test_own_domain_is_open_to_all(self):
        code, text = self.send('127.0.1.1', recipient=self.bob['address'])
        self.assertEqual(code, 250, text)
        code, text = self.send('127.0.1.1', recipient='nobody-here@example.test')
        self.assertEqual(code, 550, text)
        self.assertTrue(text.startswith('5.1.1'), text)

    def test_user_and_pass(self):
        self.assert_refused(self.send('127.0.1.2'))
        self.login('127.0.1.2').quit()
        self.assert_relayed('127.0.1.2', 'after USER and PASS')
        message = next(m for m in self.remote.messages('carol') if b'after USER and PASS' in m)
        self.assertTrue(message.startswith(b'Return-Path: <alice@example.test>'), message)
        received = [line for line in re.split(rb'\n(?=\S)', message.split(b'\n\n')[0]) if line.startswith(b'Received:')]
        # Postfix puts its own on top, a sink does not
        self.assertEqual(len(received), 2 if os.geteuid() == 0 else 1, received)
        self.assertRegex(received[-1], rb'(?i)pop')

    def test_the_session_need_not_have_ended(self):
        with self.login('127.0.1.3') as session:
            self.assert_relayed('127.0.1.3', 'during the session')
            session.quit()

    def test_apop(self):
        with self.ours.pop3(source='127.0.1.4') as client:
            answer = client.apop(self.alice['user'], self.alice['password'])
            self.assertTrue(answer.startswith('+OK'), answer)
            client.quit()
        self.assert_relayed('127.0.1.4', 'after APOP')

    def test_stls(self):
        self.login('127.0.1.5', upgrade=True).quit()
        self.assert_relayed('127.0.1.5', 'after STLS')

    def test_pop3s(self):
        self.login('127.0.1.6', port='pop3s', tls=True).quit()
        self.assert_relayed('127.0.1.6', 'after 995')

    def test_a_failed_login_gives_nothing(self):
        with self.ours.pop3(source='127.0.1.7') as client:
            answer = client.login(self.alice['user'], 'wrong')
            self.assertTrue(answer.startswith('-ERR'), answer)
        with self.ours.pop3(source='127.0.1.7') as client:
            answer = client.apop(self.alice['user'], 'wrong')
            self.assertTrue(answer.startswith('-ERR'), answer)
        self.assert_refused(self.send('127.0.1.7'))

    def test_another_address_gets_nothing(self):
        self.login('127.0.1.8').quit()
        self.assertEqual(self.send('127.0.1.8')[0], 250)
        self.assert_refused(self.send('127.0.1.9'))

    def test_another_sender_gets_nothing(self):
        self.login('127.0.1.10').quit()
        for sender in (self.bob['address'], 'alice@elsewhere.test', ''):
            code, text = self.send('127.0.1.10', sender=sender)
            self.assertEqual(code // 100, 5, f'{sender}: {code} {text}')
        self.assertEqual(self.send('127.0.1.10')[0], 250)

    def test_the_operator_lists_and_revokes(self):
        self.login('127.0.1.11').quit()
        listed = self.ours.command('ekipop', 'list')
        self.assertRegex(listed, r'(?m)^.*127\.0\.1\.11.*alice@example\.test|^.*alice@example\.test.*127\.0\.1\.11')
        self.ours.command('ekipop', 'revoke', '127.0.1.11')
        self.assert_refused(self.send('127.0.1.11'))
        self.ours.command('ekipop', 'add', '127.0.1.12', self.alice['user'])
        self.assertEqual(self.send('127.0.1.12')[0], 250)
        self.ours.command('ekipop', 'flush')
        self.assert_refused(self.send('127.0.1.12'))

    def test_a_restart_of_everything_keeps_the_grant(self):
        self.login('127.0.1.13').quit()
        before = set(self.ours.pids())
        self.ours.restart()
        self.assertFalse(before & set(self.ours.pids()))
        self.assert_relayed('127.0.1.13', 'after a restart')
        self.assert_refused(self.send('127.0.1.14'))


class Expiry(Steps):
    """Time to live, with a short one."""

    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('expiry', pop_before_smtp_ttl=f'{TTL}s'))
        cls.alice = cls.ours.account(0)

    def test_after_the_time_to_live_it_is_over(self):
        begun = time.monotonic()
        self.login('127.0.2.1').quit()
        code, text = self.send('127.0.2.1')
        self.assertEqual(code, 250, text)
        waiting.until(lambda: self.send('127.0.2.1')[0] == 550, 'the grant expires', TTL + 10, pause=0.25)
        self.assertGreater(time.monotonic() - begun, TTL - 1)
        self.assert_refused(self.send('127.0.2.1'))
        self.login('127.0.2.1').quit()
        self.assertEqual(self.send('127.0.2.1')[0], 250)


main(Grants, Expiry, left_out='Postfix as the remote host (a sink is in its place)')
