"""SMTP and POP3 as a person would type them. Each client keeps its dialogue, so that a failed test can show it and the
story of ./dev run can tell it. Replies are returned, not raised: a test says itself what it expects."""

import hashlib
import re
import socket
import ssl

TIMEOUT = 30


class Dialogue:
    """A CRLF connection that remembers what was said: [('C'|'S', line), ...]."""

    def __init__(self, address, port, tls=False, source=None, tell=None):
        self.lines = []
        self.tell = tell
        origin = (source, 0) if source else None
        self.socket = socket.create_connection((address, port), TIMEOUT, source_address=origin)
        self.received = b''
        if tls:
            self.start_tls()

    def start_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)    # without the roots of this host: reading them takes long
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket)

    def note(self, who, line):
        self.lines.append((who, line))
        if self.tell:
            self.tell(who, line)

    def send(self, line, shown=None):
        self.note('C', line if shown is None else shown)
        self.socket.sendall(line.encode('utf-8', 'surrogateescape') + b'\r\n')

    def line(self):
        while b'\r\n' not in self.received:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError(f'connection closed; so far: {self.lines[-6:]}')
            self.received += more
        line, self.received = self.received.split(b'\r\n', 1)
        return line.decode('utf-8', 'surrogateescape')

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Smtp(Dialogue):
    """Replies are (code, text of the last line); all lines stand in `extensions` after EHLO."""

    def __init__(self, address, port, hello='client.example', **how):
        super().__init__(address, port, **how)
        self.greeting = self.reply()
        self.extensions = []
        if hello:
            self.hello(hello)

    def reply(self):
        texts = []
        while True:
            line = self.line()
            self.note('S', line)
            texts.append(line[4:])
            if not re.match(r'\d{3}-', line):
                self.texts = texts
                return int(line[:3]), line[4:]

    def command(self, line, shown=None):
        self.send(line, shown)
        return self.reply()

    def hello(self, name='client.example'):
        answer = self.command(f'EHLO {name}')
        self.extensions = self.texts[1:]
        return answer

    def upgrade(self):
        """STARTTLS and EHLO again."""
        code, text = self.command('STARTTLS')
        assert code == 220, text
        self.start_tls()
        return self.hello()

    def login(self, user, password):
        import base64
        secret = base64.b64encode(f'\0{user}\0{password}'.encode()).decode()
        return self.command(f'AUTH PLAIN {secret}', 'AUTH PLAIN ...')

    def message(self, content):
        """DATA with `content` (bytes, CRLF); the reply to its end, or to DATA when that was refused."""
        answer = self.command('DATA')
        if answer[0] != 354:
            return answer
        stuffed = re.sub(rb'(?m)^\.', b'..', content)
        for shown in content.decode('utf-8', 'replace').split('\r\n')[:-1] if self.tell else []:
            self.note('C', shown)
        self.socket.sendall(stuffed)
        self.send('.')
        return self.reply()

    def mail(self, sender, recipients, content):
        """A whole transaction; the reply that decided it: the first refusal, or that to the end of data."""
        answer = self.command(f'MAIL FROM:<{sender}>')
        if answer[0] != 250:
            return answer
        for recipient in recipients:
            answer = self.command(f'RCPT TO:<{recipient}>')
            if answer[0] // 100 != 2:
                return answer
        return self.message(content)

    def quit(self):
        answer = self.command('QUIT')
        self.close()
        return answer


class Pop3(Dialogue):
    def __init__(self, address, port, **how):
        super().__init__(address, port, **how)
        self.greeting = self.line()
        self.note('S', self.greeting)

    def command(self, line, shown=None):
        self.send(line, shown)
        answer = self.line()
        self.note('S', answer)
        return answer

    def ok(self, line, shown=None):
        answer = self.command(line, shown)
        assert answer.startswith('+OK'), f'{shown or line}: {answer}'
        return answer

    def upgrade(self):
        self.ok('STLS')
        self.start_tls()

    def login(self, user, password):
        """The answer to PASS, or to USER when that was refused already."""
        answer = self.command(f'USER {user}')
        return self.command(f'PASS {password}', 'PASS ...') if answer.startswith('+OK') else answer

    def apop(self, user, secret):
        challenge = re.search(r'<[^>]+>', self.greeting)
        assert challenge, f'no APOP in {self.greeting}'
        digest = hashlib.md5((challenge.group(0) + secret).encode()).hexdigest()
        return self.command(f'APOP {user} {digest}')

    def multi(self, line):
        """The lines of a multi-line answer, unstuffed, as bytes with CRLF."""
        self.ok(line)
        content = []
        while True:
            while b'\r\n' not in self.received:
                more = self.socket.recv(65536)
                if not more:
                    raise EOFError(f'closed inside the answer to {line}')
                self.received += more
            got, self.received = self.received.split(b'\r\n', 1)
            if got == b'.':
                return b''.join(content)
            if self.tell:
                self.note('S', got.decode('utf-8', 'replace'))
            content.append((got[1:] if got.startswith(b'.') else got) + b'\r\n')

    def count(self):
        return int(self.ok('STAT').split()[1])

    def quit(self):
        answer = self.command('QUIT')
        self.close()
        return answer
