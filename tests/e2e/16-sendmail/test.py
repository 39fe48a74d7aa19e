"""sendmail, ekidrop and pickup: mail from programs of this host, also while nothing runs; what may stand in maildrop; and
what an ordinary user may do with the setgid ekidrop."""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import threading
import time

import waiting
from house_test import HouseTest, main
from instance import Instance, scratch

ALICE = 'alice@example.test'
BOB = 'bob@example.test'
FATAL = 75    # what Postfix's sendmail ends with, whatever was wrong


class Host(HouseTest):
    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('sendmail'))

    @property
    def maildrop(self):
        return self.ours.folder / 'spool' / 'maildrop'

    def binary(self, name):
        return f'{self.ours.facts["paths"]["bin"]}/{name}'

    def sendmail(self, *arguments, text='Subject: x\n\nx\n', name='sendmail', env=None):
        argv = [self.binary(name), '-C', f'{self.ours.folder}/etc', *arguments]
        content = text if isinstance(text, bytes) else text.encode()
        return subprocess.run(argv, input=content, capture_output=True, timeout=60,
                              env={**os.environ, **(env or {})})

    def hand_in(self, *arguments, **how):
        done = self.sendmail(*arguments, **how)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b'', b''), arguments)

    def subjects(self, address):
        return [line for content in self.ours.messages(address) for line in content.split(b'\n\n')[0].split(b'\n')
                if line.startswith(b'Subject: ')]

    def message(self, subject, address=ALICE):
        """The one message with that subject, once it is there."""
        line = b'Subject: ' + subject.encode()
        waiting.until(lambda: line in self.subjects(address), f'{subject} arrives')
        found = [content for content in self.ours.messages(address) if line in content.split(b'\n')]
        self.assertEqual(len(found), 1, f'{subject} is there once')
        return found[0]

    def dropped(self):
        return sorted(name for name in os.listdir(self.maildrop) if name.startswith('d.'))


