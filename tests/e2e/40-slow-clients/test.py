"""2,000 clients who do one octet in 10 seconds (EKIDEN_SLOW) cost the others nothing: new clients are served as fast as
without them, and the server spends next to no time on them.

Some type a command, some the content of a message, some take the answers to what they pipelined, some a large message
by POP3. Their octets come evenly spread, 200 a second. In the end each of them comes to its end at full speed, and
has to be answered as if it had never been slow."""

import multiprocessing
import os
import random
import re
import shutil
import socket
import statistics
import time

from crowd import PASSWORD, WITHIN, CrowdTest, raise_limits
from house_test import main

SLOW = int(os.environ.get('EKIDEN_SLOW', '2000'))
PERIOD = 10         # seconds from one octet of a client to the next
ROUNDS = 3          # octets that each slow client does
TURNS = 20          # new clients of SMTP and of POP3 that are served without the slow ones
EVERY = 100         # octets of slow clients from one such turn to the next: half a second
SOURCES = 200       # 127.0.2.1 to 127.0.2.200
COST = 0.05         # of a core: what all the slow ones together may take
LARGE = 1_000_000   # octets of the message that is read slowly: more than the kernel keeps of it
RESETS = 16000      # pipelined; the answers are more than server and kernel keep


# --- slow clients, in a process of their own ---
class Slow:
    def __init__(self, ours, service, number):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(60)
        self.socket.bind((f'127.0.2.{number % SOURCES + 1}', 0))
        self.socket.connect((ours.address, ours.port(service)))
        self.read_until(rb'^(220|\+OK)[^\n]*\n')

    def read_until(self, pattern):
        """Octets, until the last of them match."""
        answer = b''
        while not re.search(pattern + rb'\Z', answer[-600:], re.MULTILINE):
            more = self.socket.recv(65536)
            assert more, f'closed after {answer[-600:]}'
            answer += more
        return answer

    def command(self, line, answer=rb'^(250|354|\+OK)[^\n]*\n'):
        self.socket.sendall(line + b'\r\n')
        return self.read_until(answer)


class Typist(Slow):
    """Its text does not come to its end before finish()."""
    def step(self):
        if len(self.text) > 1:
            self.socket.sendall(self.text[:1])
            self.text = self.text[1:]

    def finish(self):
        self.socket.sendall(self.text)
        self.read_until(self.wanted)
        self.socket.close()


class CommandTypist(Typist):
    def __init__(self, ours, service, number):
        super().__init__(ours, service, number)
        self.text = b'EHLO slow.example\r\n' if service == 'smtp' else b'USER slow@example.test\r\n'
        self.wanted = rb'^(250 |\+OK)[^\n]*\n'


class ContentTypist(Typist):
    def __init__(self, ours, service, number):
        super().__init__(ours, service, number)
        self.command(b'HELO slow.example')
        self.command(b'MAIL FROM:<slow@elsewhere.test>')
        self.command(b'RCPT TO:<' + ours.account(0)['address'].encode() + b'>')
        self.command(b'DATA')
        self.text = b'Subject: slow\r\n\r\nx\r\n.\r\n'
        self.wanted = rb'^250 2\.0\.0[^\n]*\n'


