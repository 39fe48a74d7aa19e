"""Other people's programs: mail from Postfix to a virtual user is read by curl, fetchmail and poplib, byte for byte as
it was sent; smtplib, swaks, curl and msmtp submit through 587 and 465."""

import os
import poplib
import re
import smtplib
import ssl
import subprocess

import waiting
from house_test import HouseTest, main
from instance import Instance, free_port, scratch
from nameserver import NameServer, settings
from postfix import Postfix, remote_host

REMOTE = 'remote.test'
TRICKY = (b'From: Carol <carol@remote.test>\r\nTo: alice@example.test\r\nSubject: =?utf-8?q?=E9=A7=85=E4=BC=9D?=\r\n'
          b'Date: Mon, 5 Jan 2026 10:00:00 +0900\r\nMessage-ID: <tricky.1@remote.test>\r\n'
          b'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n'
          b'X-Folded: one\r\n\ttwo\r\n three\r\n\r\n'
          b'.\r\n..\r\n.leading dot\r\n...three\r\n' + '駅伝 ürgent\r\n'.encode() + b'trailing blanks   \r\n\t\r\n'
          b'From the start of a line\r\n' + b'x' * 990 + b'\r\n\r\nend\r\n')


def insecure():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def run(*argv, text=None):
    done = subprocess.run([str(word) for word in argv], input=text, capture_output=True, timeout=120)
    assert done.returncode == 0, f'{argv}: {done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}'
    return done.stdout


class Reading(HouseTest):
    @classmethod
    def prepare(cls):
        cls.folder = cls.use(scratch('reading'))
        cls.ours = cls.use(Instance('reading'))
        port = cls.ours.port('smtp')
        cls.alice = cls.ours.account(0)
        if os.geteuid() == 0:
            postfix = cls.use(Postfix(cls.folder / 'postfix', REMOTE, '127.0.0.3', port=free_port('127.0.0.3'),
                                      settings={'relayhost': f'[127.0.0.1]:{port}'}))
            postfix.submit('carol@remote.test', [cls.alice['address']], TRICKY)
        else:
            with smtplib.SMTP('127.0.0.1', port, timeout=30) as client:
                client.sendmail('carol@remote.test', [cls.alice['address']], TRICKY)
        cls.ours.wait_for_messages(cls.alice['address'], 1)

    def assert_is_what_was_sent(self, message):
        self.assertTrue(message.endswith(TRICKY), message)
        added = message[:-len(TRICKY)].decode()
        names = [line.split(':')[0] for line in added.split('\r\n') if line and not line[0].isspace()]
        self.assertEqual(names[0], 'Return-Path')
        self.assertLessEqual(set(names), {'Return-Path', 'Delivered-To', 'Received', 'X-Original-To'})

    def test_poplib(self):
        for client in (poplib.POP3(self.ours.address, self.ours.port('pop3'), timeout=30),
                       poplib.POP3_SSL(self.ours.address, self.ours.port('pop3s'), timeout=30, context=insecure())):
            client.user(self.alice['user'])
            client.pass_(self.alice['password'])
            self.assertEqual(client.stat()[0], 1)
            _, lines, octets = client.retr(1)
            message = b''.join(line + b'\r\n' for line in lines)
            self.assert_is_what_was_sent(message)
            self.assertEqual(client.stat()[1], len(message))
            client.quit()

    def test_curl(self):
        login = f'{self.alice["user"]}:{self.alice["password"]}'
        at = self.ours.address
        for url, more in ((f'pop3://{at}:{self.ours.port("pop3")}/1', []),
                          (f'pop3://{at}:{self.ours.port("pop3")}/1', ['--ssl-reqd', '-k']),
                          (f'pop3s://{at}:{self.ours.port("pop3s")}/1', ['-k'])):
            self.assert_is_what_was_sent(run('curl', '-sS', '-u', login, *more, url))

    def test_fetchmail(self):
        got = self.folder / 'fetched'
        configuration = self.folder / 'fetchmailrc'
        configuration.write_text(
            f'set invisible\nset idfile "{self.folder}/ids"\nset pidfile "{self.folder}/fetchmail.pid"\n'
            f'poll {self.ours.address} service {self.ours.port("pop3s")} protocol POP3 no dns auth password\n'
            f'  user "{self.alice["user"]}" password "{self.alice["password"]}" ssl no sslcertck\n'
            f'  keep no rewrite no stripcr mda "/usr/bin/tee {got}"\n')
        configuration.chmod(0o600)
        done = subprocess.run(['fetchmail', '-f', str(configuration), '--nosyslog', '-a'], capture_output=True,
                              text=True, timeout=120)
        self.assertIn(done.returncode, (0, 1), done.stdout + done.stderr)
        # fetchmail writes the status header and its own lines at the top; what was sent is the rest
        message = got.read_bytes().replace(b'\r\n', b'\n')
        self.assertTrue(message.endswith(TRICKY.replace(b'\r\n', b'\n')), message)


