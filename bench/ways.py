"""The ways of a message through a private instance, as the tools in this folder play them: each brings up what it needs
and runs N operations with 20 clients at once."""

import os
import pathlib
import socket
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'tests' / 'support'))
import waiting  # noqa: E402
from instance import Instance  # noqa: E402
from peers import Sink  # noqa: E402

AT_ONCE = 20
CONTENT = b'Subject: figure\r\n\r\n' + (b'x' * 78 + b'\r\n') * 51 + b'.\r\n'
PATIENCE = 120    # seconds for the last of the messages


class Client:
    """One SMTP or POP3 connection, as lean as Python allows."""

    def __init__(self, address, port):
        self.socket = socket.create_connection((address, port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile('rb')

    def expect(self, wanted):
        line = self.file.readline()
        while line[3:4] == b'-' and line[:3].isdigit():
            line = self.file.readline()
        assert line.startswith(wanted), line

    def say(self, octets, *wanted):
        self.socket.sendall(octets)
        for start in wanted:
            self.expect(start)

    def lines(self):
        while self.file.readline() != b'.\r\n':
            pass

    def close(self):
        self.file.close()
        self.socket.close()


def at_once(count, each, work):
    """work(how_many) by AT_ONCE threads until count operations were given out, `each` at a time."""
    left, lock, failures = [count], threading.Lock(), []

    def take():
        with lock:
            batch = min(each, left[0])
            left[0] -= batch
            return batch

    def run():
        try:
            for batch in iter(take, 0):
                work(batch)
        except (OSError, AssertionError) as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def wait_for_last(arrived):
    waiting.until(arrived, 'the last message arrived', PATIENCE)


class Way:
    """A running instance. run(count, each) returns when the last operation is over."""
    settings = {}

    def __init__(self):
        self.server = Instance('figures', **self.settings)

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *what):
        return self.server.__exit__(*what)

    def send(self, count, each, recipient):
        def work(batch):
            client = Client(self.server.address, self.server.port('smtp'))
            client.expect(b'220')
            client.say(b'EHLO figures.test\r\n', b'250')
            for _ in range(batch):
                client.say(b'MAIL FROM:<a@elsewhere.test>\r\nRCPT TO:<' + recipient + b'>\r\nDATA\r\n',
                           b'250', b'250', b'354')
                client.say(CONTENT, b'250')
            client.say(b'QUIT\r\n', b'221')
            client.close()
        at_once(count, each, work)


class Deliver(Way):
    """SMTP in, into a Maildir."""

    def run(self, count, each=1):
        box = self.server.maildir(self.server.account(0)['address']) / 'new'
        there = len(os.listdir(box)) if box.exists() else 0
        self.send(count, each, self.server.account(0)['address'].encode())
        wait_for_last(lambda: box.exists() and len(os.listdir(box)) >= there + count)


class Relay(Way):
    """SMTP in, queued, out to a sink."""

    def __init__(self):
        self.sink = Sink('127.0.0.6')
        self.settings = {'mynetworks': '127.0.0.0/8', 'relayhost': f'[127.0.0.6]:{self.sink.port}'}
        super().__init__()

    def __enter__(self):
        self.sink.__enter__()
        return super().__enter__()

    def __exit__(self, *what):
        super().__exit__(*what)
        return self.sink.__exit__(*what)

    def run(self, count, each=1):
        there = len(self.sink.messages)
        self.send(count, each, b'carol@remote.test')
        wait_for_last(lambda: len(self.sink.messages) >= there + count)


class Pop3(Way):
    """A mail program that looks for new mail: USER, PASS, STAT, UIDL, two RETR, QUIT; each client has a mailbox of its
    own, for one is open once at a time. `each` is not used."""
    names = [f'u{number}' for number in range(AT_ONCE)]
    waiting = 10    # messages in each mailbox

    def __init__(self):
        self.server = Instance('figures', accounts=','.join(self.names))
        self.free = list(range(AT_ONCE))

    def fill(self):
        for number in range(AT_ONCE):
            self.send(self.waiting, self.waiting, self.server.account(number)['address'].encode())
        boxes = [self.server.maildir(self.server.account(number)['address']) / 'new' for number in range(AT_ONCE)]
        wait_for_last(lambda: all(box.exists() and len(os.listdir(box)) == self.waiting for box in boxes))

    def run(self, count, each=1):
        if not self.server.maildir(self.server.account(0)['address']).exists():
            self.fill()
        at_once(count, 1, self.cycle)

    def cycle(self, _):
        number = self.free.pop()
        account = self.server.account(number)
        client = Client(self.server.address, self.server.port('pop3'))
        client.expect(b'+OK')
        client.say(b'USER ' + account['address'].encode() + b'\r\n', b'+OK')
        client.say(b'PASS ' + account['password'].encode() + b'\r\n', b'+OK')
        client.say(b'STAT\r\n', b'+OK')
        for command in (b'UIDL\r\n', b'RETR 1\r\n', b'RETR 2\r\n'):
            client.say(command, b'+OK')
            client.lines()
        client.say(b'QUIT\r\n', b'+OK')
        assert client.file.read() == b''    # the mailbox is free again
        client.close()
        self.free.append(number)


WAYS = {'deliver': Deliver, 'relay': Relay, 'pop3': Pop3}