class Reader(Slow):
    """Takes `whole`."""
    taken = b''

    def step(self):
        octet = self.socket.recv(1)
        assert octet, 'closed in the middle of an answer'
        self.taken += octet

    def finish(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.taken += self.read_until(re.escape(self.whole[-20:]))
        assert self.taken == self.whole, f'{len(self.taken)} octets in place of {len(self.whole)}'
        self.socket.close()


class AnswerReader(Reader):
    def __init__(self, ours, service, number):
        super().__init__(ours, service, number)
        self.whole = self.command(b'RSET') * RESETS + b'221 2.0.0 Bye\r\n'
        self.socket.sendall(b'RSET\r\n' * RESETS + b'QUIT\r\n')


class MessageReader(Reader):
    def __init__(self, ours, service, number):
        super().__init__(ours, service, number)
        self.command(f'USER u{number}@{ours.domain}'.encode())
        self.command(f'PASS {PASSWORD}'.encode())
        self.whole = SlowClients.large
        self.socket.sendall(b'RETR 1\r\n')


KINDS = (('an SMTP command', CommandTypist, 'smtp', 0.25), ('content', ContentTypist, 'smtp', 0.25),
         ('answers to RSET', AnswerReader, 'smtp', 0.15), ('a POP3 command', CommandTypist, 'pop3', 0.15),
         ('a message of 1 MB by POP3', MessageReader, 'pop3', 0.20))


def be_slow(ours, count, parent):
    """Opens all, says so, and when the parent is ready does an octet of each in PERIOD, ROUNDS times; of each EVERY octets the
    parent hears, and of the end. A parent that is gone ends it."""
    numbers = iter(range(count))
    clients = [kind(ours, service, number) for _, kind, service, share in KINDS
               for _, number in zip(range(round(share * count)), numbers)]
    random.Random(1).shuffle(clients)    # the kinds mixed
    parent.send(len(clients))
    parent.recv()
    begun = time.monotonic()
    for step in range(ROUNDS * len(clients)):
        if parent.poll(max(begun + step * PERIOD / len(clients) - time.monotonic(), 0)):
            return
        clients[step % len(clients)].step()
        if step % EVERY == 0:
            parent.send('another turn')
    parent.send('enough')
    for client in clients:
        client.finish()
    parent.send('all are answered')


class SlowClients(CrowdTest):
    @classmethod
    def prepare(cls):
        cls.count = raise_limits(SLOW)
        cls.ours = cls.use(cls.crowd_instance('slow', auth_hash_memory=8192, auth_hash_operations=1,
                                              smtpd_junk_command_limit=2 * RESETS))
        cls.add_users(cls.count)
        cls.put_large_messages()

    @classmethod
    def put_large_messages(cls):
        """One message, in the mailboxes of all who may want to read it; `large` is the answer to RETR."""
        ours, account = cls.ours, cls.ours.account(1)
        content = b'Subject: large\r\n\r\n' + (b'x' * 98 + b'\r\n') * (LARGE // 100)
        with ours.smtp() as client:
            assert client.mail('x@elsewhere.test', [account['address']], content)[0] == 250
        ours.wait_for_messages(account['address'], 1)
        with ours.pop3() as client:
            client.login(account['user'], account['password'])
            message = client.multi('RETR 1')
            cls.large = client.lines[-1][1].encode() + b'\r\n' + message + b'.\r\n'
            client.quit()
        box = ours.maildir(account['address'])
        file, = [*box.glob('new/*'), *box.glob('cur/*')]
        for number in range(cls.count):
            other = box.parent / f'u{number}'
            for folder in (other, other / 'new', other / 'cur', other / 'tmp'):
                folder.mkdir(exist_ok=True)
                shutil.copystat(box, folder)
                os.chown(folder, box.stat().st_uid, box.stat().st_gid)
            os.link(file, other / 'new' / file.name)

    def turns_of(self, crowd):
        """One whenever the slow clients have done so many octets more, until they have done all."""
        while True:
            self.assertTrue(crowd.poll(60), 'the slow clients go on')
            if crowd.recv() == 'enough':
                return
            yield

    def serve_others(self, turns):
        """New clients of SMTP and POP3, one of each a turn: the times of each, and the server's and the clock's seconds."""
        taken = {self.smtp_served: [], self.pop3_served: []}
        begun, (before, *_) = time.monotonic(), self.spent()
        for _ in turns:
            for serve, times in taken.items():
                times.append(self.timed(serve))
        return [*taken.values(), self.spent()[0] - before, time.monotonic() - begun]

    def show(self, what, smtp, pop3, cpu, seconds):
        for name, taken in (('SMTP', smtp), ('POP3', pop3)):
            print(f'{what}: new clients of {name} served in ms: {self.shown(taken)}', flush=True)
        print(f'{what}: the server ran {1000 * cpu:.1f} ms in {seconds:.1f} s', flush=True)

    def test_slow_clients(self):
        print(flush=True)
        self.smtp_served()
        self.pop3_served()
        self.at_rest()
        without = self.serve_others(range(TURNS))
        self.show('without slow clients', *without)
        before = self.memory()
        here, there = multiprocessing.Pipe()
        crowd = multiprocessing.Process(target=be_slow, args=(self.ours, self.count, there), daemon=True)
        crowd.start()
        there.close()
        try:
            count = here.recv()
            self.at_rest()
            now = self.memory()
            here.send('begin')
            slowed = self.serve_others(self.turns_of(here))
            self.assertTrue(here.poll(60), 'the slow clients get their answers')
            self.assertEqual(here.recv(), 'all are answered')
            crowd.join(60)
            self.assertEqual(crowd.exitcode, 0)
        finally:
            crowd.kill()
        print(f'{count} slow clients: ' + ', '.join(f'{share:.0%} {name}' for name, _, _, share in KINDS) +
              f'; {ROUNDS} octets of each', flush=True)
        self.show_growth(before, now, count)
        self.show('with them', *slowed)
        self.assertLess(slowed[-1], ROUNDS * PERIOD / 0.9, 'an octet in 10 s of each')
        for name, were, are in zip(('SMTP', 'POP3'), without, slowed):
            self.assertTrue(self.enough_within(are), name)
            self.assertLess(statistics.median(are), 2 * statistics.median(were) + WITHIN / 10, name)
        turn = without[-2] / TURNS    # what one of SMTP and one of POP3 cost
        cost = (slowed[-2] - len(slowed[0]) * turn) / slowed[-1]
        print(f'the slow ones cost {1000 * cost:.1f} ms in a second', flush=True)
        self.assertLess(cost, COST)


main(SlowClients)