class Submitting(HouseTest):
    @classmethod
    def prepare(cls):
        cls.folder = cls.use(scratch('submitting'))
        cls.remote = cls.use(remote_host(cls.folder / 'postfix', REMOTE, '127.0.0.4', free_port('127.0.0.4')))
        cls.names = cls.use(NameServer(cls.folder / 'dns', {REMOTE: '@ MX 10 mail\nmail A 127.0.0.4\n'}))
        cls.ours = cls.use(Instance('submitting', smtp_tcp_port=cls.remote.port,
                                    smtpd_tls_mandatory_protocols='>=TLSv1.3', **settings(cls.names)))
        cls.alice, cls.bob = cls.ours.account(0), cls.ours.account(1)

    def text_of(self, subject):
        return (f'From: <{self.alice["address"]}>\r\nTo: <carol@{REMOTE}>\r\nBcc: <{self.bob["address"]}>\r\n'
                f'Subject: {subject}\r\n\r\nbody of {subject}\r\n')

    def assert_arrives(self, subject):
        """In bob's mailbox here and carol's there, with what RFC 6409 has a submission server add."""
        def find(messages):
            return next((m for m in messages if f'Subject: {subject}\n'.encode() in m), None)
        here = waiting.until(lambda: find(self.ours.messages(self.bob['address'])), f'{subject} here', 60)
        there = waiting.until(lambda: find(self.remote.messages('carol')), f'{subject} there', 60)
        for message in (here, there):
            header, body = message.split(b'\n\n', 1)
            self.assertIn(f'body of {subject}'.encode(), body)
            self.assertRegex(header, rb'(?mi)^Date: ')
            self.assertRegex(header, rb'(?mi)^Message-ID: <[^>]+@[^>]+>$')
            self.assertNotRegex(header, rb'(?mi)^Bcc:')
            self.assertNotIn(self.alice['password'].encode(), message)

    @property
    def recipients(self):
        return [self.bob['address'], f'carol@{REMOTE}']

    def test_smtplib(self):
        with smtplib.SMTP(self.ours.address, self.ours.port('submission'), timeout=30) as client:
            client.starttls(context=insecure())
            client.login(self.alice['user'], self.alice['password'])
            client.sendmail(self.alice['address'], self.recipients, self.text_of('smtplib 587'))
        with smtplib.SMTP_SSL(self.ours.address, self.ours.port('submissions'), timeout=30,
                              context=insecure()) as client:
            client.login(self.alice['user'], self.alice['password'])
            client.sendmail(self.alice['address'], self.recipients, self.text_of('smtplib 465'))
        self.assert_arrives('smtplib 587')
        self.assert_arrives('smtplib 465')

    def test_swaks(self):
        for port, how in (('submission', '-tls'), ('submissions', '-tlsc')):
            subject = f'swaks {port}'
            run('swaks', '--server', f'{self.ours.address}:{self.ours.port(port)}', how, '--auth', 'PLAIN',
                '--auth-user', self.alice['user'], '--auth-password', self.alice['password'], '--from',
                self.alice['address'], '--to', ','.join(self.recipients), '--data',
                self.text_of(subject).replace('\r\n', '\\n'))
            self.assert_arrives(subject)

    def test_curl(self):
        for port, scheme, how in (('submission', 'smtp', ['--ssl-reqd']), ('submissions', 'smtps', [])):
            subject = f'curl {port}'
            file = self.folder / 'curl.eml'
            file.write_text(self.text_of(subject), newline='')
            to = [word for recipient in self.recipients for word in ('--mail-rcpt', recipient)]
            run('curl', '-sS', '-k', *how, '-u', f'{self.alice["user"]}:{self.alice["password"]}', '--mail-from',
                self.alice['address'], *to, '-T', file, f'{scheme}://{self.ours.address}:{self.ours.port(port)}/client')
            self.assert_arrives(subject)

    def test_msmtp(self):
        for port, starttls in (('submission', 'on'), ('submissions', 'off')):
            subject = f'msmtp {port}'
            file = self.folder / 'msmtprc'
            file.write_text(f'account default\nhost {self.ours.address}\nport {self.ours.port(port)}\ntls on\n'
                            f'tls_starttls {starttls}\ntls_certcheck off\nauth plain\nuser {self.alice["user"]}\n'
                            f'password {self.alice["password"]}\nfrom {self.alice["address"]}\n')
            file.chmod(0o600)
            run('msmtp', '-C', file, '-f', self.alice['address'], '--', *self.recipients,
                text=self.text_of(subject).replace('\r\n', '\n').encode())
            self.assert_arrives(subject)

    def test_a_login_is_needed_and_only_under_tls(self):
        with self.ours.smtp('submission') as client:
            code, text = client.command(f'MAIL FROM:<{self.alice["address"]}>')
            self.assertEqual(code, 530, text)
            self.assertFalse([line for line in client.extensions if line.startswith('AUTH')], client.extensions)
            client.upgrade()
            self.assertTrue([line for line in client.extensions if line.startswith('AUTH')], client.extensions)
            self.assertEqual(client.command('MAIL FROM:<x@example.test>')[0] // 100, 5)
            code, text = client.login(self.alice['user'], 'wrong')
            self.assertEqual(code, 535, text)

    def test_where_tls_is_demanded_its_version_is_that_of_the_mandatory_list(self):
        old = insecure()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises(ssl.SSLError):
            smtplib.SMTP_SSL(self.ours.address, self.ours.port('submissions'), timeout=30, context=old)
        with smtplib.SMTP(self.ours.address, self.ours.port('submission'), timeout=30) as client, \
                self.assertRaises(ssl.SSLError):
            client.starttls(context=old)
        with smtplib.SMTP(self.ours.address, self.ours.port('smtp'), timeout=30) as client:
            client.starttls(context=old)
            self.assertEqual(client.sock.version(), 'TLSv1.2')

    def test_the_sender_belongs_to_the_login(self):
        with self.ours.smtp('submissions', tls=True) as client:
            code, text = client.login(self.alice['user'], self.alice['password'])
            self.assertEqual(code, 235, text)
            code, text = client.mail(self.bob['address'], [f'carol@{REMOTE}'], self.text_of('forged').encode())
            self.assertEqual(code // 100, 5, text)
            self.assertTrue(re.match(r'5\.7\.\d', text), text)


main(Reading, Submitting, left_out='Postfix as the sending and the remote host (smtplib and a sink are in its place)')
