"""The base of the end-to-end tests about mail for users of this host: an instance with an empty spool of mailboxes, and
what its log says of each delivery; and a Postfix that has such users too, to compare with.

    class Mailbox(Users):
        def test_it(self): self.assertEqual(self.outcome('taro'), ('2.0.0', 'sent', 'delivered to mailbox'))"""

import os
import pathlib
import re
import shutil
import subprocess

import waiting
from house_test import HouseTest
from instance import Instance, free_port
from postfix import Postfix

AS_ROOT = os.geteuid() == 0
LOCAL = 'local.test'
CONTENT = b'Subject: hi\r\nX-Y: z\r\n\r\nFrom here\r\n.dot\r\nbody \xe9\r\n'


def make_spool(path):
    """A directory of mboxes as Debian's /var/mail is, of group mail; an ordinary user's is his alone."""
    path.mkdir()
    if AS_ROOT:
        os.chown(path, 0, 8)
        path.chmod(0o2775)


class PostfixWithUsers(Postfix):
    """A private Postfix whose local(8) has LOCAL's users, with mboxes in `spool`."""

    def __init__(self, folder):
        self.spool = folder / 'varmail'
        settings = dict(mydestination=LOCAL, myorigin=LOCAL, mail_spool_directory=self.spool, recipient_delimiter='+',
                        local_recipient_maps='', alias_maps='')
        super().__init__(folder, 'elsewhere.test', '127.0.0.1', port=free_port(), settings=settings)
        make_spool(self.spool)
        main_cf = self.etc / 'main.cf'
        main_cf.write_text(re.sub(r'^(mydestination|alias_maps) =\n', '', main_cf.read_text(), flags=re.M))
        with open(self.etc / 'master.cf', 'a') as services:
            services.write('local unix - n n - - local\n')


class Users(HouseTest):
    """One instance whose mydestination has the users; the files that a test writes go with it."""

    settings = {}

    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('users'))
        cls.spool = cls.ours.folder / 'varmail'
        make_spool(cls.spool)
        cls.aliases = cls.ours.folder / 'etc' / 'aliases'
        cls.scratch = cls.ours.folder / 'scratch'
        cls.scratch.mkdir()
        cls.scratch.chmod(0o1777)
        cls.write_aliases()
        cls.ours.restart(mydestination=LOCAL, myorigin=LOCAL, mail_spool_directory=cls.spool, recipient_delimiter='+',
                         alias_maps=f'hash:{cls.aliases}', mynetworks='127.0.0.0/8', command_time_limit='3s',
                         **cls.settings)

    @classmethod
    def write_aliases(cls):
        cls.build_aliases({})

    @classmethod
    def build_aliases(cls, entries):
        cls.aliases.write_text(''.join(f'{name}: {value}\n' for name, value in entries.items()))
        ekialias = pathlib.Path(cls.ours.facts['commands']['ekiden'][0]).parent / 'ekialias'
        subprocess.run([ekialias, f'hash:{cls.aliases}'], check=True, timeout=30,
                       env={**os.environ, 'MAIL_CONFIG': str(cls.ours.folder / 'etc')})

    def setUp(self):
        # Notices to senders elsewhere go nowhere.
        self.ours.command('ekiqueue', '-d', 'ALL')
        for mailbox in self.spool.iterdir():
            shutil.rmtree(mailbox) if mailbox.is_dir() else mailbox.unlink()

    def send(self, to, content=CONTENT, sender='s@elsewhere.test'):
        """What the log says of the deliveries, once the message is no longer under way."""
        before = len(self.ours.log())
        with self.ours.smtp() as client:
            code, text = client.mail(sender, [to if '@' in to else f'{to}@{LOCAL}'], content)
            self.assertEqual(code, 250, text)
        queue_id = text.split()[-1]
        lines = lambda: [line for line in self.ours.log()[before:].split('\n') if 'status=' in line]    # noqa: E731
        ended = lambda: any(queue_id in line and 'status=' in line for line in lines())    # noqa: E731
        waiting.until(lambda: ended() and (self.ours.queue_is_empty() or 'status=deferred' in self.ours.log()[before:]),
                      f'an outcome of {queue_id}: {self.ours.log()[before:]}', 30)
        return [re.sub(r'.*?(\w+)\[\d+\]: ', r'\1: ', line, count=1) for line in lines()]

    def outcome(self, to, **how):
        """(dsn, status, text) of the one delivery."""
        lines = [line for line in self.send(to, **how) if line.startswith('local:')]
        self.assertEqual(len(lines), 1, lines)
        found = re.search(r'dsn=([\d.]+), status=(\w+) \((.*)\)$', lines[0])
        return found.group(1), found.group(2), found.group(3)

    def mailbox(self, name):
        path = self.spool / name
        return path.read_bytes() if path.exists() else b''

    def known(self, name):
        """Whether the address is taken at RCPT."""
        with self.ours.smtp() as client:
            client.command('MAIL FROM:<s@elsewhere.test>')
            return client.command(f'RCPT TO:<{name}@{LOCAL}>')[0] == 250