class Programs(Host):
    def test_what_cron_sends(self):
        self.hand_in('-FCronDaemon', '-i', '-odi', '-oem', '-oi', '-t', '-f', 'root', text=(
            'From: root (Cron Daemon)\nTo: alice\nSubject: Cron <root@host> test\nAuto-Submitted: auto-generated\n'
            'X-Cron-Env: <SHELL=/bin/sh>\n\noutput\n.\nmore\n'))
        message = self.message('Cron <root@host> test')
        self.assertIn(b'\nFrom: root@example.test (Cron Daemon)\nTo: alice@example.test\n', message)
        self.assertTrue(message.endswith(b'\n\noutput\n.\nmore\n'))
        self.assertIn(b'Return-Path: <root@example.test>\n', message)
        self.assertIn(f'\nReceived: by mail.example.test (Ekiden, from userid {os.getuid()})\n\tid '.encode(), message)
        self.assertRegex(message, rb'\nMessage-Id: <\d{14}\.\w+@mail\.example\.test>\n')
        self.assertIn(b'\nDate: ', message)

    def test_what_php_sends(self):
        self.hand_in('-t', '-i', '-f', 'www@example.test', text=(
            'To: alice@example.test\r\nSubject: from php\r\nFrom: Shop <shop@example.test>\r\nBcc: bob@example.test\r\n'
            '\r\nHello\r\n'))
        message = self.message('from php')
        self.assertTrue(message.endswith(b'\n\nHello\n'))
        self.assertIn(b'\nFrom: Shop <shop@example.test>\n', message)
        self.assertNotIn(b'\r', message)
        for address in (ALICE, BOB):
            self.assertNotIn(b'Bcc', self.message('from php', address))

    def test_names_and_senders(self):
        self.hand_in('-F', 'Mr. "X"', 'alice', text='Subject: named\n\nx\n')
        user = pwd.getpwuid(os.getuid()).pw_name
        self.assertIn(f'\nFrom: "Mr. \\"X\\"" <{user}@example.test>\n'.encode(), self.message('named'))
        self.hand_in('alice', text='Subject: by environment\n\nx\n', env={'NAME': 'Env Name'})
        self.assertIn(f'\nFrom: Env Name <{user}@example.test>\n'.encode(), self.message('by environment'))
        self.hand_in('-f', '<>', 'alice', text='Subject: nobody\n\nx\n')
        message = self.message('nobody')
        self.assertIn(b'Return-Path: <>\n', message)
        self.assertIn(b'\nFrom: Mail Delivery System <MAILER-DAEMON@example.test>\n', message)
        self.hand_in('-G', 'alice', text='Subject: gateway\nTo: alice\n\nx\n')
        message = self.message('gateway')
        self.assertIn(b'\nTo: alice\n\nx\n', message)

    def test_one_sender_a_recipient(self):
        self.hand_in('-XV', '-f', 'list@example.test', 'alice', 'bob', text='Subject: verp\n\nx\n')
        self.assertIn(b'Return-Path: <list+alice=example.test@example.test>\n', self.message('verp'))
        self.assertIn(b'Return-Path: <list+bob=example.test@example.test>\n', self.message('verp', BOB))

    def test_within_a_second(self):
        for number in range(5):
            self.hand_in('alice', text=f'Subject: quick {number}\n\nx\n')
            waiting.until(lambda: not self.dropped(), 'pickup takes it', seconds=1, pause=0.005)
            self.message(f'quick {number}')

    def test_any_octets_come_through(self):
        body = bytes(c for c in range(1, 256) if c not in b'\r\n') + b'\n' + b'l' * 100_000 + b'\n'
        self.hand_in('-i', 'alice', text=b'Subject: octets\n\n' + body)
        self.assertTrue(self.message('octets').endswith(b'\n\n' + body))
        large = b'0123456789abcdef' * 4 + b'\n'
        self.hand_in('alice', text=b'Subject: large\n\n' + large * 30_000)
        self.assertTrue(self.message('large').endswith(b'\n\n' + large * 30_000))
        self.hand_in('alice', text='no header at all\n')
        waiting.until(lambda: any(content.endswith(b'\n\nno header at all\n')
                                  for content in self.ours.messages(ALICE)), 'the body arrives')
        self.hand_in('alice', text='Subject: no body')
        self.message('no body')

    def test_what_is_refused(self):
        user = pwd.getpwuid(os.getuid()).pw_name
        for arguments, text in [
                ((), 'Recipient addresses must be specified on the command line or via the -t option'),
                (('-t',), 'No recipient addresses found in message header')]:
            done = self.sendmail(*arguments)
            self.assertEqual((done.returncode, done.stderr.decode()),
                             (FATAL, f'sendmail: fatal: {user}({os.getuid()}): {text}\n'))
        done = self.sendmail('alice', text=b'x' * 11_000_000)
        self.assertEqual((done.returncode, done.stderr.decode()),
                         (FATAL, f'sendmail: fatal: {user}({os.getuid()}): message file too big\n'))
        self.assertEqual(os.listdir(self.maildrop), [])

    def test_the_queue_by_name(self):
        done = self.sendmail(name='mailq')
        self.assertEqual((done.returncode, done.stdout), (0, b'Mail queue is empty\n'))
        self.assertEqual(self.sendmail('-bp').stdout, b'Mail queue is empty\n')
        self.assertEqual(self.sendmail('-q').returncode, 0)
        self.assertEqual(self.sendmail('-qRexample.net').returncode, 0)
        self.assertEqual(self.sendmail(name='newaliases').returncode, 0)

    def test_smtp_on_standard_input(self):
        large = b'z' * 70 + b'\r\n'
        talk = (b'EHLO x\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<alice>\r\nDATA\r\nSubject: by smtp\r\n\r\n..x\r\n.\r\n'
                b'MAIL FROM:<>\r\nRCPT TO:<alice@example.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n'
                b'Subject: large by smtp\r\n\r\n' + large * 20_000 + b'.\r\nNONSENSE\r\nQUIT\r\n')
        argv = [self.binary('sendmail'), '-C', f'{self.ours.folder}/etc', '-bs']
        with scratch('smtp') as folder:
            (folder / 'talk').write_bytes(talk)
            with open(folder / 'talk', 'rb') as file:    # a file as well as a pipe
                done = subprocess.run(argv, stdin=file, capture_output=True, timeout=60)
        replies = [line for line in done.stdout.decode().split('\r\n') if line[3:4] == ' ']
        self.assertEqual([line.split()[0] for line in replies],
                         ['220', '250', '250', '250', '354', '250', '250', '250', '250', '354', '250', '500', '221'])
        self.assertEqual((done.returncode, done.stderr), (0, b''))
        message = self.message('by smtp')
        self.assertIn(b'Return-Path: <a@example.net>\n', message)
        self.assertTrue(message.endswith(b'\n\n.x\n'))
        self.assertEqual(message.count(b'\nReceived: '), 1, 'that of pickup alone')
        for address in (ALICE, BOB):
            self.assertTrue(self.message('large by smtp', address).endswith(large.replace(b'\r', b'') * 20_000))
        done = self.sendmail('-bs', text=b'MAIL FROM:<>\r\nRCPT TO:<alice>\r\nDATA\r\nSubject: cut\r\n\r\nx\r\n')
        self.assertEqual(done.returncode, 0)
        self.assertEqual(os.listdir(self.maildrop), [], 'what was cut short is not sent')

    def test_nobody_else_may_submit(self):
        user = pwd.getpwuid(os.getuid()).pw_name
        main_cf = self.ours.folder / 'etc' / 'main.cf'
        before = main_cf.read_text()
        main_cf.write_text(before + f'authorized_submit_users = !{user}, static:all\n')
        try:
            done = self.sendmail('alice')
            text = f'User {user}({os.getuid()}) is not allowed to submit mail'
            self.assertEqual((done.returncode, done.stderr.decode()), (FATAL, f'sendmail: fatal: {text}\n'))
            done = subprocess.run([self.binary('ekidrop')], input=b'', capture_output=True, timeout=60,
                                  env={'MAIL_CONFIG': f'{self.ours.folder}/etc'})
            self.assertEqual((done.returncode, done.stdout.decode()), (77, text + '\n'))
        finally:
            main_cf.write_text(before)


