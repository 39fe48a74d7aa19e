"""The privilege table, read from the kernel: user, groups, capabilities, no_new_privs, seccomp, root and descriptors of
every process; then, from inside each sandbox, what its row does not allow is tried and must fail.

An ordinary user's processes are all that user's, who cannot look inside any of them either."""

import errno
import os
import pathlib
import pwd
import re
import socket
import struct
import subprocess

import waiting
from house_test import HouseTest, main
from inside import AT_FDCWD, KILLED, SEIZE, Inside, describe, failed
from instance import Instance


class Row:
    """What one program may be and have. `files` are the places whose regular files it may hold open."""

    def __init__(self, user, empty_root=False, files=(), network=False, listens=(), parent=False):
        self.user, self.empty_root, self.files, self.network = user, empty_root, files, network
        self.listens, self.parent = listens, parent


TABLE = {
    'smtpd': Row('ekiden', empty_root=True, listens=('smtp', 'smtp_alt')),
    'submission': Row('ekiden-submit', empty_root=True, listens=('submission', 'submissions')),
    'pop3d': Row('ekiden-login', empty_root=True, listens=('pop3', 'pop3s')),
    'pop3d-session': Row('vmail', files=('mail',)),
    'authd': Row('ekiden-auth', files=('state',)),
    'manager': Row('ekiden-queue', files=('spool',)),
    'pickup': Row('ekiden-queue', files=('spool',)),
    'router': Row('ekiden-router', files=('state/directory.db', 'etc')),
    'relay': Row('ekiden-relay', empty_root=True, network=True),
    'resolver': Row('ekiden-dns', empty_root=True, network=True),
    'logger': Row('ekiden-log', files=('log',)),
    'local-delivery': Row('vmail', files=('mail',)),
}
ROOT_PARENT_CAPABILITIES = 1 << 6 | 1 << 7    # CAP_SETGID, CAP_SETUID
BY_A_SANDBOX = (errno.EPERM, errno.EACCES)    # any other error would say that the attempt itself was wrong
CAPTURED_FILE = f'/tmp/captured-{os.getpid()}'
PREVIOUS = object()    # stands for the answer to the call before
# The last is for programs of a sanitizer build.
WITHOUT_FILES = ('socket:', 'anon_inode:', 'pipe:', '/dev/null', '/memfd:', '/dev/urandom',
                 os.environ.get('EKIDEN_REPORTS', '/dev/null'))


def status_of(pid):
    lines = pathlib.Path(f'/proc/{pid}/status').read_text().split('\n')
    return {name: value.split() for name, _, value in (line.partition(':') for line in lines) if name}


def parent_of(pid):
    return int(status_of(pid)['PPid'][0])


def descriptors(pid):
    found = []
    for name in os.listdir(f'/proc/{pid}/fd'):
        try:
            found.append(os.readlink(f'/proc/{pid}/fd/{name}'))
        except FileNotFoundError:
            continue
    return found


def listening_inodes():
    """{inode: port} of the TCP sockets that listen."""
    found = {}
    for table in ('/proc/net/tcp', '/proc/net/tcp6'):
        for line in pathlib.Path(table).read_text().split('\n')[1:]:
            fields = line.split()
            if len(fields) > 9 and fields[3] == '0A':
                found[fields[9]] = int(fields[1].split(':')[1], 16)
    return found


class Processes(HouseTest):
    """What is the same for root and for an ordinary user."""

    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('privileges'))
        # Mail in and a POP3 session that stays, so that the workers have begun and hold what they hold.
        alice = cls.ours.account(0)
        with cls.ours.smtp() as client:
            assert client.mail('x@elsewhere.test', [alice['address']], b'Subject: x\r\n\r\nx\r\n')[0] == 250
        cls.ours.wait_for_messages(alice['address'], 1)
        cls.session = cls.use(cls.ours.pop3())
        assert cls.session.login(alice['user'], alice['password']).startswith('+OK')
        cls.rows = cls.ours.refresh()['processes']
        cls.master = next(row['pid'] for row in cls.rows if row['name'] == 'master')
        by_name = {row['pid']: row['name'] for row in cls.rows}
        cls.parents = [pid for pid, name in by_name.items()
                       if name == 'local-delivery' and by_name.get(parent_of(pid)) == 'master']
        # What starts users' commands must hand its freedom on: neither filter nor no_new_privs.
        cls.starters = [pid for pid, name in by_name.items() if name == 'local-commands']
        cls.workers = [row for row in cls.rows if row['pid'] not in [cls.master, *cls.parents, *cls.starters]]

    def each_worker(self, check):
        """check(pid, name, row of the table) for every worker, each a sub-test of its own."""
        for row in self.workers:
            with self.subTest(program=row['name'], pid=row['pid']):
                check(row['pid'], row['name'], TABLE[row['name']])

    def test_every_program_of_the_table_runs_and_no_other(self):
        self.assertEqual({row['name'] for row in self.rows}, {'master', 'local-commands', *TABLE})
        self.assertTrue([row for row in self.workers if row['name'] == 'local-delivery'], 'no delivery child')

    def test_capabilities_and_filters(self):
        def check(pid, _, __):
            status = status_of(pid)
            for kind in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb'):
                self.assertEqual(int(status[kind][0], 16), 0, kind)
            self.assertEqual(status['NoNewPrivs'], ['1'])
            self.assertEqual(status['Seccomp'], ['2'])
        self.each_worker(check)


