"""`ekiden start-fg` as a container runs it: the first process of a namespace of process ids, with its log on standard
output. It serves, takes over orphans, ends with everything on SIGTERM, and commands from outside see that it is not
theirs to signal."""

import fcntl
import os
import pathlib
import signal
import subprocess
import threading

import waiting
from house_test import HouseTest, main
from instance import Instance

EX_UNAVAILABLE, EX_CONFIG = 69, 78
ROOT = os.geteuid() == 0
# An ordinary user makes namespaces in a user namespace, and stays who they are in it.
NAMESPACE = ['unshare', *([] if ROOT else ['--user', '--map-current-user']), '--pid', '--fork', '--kill-child', '--mount-proc']


def stat_of(pid):
    """(state, parent) or None."""
    try:
        fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], int(fields[1])


def pids():
    return [int(name) for name in os.listdir('/proc') if name.isdigit()]


def children_of(parent):
    return [pid for pid in pids() if (stat_of(pid) or ('', 0))[1] == parent]


def name_of(pid):
    try:
        return pathlib.Path(f'/proc/{pid}/comm').read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ''


class Foreground(HouseTest):
    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('foreground'))
        cls.ours.down()
        cls.etc = cls.ours.folder / 'etc'
        main_cf = cls.etc / 'main.cf'
        main_cf.write_text(main_cf.read_text() + 'maillog_file = /dev/stdout\n')
        cls.bin = pathlib.Path(os.environ['EKIDEN_BIN'])
        cls.command = [str(cls.bin / 'ekiden'), '-c', str(cls.etc)]

    def setUp(self):
        self.output = []

    def start(self, argv, namespace=True):
        """The process that runs argv, and the host's number of the first process in the namespace."""
        child = subprocess.Popen([*(NAMESPACE if namespace else []), *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 text=True, start_new_session=True)
        reader = threading.Thread(target=lambda: self.output.extend(child.stdout), daemon=True)
        reader.start()
        self.addCleanup(self.end, child, reader)
        if not namespace:
            return child, child.pid
        return child, waiting.until(lambda: children_of(child.pid), f'{argv} begins: {self.output}')[0]

    @staticmethod
    def end(child, reader):
        child.kill()
        child.wait(30)
        reader.join(30)
        child.stdout.close()

    def said(self):
        return ''.join(list(self.output))

    def wait_until_serving(self):
        waiting.until(lambda: 'daemon started' in self.said() and self.ours.serves(), f'it serves: {self.said()}')

    def stop(self, child, first, number=signal.SIGTERM):
        family = [first, *children_of(first)]
        os.kill(first, number)
        self.assertEqual(child.wait(60), 0, self.said())
        waiting.until(lambda: not [pid for pid in family if stat_of(pid)], 'every process is gone')
        waiting.until(lambda: 'stopped: every process has ended' in self.said(), f'it says so: {self.said()}')
        self.assertNotIn('did not stop in time', self.said())

    def test_first_process(self):
        go = self.ours.folder / 'go'
        # A shell leaves an orphan behind and becomes ekiden: the orphan's parent is then the first process.
        os.mkfifo(go)
        orphan = f'read word < {go}'
        script = f'(sh -c "{orphan}" orphan &) ; exec "$@"'
        child, first = self.start(['sh', '-c', script, 'sh', *self.command, 'start-fg'])
        self.wait_until_serving()
        self.assertEqual(name_of(first), 'master')
        inside = next(line for line in pathlib.Path(f'/proc/{first}/status').read_text().split('\n') if line.startswith('NSpid'))
        self.assertEqual(inside.split()[-1], '1')
        strangers = [pid for pid in children_of(first) if name_of(pid) == 'sh']
        self.assertEqual(len(strangers), 1, [name_of(pid) for pid in children_of(first)])
        go.write_text('go\n')
        waiting.until(lambda: not stat_of(strangers[0]), 'the orphan ends and is reaped')
        self.assertEqual([pid for pid in children_of(first) if stat_of(pid)[0] == 'Z'], [])
        self.assertIn('ekiden/smtpd[', self.said())
        self.ours.assert_serves()
        self.stop(child, first)

    def test_commands_from_outside(self):
        child, first = self.start([*self.command, 'start-fg'])
        self.wait_until_serving()
        status = subprocess.run([*self.command, 'status'], capture_output=True, text=True, timeout=60)
        self.assertIn('master pid 1,', status.stdout)
        # Seen from here its number is another one; process 1 of this host is left alone.
        done = subprocess.run([*self.command, 'stop'], capture_output=True, text=True, timeout=90)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertEqual(child.wait(60), 0)
        self.assertIn('terminating on signal 15', self.said())

    def test_commands_from_another_container(self):
        child, first = self.start([*self.command, 'start-fg'])
        self.wait_until_serving()
        for command in ('stop', 'abort'):
            done = subprocess.run([*NAMESPACE, *self.command, command], capture_output=True, text=True, timeout=90)
            self.assertEqual(done.returncode, EX_UNAVAILABLE, done.stderr)
            self.assertIn('cannot be seen from here', done.stderr)
        self.ours.assert_serves()
        self.stop(child, first, signal.SIGINT)

    def test_a_signal_that_comes_at_once(self):
        """Before master has its handlers: it is not lost. In master's place stands what becomes master when it is told."""
        programs, go = self.ours.folder / 'programs', self.ours.folder / 'go-on'
        programs.mkdir()
        os.mkfifo(go)
        for program in self.bin.iterdir():
            (programs / program.name).symlink_to(program)
        (programs / 'master').unlink()
        (programs / 'master').write_text(f'#!/usr/bin/python3 -IS\nimport os\nimport sys\nopen({str(go)!r}).read()\n'
                                         f'os.execv({str(self.bin / "master")!r}, sys.argv)\n')
        (programs / 'master').chmod(0o755)
        before = (self.etc / 'main.cf').read_text()
        self.addCleanup((self.etc / 'main.cf').write_text, before)
        (self.etc / 'main.cf').write_text(before + f'daemon_directory = {programs}\n')
        child, first = self.start([*self.command, 'start-fg'])
        waiting.until(lambda: self.holds(first), f'it holds signals back: {self.said()}')
        os.kill(first, signal.SIGTERM)
        go.write_text('')
        self.assertEqual(child.wait(60), 0, self.said())
        self.assertIn('terminating on signal 15', self.said())

    @staticmethod
    def holds(pid):
        """That program waits, and SIGTERM with it."""
        status = dict(line.split(':\t', 1) for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines())
        return status['Name'] == 'master' and int(status['SigBlk'], 16) >> signal.SIGTERM - 1 & 1

    def test_without_a_namespace(self):
        child, first = self.start([*self.command, 'start-fg'], namespace=False)
        self.wait_until_serving()
        self.stop(child, first)

    def test_a_reader_who_is_behind(self):
        """The log waits for them, the loop of the logger does not, and no line is lost."""
        for blocking in (True, False):
            with self.subTest(blocking=blocking):
                self.output = []
                self.serve_an_unread_pipe(blocking)

    def serve_an_unread_pipe(self, blocking):
        unread, written = os.pipe()
        fcntl.fcntl(written, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(written, blocking)
        child = subprocess.Popen([*self.command, 'start-fg'], stdout=written, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(written)
        source = os.fdopen(unread)
        reader = threading.Thread(target=lambda: self.output.extend(source), daemon=True)
        try:
            waiting.until(self.ours.serves, 'it serves')
            account = self.ours.account(0)['address']
            senders = [f'behind{number}.{blocking}@example.test' for number in range(60)]
            with self.ours.smtp() as client:
                for sender in senders:
                    self.assertEqual(client.mail(sender, [account], b'Subject: x\r\n\r\nx\r\n')[0], 250)
            status = subprocess.run([*self.command, 'status'], capture_output=True, text=True, timeout=60)
            self.assertRegex(status.stdout, r'logger .*lines_lost[ =]0\b')
            reader.start()
            for sender in senders:
                waiting.until(lambda wanted=f'from=<{sender}>': wanted in self.said(), f'{sender} is in the log')
            self.stop(child, child.pid)
            self.assertNotIn('lines were dropped', self.said())
            for line in list(self.output):
                self.assertRegex(line, r'^\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ ekiden/\S+\[\d+\]: [^\n]*\n$')
        finally:
            child.kill()
            child.wait(30)
            if reader.ident:
                reader.join(30)
            source.close()

    def test_a_broken_configuration(self):
        main_cf = self.etc / 'main.cf'
        before = main_cf.read_text()
        main_cf.write_text(before + 'smtpd_banner = $\n nosuch_parameter = x\nhung_timeout = soon\n')
        try:
            child, _ = self.start([*self.command, 'start-fg'], namespace=False)
            self.assertEqual(child.wait(60), EX_CONFIG)
            waiting.until(lambda: 'hung_timeout' in self.said(), self.said())
        finally:
            main_cf.write_text(before)

    def test_in_the_background_there_is_no_standard_output(self):
        done = subprocess.run([*self.command, 'start'], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, EX_CONFIG)
        self.assertIn('maillog_file = /dev/stdout is for ekiden start-fg', done.stderr)
        done = subprocess.run([*self.command, 'logrotate'], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 66)


def may_make_namespaces():
    return subprocess.run([*NAMESPACE, 'true'], capture_output=True, timeout=60).returncode == 0


main(Foreground, **({} if may_make_namespaces() else {'root_only': 'namespaces of processes; this kernel gives users none'}))
