"""Users whom the C library learns of from a server, as from SSSD or LDAP: known at RCPT, delivered to, logged in. The server
is the test's own behind a Unix socket, the module that asks it a real one of the C library's."""

import glob
import os
import pathlib
import socket
import socketserver
import subprocess
import threading

import waiting
from house_test import HouseTest, main
from instance import Instance, scratch
from system_users import SystemUsers, hashed, in_own_mounts, mount_over

UID = 25001


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class Names(socketserver.StreamRequestHandler):
    """Answers a name or a number with a line of passwd(5)."""

    def handle(self):
        asked = self.rfile.readline(200).decode().strip()
        self.server.asked.add(asked)
        self.wfile.write(self.server.users.get(asked, '').encode() + b'\n')


class UsersOfAServer(HouseTest):
    @classmethod
    def prepare(cls):
        cls.folder = cls.use(scratch('name-service'))
        cls.users = SystemUsers(cls.folder, {'taro': 'taro-secret'})
        cls.home = cls.folder / 'home' / 'noriko'
        cls.home.mkdir(mode=0o700)
        os.chown(cls.home, UID, UID)
        # PAM finds the password where all others are.
        with open(cls.folder / 'etc' / 'shadow', 'a') as shadow:
            shadow.write(f'noriko:{hashed("noriko-secret")}:19000:0:99999:7:::\n')
        cls.serve()
        cls.ours = cls.use(Instance('name-service', system_accounts='yes', home_mailbox='Maildir/', myorigin='local.test',
                                    mydestination='local.test', recipient_delimiter='+', auth_failure_delay='0s'))

    @classmethod
    def serve(cls):
        path = cls.folder / 'server'
        server = cls.server = Server(str(path), Names)
        path.chmod(0o666)
        line = f'noriko:x:{UID}:{UID}::{cls.home}:/bin/sh'
        server.users, server.asked = {'noriko': line, str(UID): line}, set()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.stack.callback(server.server_close)
        cls.stack.callback(server.shutdown)
        module = cls.folder / 'module.so'
        subprocess.run(['clang++-19', '-std=c++23', '-shared', '-fPIC', '-nostdlib++', '-o', module,
                        pathlib.Path(__file__).parent / 'nss_module.cc'], check=True, timeout=120)
        mount_over(module, glob.glob('/lib/*/libnss_hesiod.so.2')[0])
        nsswitch = cls.folder / 'etc' / 'nsswitch.conf'
        nsswitch.write_text(f'passwd: files hesiod\ngroup: files\nshadow: files\n# socket: {path}\n')
        mount_over(nsswitch, '/etc/nsswitch.conf')

    def test_the_stage(self):
        seen = subprocess.run(['getent', 'passwd', 'noriko'], capture_output=True, text=True, timeout=30)
        self.assertEqual(seen.stdout.split(':')[:3], ['noriko', 'x', str(UID)])

    def recipient(self, local):
        with self.ours.smtp() as client:
            client.command('MAIL FROM:<x@elsewhere.test>')
            return client.command(f'RCPT TO:<{local}@local.test>')[0]

    def test_who_is_known(self):
        self.assertEqual([self.recipient(name) for name in ('noriko', 'noriko+x', 'taro', 'ghost')], [250, 250, 250, 550])
        self.assertIn('ghost', self.server.asked)

    def test_while_the_server_is_away(self):
        # Nobody is refused for good whom only the server knows; who stands in the file is served.
        path, aside = self.folder / 'server', self.folder / 'aside'
        path.rename(aside)
        try:
            self.assertEqual([self.recipient(name) for name in ('noriko', 'taro')], [451, 250], 'there is no socket')
            with socket.socket(socket.AF_UNIX) as refusing:
                refusing.bind(str(path))
                path.chmod(0o666)
                self.assertEqual([self.recipient(name) for name in ('noriko', 'taro')], [451, 250], 'it refuses')
                path.unlink()
        finally:
            aside.rename(path)
        self.assertEqual(self.recipient('noriko'), 250)

    def messages(self):
        return [path.read_bytes() for path in self.home.glob('Maildir/new/*')]

    def test_delivery_and_login(self):
        with self.ours.smtp() as client:
            code, _ = client.mail('x@elsewhere.test', ['noriko@local.test'], b'Subject: from afar\r\n\r\nx\r\n')
            self.assertEqual(code, 250)
        waiting.until(self.messages, 'it is delivered')
        self.assertEqual({path.stat().st_uid for path in self.home.glob('Maildir/new/*')}, {UID})
        with self.ours.pop3() as client:
            self.assertEqual(client.login('noriko', 'noriko-secret')[:3], '+OK')
            self.assertIn(b'Subject: from afar', client.multi('RETR 1'))
            client.ok('DELE 1')
            client.quit()
        waiting.until(lambda: not self.messages(), 'it is gone')


in_own_mounts()
main(for_root=(UsersOfAServer,), left_out='users of a name service of our own')
