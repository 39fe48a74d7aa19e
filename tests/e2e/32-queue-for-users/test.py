"""What users of the host may do with the queue: mailq and ekiqueue as nobody, authorized_mailq_users and
authorized_flush_users, what is said while the suite is down; beside Postfix's postqueue with the same settings. Then what
a user could do to the public socket itself."""

import contextlib
import fcntl
import os
import pathlib
import pwd
import re
import select
import socket
import stat
import struct
import subprocess
import time

import waiting
from house_test import HouseTest, main
from instance import Instance, scratch
from peers import Sink

NEVER = '6h'
NOBODY, DAEMON = pwd.getpwnam('nobody'), pwd.getpwnam('daemon')
EX_USAGE, EX_DATAERR, EX_UNAVAILABLE, EX_TEMPFAIL = 64, 65, 69, 75
SO_PASSRIGHTS = 83    # since Linux 6.16
LINGER = 60    # seconds
CONTENT = b'Subject: x\r\n\r\nx\r\n'
NO_ID = '4jXFtD3z74z1bY8Q'


def become(user):
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def as_user(user, argv):
    return subprocess.run(list(map(str, argv)), preexec_fn=lambda: become(user), capture_output=True, text=True,
                          timeout=60, cwd='/')


def as_nobody(argv, etc=None):
    """`etc`: what stands at /etc/postfix for it."""
    words = list(map(str, argv))
    if etc is None:
        return as_user(NOBODY, words)
    words = ['unshare', '-m', '--propagation', 'private', '/usr/bin/python3', '-c',
             'import os, subprocess, sys\n'
             'subprocess.run(["mount", "--bind", sys.argv[1], "/etc/postfix"], check=True)\n'
             f'os.setgroups([]); os.setgid({NOBODY.pw_gid}); os.setuid({NOBODY.pw_uid})\n'
             'os.execv(sys.argv[2], sys.argv[2:])', str(etc), *words]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, cwd='/')


class House(HouseTest):
    """An instance whose mail stays deferred and whose configuration everybody may read."""
    name = 'queue-for-users'

    @classmethod
    def prepare(cls):
        cls.sink = cls.use(Sink('127.0.0.8', decide=lambda recipient: '451 4.7.1 not now'))
        cls.ours = cls.use(Instance(cls.name, mynetworks='127.0.0.0/8', relayhost=f'[127.0.0.8]:{cls.sink.port}',
                                    minimal_backoff_time=NEVER, maximal_backoff_time=NEVER, queue_run_delay=NEVER))
        cls.etc = cls.ours.folder / 'etc'
        cls.etc.chmod(0o755)
        cls.bin = pathlib.Path(os.environ['EKIDEN_BIN'])
        cls.plain = (cls.etc / 'main.cf').read_text()

    def tool(self, *arguments, run=subprocess.run):
        argv = [self.bin / 'ekiqueue', '-c', self.etc, *arguments]
        if run is not subprocess.run:
            return run(argv)
        return subprocess.run(list(map(str, argv)), capture_output=True, text=True, timeout=60)

    def deferred(self, recipient='b@one.test'):
        with self.ours.smtp() as client:
            code, text = client.mail(self.ours.account(0)['address'], [recipient], CONTENT)
        self.assertEqual(code, 250, text)
        queue_id = re.search(r'queued as (\S+)', text).group(1)
        waiting.until(lambda: re.search(rf'(?m)^{queue_id} .*\n.*not now', self.tool('-p').stdout), f'{queue_id} is deferred')
        return queue_id

    def configure(self, extra):
        (self.etc / 'main.cf').write_text(self.plain + extra)
        self.ours.command('ekiden', 'reload')


