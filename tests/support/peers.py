"""SMTP servers for tests that a test's thread runs: a sink that keeps what it is given, and one that plays a script of
replies, for what real servers do only when they are unwell."""

import re
import socket
import socketserver
import threading
import time


class Sink:
    """Takes any mail at address:port and keeps (sender, recipients, content). `decide(recipient)` may return another
    reply for a recipient; `at_end(content)` another reply for the end of data, None to close without one."""

    def __init__(self, address='127.0.0.1', port=0, decide=None, at_end=None):
        self.messages = []
        self.times = []    # when each was taken, by the monotonic clock
        self.decide = decide
        self.at_end = at_end
        self.lock = threading.Lock()
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = 60

            def handle(self):
                try:
                    sink._serve(self.rfile, self.wfile)
                except (OSError, EOFError):
                    pass

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 200

        self.server = Server((address, port), Handler)
        self.address, self.port = self.server.server_address
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True)

    def _serve(self, lines, out):
        def say(text):
            out.write(text.encode() + b'\r\n')
            out.flush()

        say('220 sink.example ESMTP')
        sender, recipients = '', []
        while True:
            line = lines.readline(4096)
            if not line:
                return
            verb = line.split(b' ')[0].strip().upper()
            path = re.search(rb'<(.*?)>', line)
            if verb in (b'EHLO', b'HELO'):
                say('250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 100000000')
            elif verb == b'MAIL':
                sender, recipients = path.group(1).decode(), []
                say('250 2.1.0 Ok')
            elif verb == b'RCPT':
                recipient = path.group(1).decode()
                answer = self.decide(recipient) if self.decide else None
                if not answer:
                    recipients.append(recipient)
                say(answer or '250 2.1.5 Ok')
            elif verb == b'DATA':
                if not recipients:
                    say('554 5.5.1 No valid recipients')
                    continue
                say('354 Go ahead')
                content = self._read_content(lines)
                answer = self.at_end(content) if self.at_end else '250 2.0.0 Ok'
                if answer and answer.startswith('2'):
                    with self.lock:
                        self.messages.append((sender, recipients, content))
                        self.times.append(time.monotonic())
                if not answer:
                    return
                say(answer)
            elif verb == b'QUIT':
                say('221 2.0.0 Bye')
                return
            elif verb == b'RSET':
                sender, recipients = '', []
                say('250 2.0.0 Ok')
            else:
                say('250 2.0.0 Ok')

    @staticmethod
    def _read_content(lines):
        content = []
        while True:
            line = lines.readline(100000)
            if not line:
                raise EOFError
            if line == b'.\r\n':
                return b''.join(content)
            content.append(line[1:] if line.startswith(b'.') else line)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Scripted:
    """One connection after another: `script` is a list of (pattern of the client's line or None to speak first, what to
    send). After the last step the connection is closed. `heard` keeps the client's lines."""

    def __init__(self, script, address='127.0.0.1', port=0):
        self.script = script
        self.heard = []
        self.listener = socket.create_server((address, port))
        self.address, self.port = self.listener.getsockname()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(60)
            with connection, connection.makefile('rb') as lines:
                try:
                    self._play(connection, lines)
                except OSError:
                    pass

    def _play(self, connection, lines):
        for pattern, answer in self.script:
            while pattern is not None:
                line = lines.readline(100000)
                if not line:
                    return
                self.heard.append(line)
                if re.match(pattern, line.decode('latin-1')):
                    break
            connection.sendall(answer.encode())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.close()