class Restarts(Host):
    def test_while_nothing_runs(self):
        self.ours.down()
        self.hand_in('alice', text='Subject: stopped\n\nx\n')
        self.assertEqual(len(self.dropped()), 1)
        self.ours.up()
        self.message('stopped')
        self.assertEqual(self.dropped(), [])

    def test_during_a_restart(self):
        failures, stop, sent = [], threading.Event(), []

        def send():
            while not stop.is_set():
                done = self.sendmail('alice', text=f'Subject: restart {len(sent)}\n\nx\n')
                sent.append(done.returncode)
                if done.returncode:
                    failures.append(done.stderr)

        thread = threading.Thread(target=send)
        thread.start()
        try:
            for _ in range(2):
                self.ours.restart()
        finally:
            stop.set()
            thread.join()
        self.assertEqual(failures, [])
        for number in range(len(sent)):
            self.message(f'restart {number}')

    def test_pickup_and_manager_are_killed(self):
        """With 0 the mail is there, once, whoever dies meanwhile."""
        count, killed = 150, 0
        for number in range(count):
            self.hand_in('alice', text=f'Subject: killed {number}\n\nx\n')
            if number % 5 == 0:
                for pid in self.ours.pids('manager' if number % 15 == 0 else 'pickup'):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                        killed += 1
        self.assertGreater(killed, 5)
        wanted = sorted(f'Subject: killed {number}'.encode() for number in range(count))

        def arrived():
            return sorted(line for line in self.subjects(ALICE) if line.startswith(b'Subject: killed '))
        waiting.until(lambda: len(set(arrived())) >= count, 'everything arrives', seconds=120)
        waiting.until(lambda: not self.dropped(), 'maildrop is empty')
        waiting.until(self.ours.queue_is_empty, 'the queue is empty')
        self.assertEqual(arrived(), wanted)


class Maildrop(Host):
    def setUp(self):
        self.corrupt = self.ours.folder / 'spool' / 'corrupt'
        folder = self.maildrop.stat()
        self.group = folder.st_gid

    def put(self, name, content=b'', group=None, mode=0o604):
        """As ekidrop would, but for what is wrong with it."""
        path = self.maildrop / f't.{name}'
        path.write_bytes(content)
        os.chown(path, -1, self.group if group is None else group)
        path.chmod(mode)
        path.rename(self.maildrop / name)

    def set_aside(self, name):
        waiting.until(lambda: (self.corrupt / name).exists() or (self.corrupt / name).is_symlink(), f'{name} is set aside')
        self.assertFalse(os.path.lexists(self.maildrop / name))
        waiting.until(lambda: f'maildrop file {name}: ' in self.ours.log(), f'the log names {name}')

    def removed(self, name):
        waiting.until(lambda: not os.path.lexists(self.maildrop / name), f'{name} is removed')
        self.assertFalse(os.path.lexists(self.corrupt / name))

    def tearDown(self):
        pids = self.ours.pids('pickup')
        self.hand_in('alice', text=f'Subject: after {self.id()}\n\nx\n')
        self.message(f'after {self.id()}')
        self.assertEqual(self.ours.pids('pickup'), pids, 'pickup lives')

    GOOD = b'EKIDEN-DROP 1\ns4:root\nr20:0 alice@example.test\nc15:Subject: made\n\n\nz4:1 15\n'


