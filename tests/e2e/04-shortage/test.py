"""A full disk, full mailboxes and no descriptors: the client gets a 4xx, nothing that was accepted is lost, and when there
is room again everything goes on without a restart.

Where a disk is to be full, spool and mail stand on small file systems of their own, in a mount namespace of the test's
own, which needs root."""

import contextlib
import os
import pathlib
import socket
import ssl
import subprocess
import sys

import waiting
from house_test import HouseTest, main
from instance import Instance, new_folder
from peers import Sink

SIZE = '12M'
BEYOND_A_WORKER_AT_REST = 40    # descriptors; it has about 16
BODY = b'Subject: %s\r\n\r\n' + b'0123456789012345678901234567890123456789012345678901234567890123456789\r\n' * 400


class Filler:
    """A file that takes what room there is."""

    def __init__(self, folder, keep=0):
        self.path = pathlib.Path(folder) / 'filler'
        facts = os.statvfs(folder)
        self.left = facts.f_bavail * facts.f_frsize - keep

    def __enter__(self):
        with open(self.path, 'wb', buffering=0) as file:
            try:
                while self.left > 0:
                    self.left -= file.write(b'\0' * min(self.left, 65536))
            except OSError:
                pass
        return self

    def __exit__(self, *_):
        self.path.unlink(missing_ok=True)


class Shortage(HouseTest):
    SETTINGS = {}
    MOUNTED = ('spool', 'mail')

    @classmethod
    def prepare(cls):
        folder = new_folder('shortage')
        cls.folder = folder
        cls.stack.callback(subprocess.run, ['rm', '-rf', str(folder)])
        for place in cls.MOUNTED:
            (folder / place).mkdir()
            subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={SIZE}', 'ekiden-test', str(folder / place)], check=True)
            cls.stack.callback(subprocess.run, ['umount', '-l', str(folder / place)])
        cls.sink = cls.use(Sink('127.0.0.5'))
        cls.ours = cls.use(Instance('shortage', folder=folder, mynetworks='127.0.0.0/8', minimal_backoff_time='1s',
                                    maximal_backoff_time='1s', queue_run_delay='1s',
                                    relayhost=f'[127.0.0.5]:{cls.sink.port}',
                                    **{'message_size_limit': '1000000', **cls.SETTINGS}))
        cls.alice = cls.ours.account(0)
        cls.number = 0
        cls.accepted = []

    def send(self, recipient=None, more=b''):
        """Send one more message; (code, text), with what was accepted kept in mind."""
        type(self).number += 1
        subject = b'number-%d-end' % self.number
        with self.ours.smtp() as client:
            answer = client.mail('x@elsewhere.test', [recipient or self.alice['address']], BODY % subject + more)
        if answer[0] == 250:
            self.accepted.append((recipient or self.alice['address'], subject))
        return answer

    def fill_until_refused(self, recipient):
        for _ in range(2000):
            answer = self.send(recipient)
            if answer[0] != 250:
                return answer
        self.fail('never refused')

    def assert_accepts_again(self):
        waiting.until(lambda: self.send()[0] == 250, 'mail is taken again', 10, pause=0.2)

    def assert_all_arrive(self):
        def missing():
            here = b''.join(self.ours.messages(self.alice['address']))
            there = b''.join(content for _, _, content in self.sink.messages)
            return [subject for recipient, subject in self.accepted
                    if subject not in (here if recipient == self.alice['address'] else there)]
        self.ours.command('flush')
        waiting.until(lambda: not missing(), 'everything accepted arrives', 60, pause=0.2)

    def processes(self):
        return {row['pid'] for row in self.ours.refresh()['processes'] if row['name'] != 'local-delivery'}