class OneUser(Processes):
    def test_all_are_the_users_own(self):
        for row in self.rows:
            status = status_of(row['pid'])
            self.assertEqual(status['Uid'], [str(os.geteuid())] * 4)
            self.assertEqual(status['Gid'], [str(os.getegid())] * 4)

    def test_nobody_looks_inside(self):
        """A captured process cannot read what the others hold, though they are of one user."""
        for row in self.rows:
            if row['pid'] in [self.master, *self.parents]:
                continue
            with self.subTest(program=row['name'], pid=row['pid']):
                self.assertRaises(PermissionError, os.listdir, f'/proc/{row["pid"]}/fd')
                self.assertRaises(PermissionError, open, f'/proc/{row["pid"]}/mem', 'rb')
                self.assertRaises(PermissionError, Inside(row['pid']).__enter__)


class Privileges(Processes):
    def test_users_and_groups(self):
        def check(pid, _, row):
            user = pwd.getpwnam(row.user)
            status = status_of(pid)
            self.assertEqual(status['Uid'], [str(user.pw_uid)] * 4)
            self.assertEqual(status['Gid'], [str(user.pw_gid)] * 4)
            self.assertLessEqual(set(status['Groups']), {str(user.pw_gid)})
        self.each_worker(check)
        for pid in [self.master, *self.parents]:
            self.assertEqual(status_of(pid)['Uid'], ['0'] * 4)

    def test_the_delivery_parent(self):
        self.assertTrue(self.parents)
        for pid in self.parents:
            status = status_of(pid)
            for kind, allowed in (('CapInh', 0), ('CapPrm', ROOT_PARENT_CAPABILITIES),
                                  ('CapEff', ROOT_PARENT_CAPABILITIES), ('CapAmb', 0)):
                self.assertEqual(int(status[kind][0], 16), allowed, kind)
            self.assertEqual((status['NoNewPrivs'], status['Seccomp']), (['1'], ['2']))

    def test_the_starter_of_commands(self):
        self.assertEqual(len(self.starters), 1)
        for pid in self.starters:
            self.assertIn(parent_of(pid), self.parents)
            status = status_of(pid)
            for kind, allowed in (('CapInh', 0), ('CapPrm', ROOT_PARENT_CAPABILITIES),
                                  ('CapEff', ROOT_PARENT_CAPABILITIES), ('CapAmb', 0)):
                self.assertEqual(int(status[kind][0], 16), allowed, kind)
            held = [target for target in descriptors(pid) if target.startswith('socket:')]
            self.assertEqual(len(held), 1, 'the channel to its parent')

    def test_roots(self):
        def check(pid, _, row):
            root = os.readlink(f'/proc/{pid}/root')
            if row.empty_root:
                self.assertNotEqual(root, '/')
                self.assertEqual(os.listdir(f'/proc/{pid}/root'), [])
                facts = os.stat(f'/proc/{pid}/root/.')
                self.assertEqual((facts.st_uid, facts.st_mode & 0o022), (0, 0))
        self.each_worker(check)

    def test_descriptors(self):
        listening = listening_inodes()
        ports = self.ours.facts['ports']

        def check(pid, _, row):
            allowed = {ports[name] for name in row.listens}
            for target in descriptors(pid):
                inode = re.fullmatch(r'socket:\[(\d+)\]', target)
                if inode and inode.group(1) in listening:
                    self.assertIn(listening[inode.group(1)], allowed, 'holds a listening socket of others')
                elif not target.startswith(WITHOUT_FILES):
                    places = [str(self.ours.folder / place) for place in row.files]
                    self.assertTrue(any(target.startswith(place) for place in places), f'holds {target}')
        self.each_worker(check)

    def attempts(self, row, victim, place):
        """(what, call, ...) that no row, or not this one, allows. `victim` is a process of others, `place` a directory
        to mount on."""
        spool, state, mail = (str(self.ours.folder / place) for place in ('spool', 'state', 'mail'))
        unix = struct.pack('H', socket.AF_UNIX) + f'{spool}/public/queue'.encode() + b'\0'
        yield 'read a file of the system', ('openat', AT_FDCWD, '/usr/bin/env', os.O_RDONLY)
        if row.user != 'ekiden-router':    # which looks for the users in a file there that may be replaced
            yield 'read the configuration of the system', ('openat', AT_FDCWD, '/etc/hostname', os.O_RDONLY)
        yield 'read the shadow file', ('openat', AT_FDCWD, '/etc/shadow', os.O_RDONLY)
        yield 'write into a public place', ('openat', AT_FDCWD, CAPTURED_FILE, os.O_WRONLY | os.O_CREAT, 0o600)
        yield 'read the TLS key', ('openat', AT_FDCWD, f'{self.ours.folder}/etc/key.pem', os.O_RDONLY)
        if not row.files or row.files[0] != 'state':
            yield 'read the accounts', ('openat', AT_FDCWD, f'{state}/accounts.db', os.O_RDONLY)
        if 'spool' not in row.files:
            yield 'read the queue', ('openat', AT_FDCWD, f'{spool}/queue/queue.db', os.O_RDONLY)
        if 'mail' not in row.files:
            yield 'list the mailboxes', ('openat', AT_FDCWD, mail, os.O_RDONLY | os.O_DIRECTORY)
        if not row.network:
            yield 'make an IPv4 socket', ('socket', socket.AF_INET, socket.SOCK_STREAM, 0)
            yield 'make an IPv6 socket', ('socket', socket.AF_INET6, socket.SOCK_DGRAM, 0)
        yield 'make a raw socket', ('socket', socket.AF_INET, socket.SOCK_RAW, 1)
        yield 'make a packet socket', ('socket', 17, socket.SOCK_RAW, 3)
        yield 'connect to a socket of others', ('socket', socket.AF_UNIX, socket.SOCK_STREAM, 0), (
            'connect', PREVIOUS, unix, len(unix))
        yield 'trace a process of others', ('ptrace', SEIZE, victim, 0, 0)
        yield 'signal a process of others', ('kill', victim, 0)
        yield 'become root', ('setuid', 0)
        yield 'change the root', ('chroot', '/')
        yield 'mount', ('mount', 'none', place, 'tmpfs', 0, 0)
        yield 'make a namespace', ('unshare', 0x10000000)
        yield 'run a program', ('execve', '/bin/true', 0, 0)

    def attempt(self, captured, calls):
        """The answer of the last call, or of the first that failed."""
        answer = 0
        for call in calls:
            answer = captured.call(*[answer if argument is PREVIOUS else argument for argument in call])
            if failed(answer):
                break
        return answer

    def free_process(self):
        free = subprocess.Popen(['/usr/bin/cat'], stdin=subprocess.PIPE)
        self.addCleanup(free.communicate)
        waiting.until(lambda: '/cat' in os.readlink(f'/proc/{free.pid}/exe'), 'cat runs')
        return free

    def test_the_probe_itself_can(self):
        """In a process without a sandbox each of the calls succeeds: what fails below is refused by the sandbox."""
        free, victim = self.free_process(), self.free_process()
        place = self.ours.folder / 'mounted'
        place.mkdir()
        self.addCleanup(os.unlink, CAPTURED_FILE)
        tried = []
        for what, *calls in self.attempts(Row('root'), victim.pid, str(place)):
            with self.subTest(what), Inside(free.pid) as captured:
                answer = self.attempt(captured, calls)
                if what == 'mount' and not failed(answer):
                    self.addCleanup(subprocess.run, ['/usr/bin/umount', str(place)], check=True)
                self.assertFalse(failed(answer), describe(answer))
                tried.append(what)
        self.assertEqual(free.wait(10), 0, f'it became /bin/true after {tried}')

    def test_from_inside(self):
        def check(pid, name, row):
            got_through = []
            for what, *calls in self.attempts(row, self.master, '/'):
                with Inside(pid) as captured:
                    answer = self.attempt(captured, calls)
                if answer != KILLED and -answer not in BY_A_SANDBOX:
                    got_through.append(f'{what}: {describe(answer)}')
                if not captured.alive:
                    self.fail(f'{name}: "{what}" ended the process; a filter should refuse')
            self.assertEqual(got_through, [], name)
        self.each_worker(check)


if os.geteuid() == 0:
    main(Privileges)
main(OneUser, left_out='users of their own, empty roots, descriptors, and calls made from inside (the user cannot trace them)')