class Crafted(Maildrop):
    def test_a_file_by_hand_is_taken(self):
        self.put('d.good', self.GOOD)
        self.message('made')

    def test_what_is_broken_is_set_aside(self):
        content = self.GOOD
        for number, broken in enumerate([b'', b'\n', content[:-1], content[:40], content + b'x', b'\0' * 5000,
                                         content.replace(b'c15', b'c99999'), content.replace(b'r20', b'r9999'),
                                         content.replace(b'alice@', b'al\nce@'), content.replace(b'z4:1', b'z4:2'),
                                         content.replace(b'DROP 1', b'DROP 2')]):
            self.put(f'd.broken.{number}', broken)
            self.set_aside(f'd.broken.{number}')
        self.put('what is this', content)
        self.set_aside('what is this')

    def test_what_is_no_file_goes(self):
        target = self.ours.folder / 'target'
        target.write_bytes(self.GOOD)
        before = target.stat()
        os.symlink(target, self.maildrop / 'd.link')
        os.mkfifo(self.maildrop / 'd.fifo')
        os.link(target, self.maildrop / 'd.hard')
        # Links and pipes do not wake pickup; the round that comes by itself finds them.
        self.removed('d.link')
        self.removed('d.fifo')
        self.set_aside('d.hard')
        self.assertEqual(target.read_bytes(), self.GOOD)
        self.assertEqual(target.stat().st_uid, before.st_uid)
        os.mkdir(self.maildrop / 'd.directory')
        waiting.until(lambda: 'maildrop file d.directory: ' in self.ours.log(), 'the log names it')

    def test_a_huge_file(self):
        path = self.maildrop / 't.huge'
        with open(path, 'wb') as file:
            file.write(self.GOOD[:-10])
            file.truncate(20 << 30)
        os.chown(path, -1, self.group)
        path.chmod(0o604)
        path.rename(self.maildrop / 'd.huge')
        self.set_aside('d.huge')
        (self.corrupt / 'd.huge').unlink()

    def test_what_is_being_written_is_left(self):
        fresh, stale = self.maildrop / 't.fresh', self.maildrop / 't.stale'
        fresh.write_bytes(b'EKIDEN-DROP 1\n')
        stale.write_bytes(b'EKIDEN-DROP 1\n')
        os.utime(stale, (time.time() - 90_000,) * 2)
        waiting.until(lambda: not stale.exists(), 'what nobody finished goes')
        self.assertTrue(fresh.exists())

    def test_others_may_write_to_it(self):
        self.put('d.open', self.GOOD, mode=0o666)
        self.set_aside('d.open')


class WrongOwner(Maildrop):
    """What did not come by way of ekidrop."""

    def test_of_another_group(self):
        self.put('d.group', self.GOOD, group=0)
        self.set_aside('d.group')