class FullDisk(Shortage):
    def test_a_full_spool(self):
        before = self.processes()
        self.assertEqual(self.send()[0], 250)
        with Filler(self.folder / 'spool'):
            # some may still fit into what the queue's files hold already
            code, text = self.fill_until_refused(self.alice['address'])
            self.assertEqual(code // 100, 4, text)
            code, text = self.send(more=b'x' * 70 + b'\r\n' + b'large\r\n' * 30000)
            self.assertEqual(code // 100, 4, text)
        self.assert_accepts_again()
        self.assertEqual(self.send('carol@remote.test')[0], 250)
        self.assert_all_arrive()
        self.assertEqual(self.processes(), before)

    def test_a_full_mailbox_disk(self):
        before = self.processes()
        with Filler(self.folder / 'mail'):
            self.assertEqual(self.send()[0], 250)
            waiting.until(lambda: 'status=deferred' in self.ours.log(), 'the delivery is put off')
        self.assert_all_arrive()
        self.assertEqual(self.processes(), before)


class FillingDisk(Shortage):
    """With hardly any margin (queue_minfree is 1.5 message_size_limit): mail itself fills the disk."""
    SETTINGS = {'message_size_limit': '40000', 'virtual_transport': 'retry:4.3.0 on hold'}

    def test_filled_by_mail_itself(self):
        with Filler(self.folder / 'spool', keep=3_000_000):
            code, text = self.fill_until_refused(self.alice['address'])
            self.assertEqual(code // 100, 4, text)
            self.assertGreater(len(self.accepted), 3)
        self.assert_accepts_again()
        self.ours.restart(virtual_transport='virtual')
        self.assert_all_arrive()


class NoDescriptors(Shortage):
    MOUNTED = ()

    def limit(self, pids, descriptors):
        """The soft limit of descriptors, set as the process's own user: that needs no capability."""
        for pid in pids:
            owner = os.stat(f'/proc/{pid}')
            become = {'user': owner.st_uid, 'group': owner.st_gid, 'extra_groups': []} if os.geteuid() == 0 else {}
            subprocess.run(['prlimit', '--pid', str(pid), f'--nofile={descriptors}:'], check=True, **become)

    def test_the_manager_has_none(self):
        pids = self.ours.pids('manager')
        self.assertEqual(self.send()[0], 250)
        self.limit(pids, 1)
        code, text = self.send(more=b'large\r\n' * 30000)
        self.assertEqual(code // 100, 4, text)
        self.limit(pids, 1000)
        self.assertEqual(self.send(more=b'large\r\n' * 30000)[0], 250)
        self.assert_all_arrive()
        self.assertEqual(self.ours.pids('manager'), pids)

    def test_smtpd_has_none(self):
        pids = self.ours.pids('smtpd')
        with self.ours.smtp() as early:
            self.limit(pids, 1)
            # a session that was there goes on; a new one waits or is told 421
            code, text = early.mail('x@elsewhere.test', [self.alice['address']], BODY % b'early-end')
            self.assertIn(code // 100, (2, 4), text)
            if code == 250:
                self.accepted.append((self.alice['address'], b'early-end'))
            self.limit(pids, 1000)
        self.assertEqual(self.send()[0], 250)
        self.assert_all_arrive()
        self.assertEqual(self.ours.pids('smtpd'), pids)

    BUSY = [    # service, its program, the greeting, and what a client hears for whom there is no descriptor
        ('smtp', 'smtpd', b'220 ', b'421 4.3.2 '),
        ('submission', 'submission', b'220 ', b'421 4.3.2 '),
        ('submissions', 'submission', b'220 ', b''),    # TLS comes first: it is just closed
        ('pop3', 'pop3d', b'+OK ', b'-ERR [SYS/TEMP] '),
        ('pop3s', 'pop3d', b'+OK ', b''),
    ]

    def test_new_clients_are_told(self):
        for service, program, greeting, busy in self.BUSY:
            with self.subTest(service), contextlib.ExitStack() as clients:
                pids = self.ours.pids(program)
                since = len(self.ours.log())
                try:
                    many = self.leave_some(pids) + 10
                    opened = [clients.enter_context(self.connection(service)) for _ in range(many)]
                    lines = [self.first_line(client, service, clients) for client in opened]
                    refused = [line for line in lines if not line.startswith(greeting)]
                    self.assertGreaterEqual(len(refused), 10)
                    self.assertLess(len(refused), many)
                    for line in refused:
                        self.assertTrue(line.startswith(busy) and line.endswith(b'\r\n') if busy else line == b'', line)
                    waiting.until(lambda since=since: 'Too many open files' in self.ours.log()[since:], 'the log tells it')
                    clients.close()
                    waiting.until(lambda service=service, greeting=greeting: self.greeting(service).startswith(greeting),
                                  'a new client is served')
                finally:
                    self.limit(pids, 1000)
                self.assertEqual(self.ours.pids(program), pids)

    def leave_some(self, pids):
        """Each can have a few more descriptors; how many together, at most. Only root sees which ones they have: for
        others they get a number that is beyond those and still soon reached."""
        room = 0
        for pid in pids:
            used = [int(name) for name in os.listdir(f'/proc/{pid}/fd')] if os.geteuid() == 0 else []
            limit = max(used) + 5 if used else BEYOND_A_WORKER_AT_REST
            self.limit([pid], limit)
            room += limit - len(used)
        return room

    def connection(self, service):
        return socket.create_connection((self.ours.address, self.ours.port(service)), 30)

    @staticmethod
    def first_line(client, service, clients):
        """The greeting, or all that the server says before it closes; where TLS comes first, `clients` hold that."""
        try:
            if service in ('submissions', 'pop3s'):
                context = ssl.create_default_context()
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
                client = clients.enter_context(context.wrap_socket(client, suppress_ragged_eofs=False))
            with client.makefile('rb') as file:
                line = file.readline()
                return line if line.startswith((b'220 ', b'+OK ')) else line + file.read()
        except (ssl.SSLError, ConnectionError):
            return b''

    def greeting(self, service):
        with contextlib.ExitStack() as clients:
            return self.first_line(clients.enter_context(self.connection(service)), service, clients)


if os.geteuid() == 0 and not os.environ.get('EKIDEN_OWN_MOUNTS'):
    os.execvpe('unshare', ['unshare', '--mount', '--propagation', 'private', sys.executable, *sys.argv],
               {**os.environ, 'EKIDEN_OWN_MOUNTS': '1'})
main(NoDescriptors, for_root=(FullDisk, FillingDisk), left_out='full file systems of its own')