class Busy(HouseTest):
    """A service that takes no connection: the tools do not wait for ever, and do not take it for one that is down."""

    def test_the_tools_say_so(self):
        binaries = pathlib.Path(os.environ['EKIDEN_BIN'])
        with scratch('queue-busy') as folder, contextlib.ExitStack() as stack:
            public = folder / 'spool' / 'public'
            public.mkdir(parents=True)
            (folder / 'main.cf').write_text(f'queue_directory = {folder}/spool\ndata_directory = {folder}\n')
            for name in ('queue', 'auth'):
                listener = stack.enter_context(socket.socket(socket.AF_UNIX))
                listener.bind(str(public / name))
                listener.listen(0)
                self.fill(stack, public / name)
            calls = {('ekiqueue', '-p'): ('queue', EX_TEMPFAIL), ('ekiqueue', '-f'): ('queue', EX_TEMPFAIL),
                     ('ekiden', 'flush'): ('queue', EX_TEMPFAIL),
                     ('ekisuper', '-r', NO_ID): ('queue', 1), ('ekicat', '-q', NO_ID): ('queue', 1),
                     ('ekiuser', 'list'): ('auth', EX_TEMPFAIL), ('ekipop', 'list'): ('auth', EX_TEMPFAIL)}
            running = [(words, stack.enter_context(subprocess.Popen(
                [binaries / words[0], '-c', folder, *words[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)))
                for words in calls]
            for words, process in running:
                said, _ = process.communicate(timeout=60)
                socket_name, status = calls[words]
                self.assertEqual(process.returncode, status, (words, said))
                self.assertIn(f'{public}/{socket_name} is busy: try again later', said, words)
                self.assertNotIn('down', said, words)

    @staticmethod
    def fill(stack, path):
        """Takes all places in the queue of that listener."""
        for _ in range(10):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.setblocking(False)
            if client.connect_ex(str(path)) != 0:
                return
        raise AssertionError(f'{path} has more than 10 places')


class Owner(House):
    name = 'queue-for-its-owner'

    def test_who_reaches_the_sockets(self):
        public = self.ours.folder / 'spool' / 'public'
        modes = {path.name: (stat.S_IMODE(path.stat().st_mode), path.stat().st_uid) for path in public.iterdir()}
        owner = os.geteuid()
        self.assertEqual(modes, {'master': (0o600, owner), 'auth': (0o600, owner), 'queue': (0o600, owner),
                                 'mailq': (0o666, owner)})

    def test_lists_are_not_for_the_owner(self):
        self.configure('authorized_mailq_users =\nauthorized_flush_users =\n')
        queue_id = self.deferred()
        for option in ('-p', '-f', '-i', '-s'):
            words = [option] + {'-i': [queue_id], '-s': ['one.test']}.get(option, [])
            done = self.tool(*words)
            self.assertEqual((done.returncode, done.stderr), (0, ''), words)

    def test_a_table_is_refused(self):
        for name in ('mailq', 'flush', 'submit'):
            (self.etc / 'main.cf').write_text(self.plain + f'authorized_{name}_users = alice, !static:x, unix:passwd.byname\n')
            done = subprocess.run([*self.ours.facts['commands']['ekiden'], 'check'], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 78)
            self.assertIn(f'in parameter authorized_{name}_users: "unix:passwd.byname" is a table', done.stderr)
        (self.etc / 'main.cf').write_text(self.plain)

    def test_sites(self):
        for site in ('one.test', '[192.0.2.1]', '[IPv6:2001:db8::1]', 'a@one.test'):
            self.assertEqual(self.tool('-s', site).returncode, 0, site)
        for site in ('bad domain', 'one.test,', '[192.0.2]', ''):
            done = self.tool('-s', site)
            self.assertIn(done.returncode, (EX_USAGE,) if not site else (EX_UNAVAILABLE,), site)
            self.assertTrue(not site or f'Cannot flush mail queue - invalid destination: "{site}"' in done.stderr, done.stderr)


class Users(House):
    def user(self, *arguments):
        return self.tool(*arguments, run=as_nobody)

    def setUp(self):
        self.tool('-d', 'ALL')
        self.configure('')

    def test_what_users_may(self):
        queue_id = self.deferred()
        for option in ('-p', '-j'):
            mine, roots = self.user(option), self.tool(option)
            self.assertEqual((mine.returncode, mine.stdout, mine.stderr), (0, roots.stdout, ''))
            self.assertIn(queue_id, mine.stdout)
        for words in (['-f'], ['-i', queue_id], ['-s', 'one.test'], ['-s', 'b@one.test']):
            before = len(re.findall('to=<b@one.test>.*status=deferred', self.ours.log()))
            self.assertEqual((self.user(*words).returncode, self.user('-p').returncode), (0, 0), words)
            waiting.until(lambda: len(re.findall('to=<b@one.test>.*status=deferred', self.ours.log())) > before,
                          f'{words}: it is tried')
        self.assertEqual(self.user('-i', NO_ID).returncode, EX_DATAERR)

    def test_what_users_may_not(self):
        queue_id = self.deferred()
        for option in ('-d', '-h', '-r', '-H'):
            for which in (queue_id, 'ALL', '@one.test'):
                done = self.user(option, which)
                self.assertEqual((done.returncode, done.stderr), (
                    EX_UNAVAILABLE, 'ekiqueue: fatal: use of this command is reserved for the superuser\n'))
        self.assertIn(queue_id, self.tool('-p').stdout)

    def test_a_long_queue_comes_whole(self):
        content = [f'r{number}@one.test' for number in range(120)]
        with self.ours.smtp() as client:
            for recipient in content:
                self.assertEqual(client.mail(self.ours.account(0)['address'], [recipient], CONTENT)[0], 250)
        waiting.until(lambda: '*' not in self.user('-p').stdout, 'each of them was tried')
        listing = self.user('-p').stdout
        self.assertEqual([name for name in content if f' {name}\n' not in listing], [])
        self.assertTrue(listing.endswith(' in 120 Requests.\n'), listing[-200:])
        self.assertEqual(self.listing_behind_a_pager(), listing)

    def listing_behind_a_pager(self):
        """What nobody's ekiqueue prints into a pipe that is read only when its connection has been ended meanwhile."""
        reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
        with subprocess.Popen([self.bin / 'ekiqueue', '-c', self.etc, '-p'], stdout=writing, cwd='/',
                              preexec_fn=lambda: become(NOBODY)) as process:
            os.close(writing)
            with open(reading, 'rb') as output:
                first = output.read(1)    # the first page, longer than the pipe, has come
                self.in_child(lambda: self.closed(self.connect()))    # who came later was silent for too long
                text = first + output.read()
            self.assertEqual(process.wait(60), 0)
        return text.decode()

    def test_beside_postfix(self):
        from postfix import Postfix
        with scratch('users-postfix') as folder:
            peer = Postfix(folder, 'peer.test', '127.0.0.8', port=2526)
            text = (peer.etc / 'main.cf').read_text()
            text = '\n'.join(line for line in text.split('\n') if not line.startswith('config_directory'))
            users = self.etc / 'users'
            users.write_text('root\n# nobody\n')
            other = self.etc / 'others'
            other.write_text('daemon, nobody\n')
            cases = ['', 'authorized_mailq_users = root, !nobody', 'authorized_mailq_users = nobody',
                     f'authorized_flush_users = {users}', f'authorized_flush_users = {other}',
                     f'authorized_flush_users = !{other}, static:anyone',
                     'authorized_flush_users = !nobody, static:anyone', 'authorized_mailq_users =\nauthorized_flush_users =',
                     'authorized_mailq_users = static:all']
            with peer:
                for case in cases:
                    (peer.etc / 'main.cf').write_text(text + case + '\n')
                    self.configure(case + '\n')
                    for words in (['-p'], ['-j'], ['-f'], ['-s', 'bad domain'], ['-p', '-f'], ['-i']):
                        self.compare(peer, case, words)
            self.configure('')
            self.ours.down()
            try:
                for words in (['-p'], ['-j'], ['-f']):
                    self.compare(peer, 'down', words)
                root = self.tool('-p')
                theirs = subprocess.run(['/usr/sbin/postqueue', '-c', str(peer.etc), '-p'], capture_output=True, text=True,
                                        timeout=60)
                self.assertEqual(self.same(root), self.same(theirs))
            finally:
                self.ours.up()
                self.etc.chmod(0o755)

    def compare(self, peer, case, words):
        theirs = as_nobody(['/usr/sbin/postqueue', *words], etc=peer.etc)
        ours = self.user(*words)
        if 'usage' in theirs.stderr:    # the one text and status that differ: ours has further options
            self.assertEqual((ours.returncode, 'usage: ekiqueue' in ours.stderr), (EX_USAGE, True))
        else:
            self.assertEqual(self.same(ours), self.same(theirs), (case, words))

    @staticmethod
    def same(done):
        text = re.sub(r'(?m)^(?:ekiqueue|postqueue): ', 'TOOL: ', done.stderr)
        return done.returncode, done.stdout, re.sub(r'\([Cc]onnect .*\)', '(why)', text)

    # --- the socket ---
    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(30)
        client.connect(str(self.ours.folder / 'spool' / 'public' / 'mailq'))
        return client

    def in_child(self, work, meanwhile=None):
        """work() as nobody in a process of its own; what it returns must be true. With `meanwhile` it is work(say, wait):
        between what it says and the end of its waiting, meanwhile() runs here."""
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            try:
                ours.close()
                theirs.settimeout(60)
                become(NOBODY)
                done = work(lambda: theirs.send(b'x'), lambda: theirs.recv(1)) if meanwhile else work()
                os._exit(0 if done else 1)
            except BaseException as failure:
                print(repr(failure), flush=True)
                os._exit(2)
        theirs.close()
        with ours:
            ours.settimeout(60)
            if meanwhile and ours.recv(1):
                meanwhile()
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)

    @staticmethod
    def closed(client):
        try:
            return client.recv(1) == b''
        except ConnectionResetError:
            return True

    @staticmethod
    def frame(length):
        return struct.pack('<IIIBB', length, 1, 1, 1, 0) + b'x' * min(length, 100)

    def test_rubbish_and_other_messages_end_the_connection(self):
        def work():
            # Not a frame, one that is too large, and one of a message that users may not send.
            for octets in (b'\xff' * 100, self.frame(1 << 20), self.frame(10)):
                client = self.connect()
                client.sendall(octets)
                if not self.closed(client):
                    return False
            return True
        self.in_child(work)
        self.assertEqual(self.user('-p').returncode, 0)

    def test_a_user_has_four_connections_and_others_have_theirs(self):
        queue_id = self.deferred()
        seen = []
        def others():
            nobodys = self.user('-p')
            seen.extend([self.tool('-p', run=lambda argv: as_user(DAEMON, argv)), self.tool('-p')])
            self.assertNotEqual(nobodys.returncode, 0)
        def work(say, wait):
            held = [self.connect() for _ in range(4)]
            if not self.closed(self.connect()):
                return False
            say()
            wait()
            return not select.select(held, [], [], 0)[0]    # none was ended meanwhile
        self.in_child(work, meanwhile=others)
        for done in seen:
            self.assertEqual((done.returncode, done.stderr), (0, ''))
            self.assertIn(queue_id, done.stdout)
        self.assertEqual(len(seen), 2)
        waiting.until(lambda: self.user('-p').returncode == 0, 'its place is free again')

    def test_the_others_sockets_are_not_reached_by_users(self):
        def work():
            for name in ('queue', 'auth', 'master'):
                with socket.socket(socket.AF_UNIX) as client:
                    client.settimeout(30)
                    try:
                        client.connect(str(self.ours.folder / 'spool' / 'public' / name))
                    except PermissionError:
                        continue
                    return False
            return True
        self.in_child(work)

    # --- descriptors, whose closing may take as long as their sender chose ---
    def send_descriptor(self, fd):
        """Nobody's: to pass it on is refused (True), or ends the connection (False)."""
        client = self.connect()
        try:
            socket.send_fds(client, [b'x'], [fd])
        except PermissionError:
            return True
        if not self.closed(client):
            raise AssertionError('a descriptor was taken')
        return False

    def test_descriptors_are_not_taken(self):
        def work():
            with open('/dev/null') as file:
                self.send_descriptor(file.fileno())
            return True
        self.in_child(work)
        self.assertEqual(self.user('-p').returncode, 0)

    def test_a_descriptor_whose_close_blocks_holds_nothing_up(self):
        if not self.kernel_refuses_descriptors():
            print('left out, for this kernel has no SO_PASSRIGHTS: a descriptor whose close blocks', flush=True)
            return
        with socket.create_server(('127.0.0.1', 0)) as server:
            def work():
                lingering = socket.create_connection(server.getsockname())
                lingering.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    while True:
                        lingering.send(b'x' * 65536)
                lingering.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, LINGER))
                with self.connect() as client:
                    try:
                        socket.send_fds(client, [b'x'], [lingering.fileno()])
                    except PermissionError:    # it is still ours: close it at once
                        lingering.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                    lingering.close()    # its last reference is on its way
                return True
            self.in_child(work)
            begun = time.monotonic()
            self.assertEqual(self.user('-p').returncode, 0)
            self.assertLess(time.monotonic() - begun, LINGER / 3)

    @staticmethod
    def kernel_refuses_descriptors():
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.setsockopt(socket.SOL_SOCKET, SO_PASSRIGHTS, 0)
            except OSError:
                return False
        return True


main(Busy, Owner, for_root=(Users,), left_out='what users may do with a queue that is not theirs')