class OrdinaryUser(HouseTest):
    """A setgid ekidrop, with the configuration where it belongs: in a mount namespace whose /etc has our /etc/ekiden."""

    @classmethod
    def prepare(cls):
        folder = cls.use(scratch('sendmail-etc'))
        cls.commands, cls.etc = folder / 'bin', folder / 'etc'
        built = pathlib.Path(os.environ['EKIDEN_BIN'])
        cls.commands.mkdir()
        for path in built.iterdir():
            if path.name == 'ekidrop':
                shutil.copy(path, cls.commands / 'ekidrop')
            elif path.is_file():
                (cls.commands / path.name).symlink_to(path.resolve())
        shutil.chown(cls.commands / 'ekidrop', 'root', 'ekidrop')
        (cls.commands / 'ekidrop').chmod(0o2755)
        cls.ours = cls.use(Instance('sendmail-user', command_directory=cls.commands))
        shutil.copytree('/etc', cls.etc, symlinks=True, ignore_dangling_symlinks=True)
        cls.etc.chmod(0o755)
        shutil.copytree(cls.ours.folder / 'etc', cls.etc / 'ekiden')
        (cls.etc / 'ekiden').chmod(0o755)

    def as_nobody(self, *argv, text='Subject: x\n\nx\n', **env):
        nobody = pwd.getpwnam('nobody')
        words = ['unshare', '-m', '--propagation', 'private', '/usr/bin/python3', '-c',
                 'import os, subprocess, sys\n'
                 'subprocess.run(["mount", "--bind", sys.argv[1], "/etc"], check=True)\n'
                 f'os.setgroups([]); os.setgid({nobody.pw_gid}); os.setuid({nobody.pw_uid})\n'
                 'os.execv(sys.argv[2], sys.argv[2:])', str(self.etc), *map(str, argv)]
        return subprocess.run(words, input=text, capture_output=True, text=True, timeout=60,
                              env={'PATH': os.environ['PATH'], **env})

    def subjects(self):
        return b''.join(self.ours.messages(ALICE))

    def test_mail_comes_from_its_user(self):
        done = self.as_nobody(self.commands / 'sendmail', 'alice', text='Subject: by nobody\n\nx\n')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        waiting.until(lambda: b'Subject: by nobody' in self.subjects(), 'it arrives')
        self.assertIn(b'(Ekiden, from userid %d)' % pwd.getpwnam('nobody').pw_uid, self.subjects())
        self.assertIn(b'Return-Path: <nobody@example.test>', self.subjects())

    def test_smtp_on_standard_input(self):
        talk = 'HELO x\nMAIL FROM:<>\nRCPT TO:<alice>\nDATA\nSubject: typed by nobody\n\nx\n.\nQUIT\n'
        done = self.as_nobody(self.commands / 'sendmail', '-bs', text=talk)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertIn('\n221 ', done.stdout)
        waiting.until(lambda: b'Subject: typed by nobody' in self.subjects(), 'it arrives')

    def test_the_directory_is_closed(self):
        maildrop = self.ours.folder / 'spool' / 'maildrop'
        self.assertNotEqual(self.as_nobody('/bin/ls', maildrop).returncode, 0)
        self.assertNotEqual(self.as_nobody('/bin/touch', maildrop / 'd.mine').returncode, 0)
        # Nor by a copy that has no rights.
        other = self.commands / 'plain'
        shutil.copy(self.commands / 'ekidrop', other)
        other.chmod(0o755)
        done = self.as_nobody(other, text=Maildrop.GOOD.decode())
        self.assertEqual(done.returncode, FATAL, done.stdout)
        self.assertIn('Permission denied', done.stdout)

    def test_no_configuration_of_their_own(self):
        own = self.etc.parent / 'own'
        shutil.copytree(self.etc / 'ekiden', own)
        own.chmod(0o755)
        for arguments, env in [(('-C', own), {}), ((), {'MAIL_CONFIG': str(own)})]:
            done = self.as_nobody(self.commands / 'sendmail', *arguments, 'alice', **env)
            self.assertEqual(done.returncode, FATAL)
            self.assertIn(f'untrusted configuration directory name: {own}', done.stderr)
        main_cf = self.etc / 'ekiden' / 'main.cf'
        before = main_cf.read_text()
        main_cf.write_text(before + f'alternate_config_directories = {own}\n')
        done = self.as_nobody(self.commands / 'sendmail', '-C', own, 'alice', text='Subject: allowed\n\nx\n')
        main_cf.write_text(before)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        waiting.until(lambda: b'Subject: allowed' in self.subjects(), 'it arrives')

    def test_mailq(self):
        done = self.as_nobody(self.commands / 'mailq')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertTrue(done.stdout.endswith(('Mail queue is empty\n', ' Request.\n', ' Requests.\n')), done.stdout)
        done = self.as_nobody(self.commands / 'sendmail', '-q')
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, '', ''))


main(Programs, Restarts, Crafted, for_root=(WrongOwner, OrdinaryUser),
     left_out='files of another group in maildrop, and what an ordinary user may do with a setgid ekidrop')
