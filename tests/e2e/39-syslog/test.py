"""The log at syslog's socket: lines of Postfix's form with a priority, the number of those that a syslogd that is behind
did not take, and a syslogd that begins anew."""

import contextlib
import re
import socket

import waiting
from house_test import HouseTest, main
from instance import Instance, scratch

LINE = re.compile(r'^<(\d+)>\w{3} [ \d]\d \d\d:\d\d:\d\d (ekiden/\S+)\[(\d+)\]: (.+)$', re.S)
MAIL, WARNING, INFO = 2, 4, 6


class Syslogd:
    """A datagram socket; nothing is read from it but when asked."""

    def __init__(self, path):
        self.path, self.socket, self.lines = path, None, []

    def __enter__(self):
        self.begin()
        return self

    def __exit__(self, *_):
        self.end()

    def begin(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(str(self.path))
        self.path.chmod(0o777)

    def end(self):
        self.socket.close()
        self.path.unlink()

    def read(self):
        """All lines that came until now."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.lines.append(self.socket.recv(65536).decode())
        return self.lines


class Syslog(HouseTest):
    @classmethod
    def prepare(cls):
        cls.folder = cls.use(scratch('syslog'))
        cls.syslogd = cls.use(Syslogd(cls.folder / 'log'))
        cls.ours = cls.use(Instance('syslog'))
        cls.ours.down()
        main_cf = cls.ours.folder / 'etc' / 'main.cf'
        main_cf.write_text(main_cf.read_text() + f'maillog_file =\nsyslog_socket = {cls.syslogd.path}\n')

    def setUp(self):
        self.syslogd.read().clear()
        self.ours.command('ekiden', 'start')
        self.addCleanup(self.ours.command, 'ekiden', 'stop')
        waiting.until(self.ours.serves, 'it serves')
        self.heard('begin')

    def mails(self, count, name):
        account = self.ours.account(0)['address']
        with self.ours.smtp() as client:
            for number in range(count):
                code, text = client.mail(f'{name}{number}@example.test', [account], b'Subject: x\r\n\r\nx\r\n')
                self.assertEqual(code, 250, text)

    def heard(self, name):
        """A mail's line is at syslogd: one is sent after the other until no line of it was lost."""
        def sent():
            self.syslogd.read()
            self.mails(1, name)
            return waiting.reached(lambda: any(f'from=<{name}0@example.test>' in line for line in self.syslogd.read()), 1)
        waiting.until(sent, f'syslogd hears of {name}')

    def lost(self):
        status = self.ours.command('ekiden', 'status')
        return int(re.search(r'logger .*lines_lost=(\d+)', status).group(1))

    def test_form(self):
        self.heard('form')
        for line in self.syslogd.lines:
            self.assertRegex(line, LINE)
            self.assertIn(int(LINE.match(line).group(1)), (MAIL << 3 | INFO, MAIL << 3 | WARNING))

    def test_one_that_is_behind(self):
        self.mails(100, 'behind')
        waiting.until(lambda: self.lost() > 0, 'lines are lost')
        # Those that are still to come are told of by another line.
        waiting.until(lambda: self.syslogd.read() and self.told(), 'the number of lost lines is told')
        waiting.until(self.all_told, 'each lost line is told of')
        self.assertRegex(self.told()[0], rf'^<{MAIL << 3 | WARNING}>.* ekiden/postlogd\[\d+\]: warning: \d+ log lines were dropped$')

    def told(self):
        """Lines about lost lines; one more mail gives the logger something to say."""
        self.mails(1, 'more')
        return [line for line in self.syslogd.read() if 'log lines were dropped' in line]

    def all_told(self):
        return sum(int(re.search(r'(\d+) log lines', line).group(1)) for line in self.told()) == self.lost()

    def test_one_that_begins_anew(self):
        self.syslogd.end()
        try:
            self.mails(1, 'unheard')
            waiting.until(lambda: self.lost() > 0, 'lines are lost')
        finally:
            self.syslogd.begin()
        self.syslogd.lines.clear()
        waiting.until(self.told, 'the number of lost lines is told to the new one')
        self.heard('anew')


main(Syslog)
