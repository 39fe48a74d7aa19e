"""Lookup tables of each type in a running suite: text tables come with the configuration, files are opened by the confined
router, which notices when one is built anew, and servers and the system's users are asked by it."""

import os
import pathlib
import socketserver
import sqlite3
import subprocess
import threading

import waiting
from house_test import HouseTest, main
from instance import Instance


class Answering(socketserver.BaseRequestHandler):
    """A socketmap server: knows `server@v.test` in the map `aliases`, and is busy about `busy@v.test`."""

    def handle(self):
        while True:
            size = b''
            while not size.endswith(b':'):
                octet = self.request.recv(1)
                if not octet:
                    return
                size += octet
            request = b''
            while len(request) < int(size[:-1]) + 1:
                request += self.request.recv(4096)
            name, _, key = request[:-1].decode().partition(' ')
            self.server.asked.add(key)
            reply = (f'OK {self.server.goto}' if (name, key) == ('aliases', self.server.key) else
                     'TEMP busy' if key == 'busy@v.test' else 'NOTFOUND ').encode()
            self.request.sendall(b'%d:%s,' % (len(reply), reply))


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class TcpServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


class Tables(HouseTest):
    @classmethod
    def serve(cls, server, key):
        server.goto, server.key, server.asked = cls.alice, key, set()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.stack.callback(server.server_close)
        cls.stack.callback(server.shutdown)
        return server

    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('tables'))
        cls.etc = cls.ours.folder / 'etc'
        cls.alice = cls.ours.account(0)['address']
        cls.build('first')
        (cls.etc / 'text').write_text(f'text@v.test {cls.alice}\n')
        (cls.etc / 'patterns').write_text(f'/^any-[a-z]+@v\\.test$/ {cls.alice}\n')
        (cls.etc / 'clients').write_text('127.0.0.9 REJECT not you\n0.0.0.0/0 DUNNO\n')
        (cls.etc / 'query').write_text(f'dbpath = {cls.etc}/rows.db\nquery = SELECT goto FROM alias WHERE address = \'%s\'\n')
        with sqlite3.connect(cls.etc / 'rows.db') as rows:
            rows.execute('CREATE TABLE alias (address TEXT, goto TEXT)')
            rows.execute('INSERT INTO alias VALUES (?, ?)', ('row@v.test', cls.alice))
        (cls.etc / 'perl').write_text(f'/^(?<half>[a-z]+)-\\k<half>@v\\.test$/ {cls.alice}\n')
        (cls.etc / 'steps').write_text('first-step@v.test second-step\n')
        (cls.etc / 'constant').write_text(f'constant@v.test {cls.alice}\n')
        (cls.etc / 'lines').write_text('/^root:/ REJECT not root\n')
        cls.ekimap(f'cdb:{cls.etc}/constant')
        path = cls.ours.folder / 'server'
        cls.by_path = cls.serve(UnixServer(str(path), Answering), 'server@v.test')
        path.chmod(0o666)
        cls.by_address = cls.serve(TcpServer(('127.0.0.1', 0), Answering), 'far@v.test')
        etc = cls.etc
        cls.ours.restart(virtual_alias_domains='v.test',
                         virtual_alias_maps=f'hash:{etc}/built, texthash:{etc}/text, sqlite:{etc}/query, regexp:{etc}/patterns, '
                         f'pcre:{etc}/perl, cdb:{etc}/constant, '
                         f'pipemap:{{texthash:{etc}/steps, debug:inline:{{second-step={cls.alice}}}}}, '
                         f'socketmap:unix:{path}:aliases, '
                         f'socketmap:inet:127.0.0.1:{cls.by_address.server_address[1]}:aliases',
                         smtpd_sender_restrictions='check_sender_access pipemap:{inline:{user@elsewhere.test=root, nobody@elsewhere.test=no-such-user}, '
                                                   'unix:passwd.byname, pcre:%s/lines}' % etc,
                         mydestination='host.test', recipient_delimiter='+',
                         smtpd_sender_login_maps=f'inline:{{ first@shared.test=somebody, @shared.test=somebody }}, '
                         f'inline:{{ {{ second@shared.test = somebody, {cls.alice.upper()} }}, third={cls.alice} }}',
                         smtpd_client_restrictions=f'check_client_access cidr:{etc}/clients')

    @classmethod
    def build(cls, name):
        (cls.etc / 'built').write_text(f'{name}@v.test {cls.alice}\n')
        cls.ekimap(f'hash:{cls.etc}/built')

    @classmethod
    def ekimap(cls, table):
        ekimap = pathlib.Path(cls.ours.facts['commands']['ekiden'][0]).parent / 'ekimap'
        subprocess.run([ekimap, table], check=True, timeout=30,
                       env={**os.environ, 'MAIL_CONFIG': str(cls.etc)})

    def recipient(self, local, source=None, sender='x'):
        """The code of the reply to RCPT."""
        with self.ours.smtp(source=source) as client:
            client.command(f'MAIL FROM:<{sender}@elsewhere.test>')
            return client.command(f'RCPT TO:<{local}@v.test>')[0]

    def test_every_type_answers(self):
        for local, code in (('first', 250), ('text', 250), ('row', 250), ('any-thing', 250), ('nobody', 550),
                            ('any-thing2', 550), ('half-half', 250), ('half-whole', 550), ('constant', 250),
                            ('first-step', 250), ('server', 250), ('far', 250), ('First', 250), ('ROW', 250), ('Server', 250), ('FAR', 250)):
            with self.subTest(local=local):
                self.assertEqual(self.recipient(local), code)

    def test_servers_are_asked_for_what_nobody_else_has(self):
        self.assertIn(self.recipient('busy'), (450, 451))
        self.assertIn('nobody@v.test', self.by_path.asked)
        self.assertIn('nobody@v.test', self.by_address.asked)
        self.assertNotIn('first@v.test', self.by_path.asked)

    def test_users_of_the_system(self):
        self.assertEqual([self.recipient('text', sender=sender) for sender in ('user', 'nobody', 'x')], [554, 250, 250])

    def test_owners_of_senders(self):
        # Each form of the address in all tables before the next; a user alone is of this host's domains.
        account = self.ours.account(0)
        with self.ours.smtp('submission') as client:
            client.upgrade()
            self.assertEqual(client.login(account['user'], account['password'])[0], 235)
            for sender, code in ((self.alice, 250), ('first@shared.test', 553), ('second@shared.test', 250), ('Second+x@shared.test', 250),
                                 ('other@shared.test', 553), ('third@host.test', 250), ('third+x@host.test', 250), ('third@v.test', 553)):
                with self.subTest(sender=sender):
                    self.assertEqual(client.command(f'MAIL FROM:<{sender}>')[0], code)
                    client.command('RSET')

    def test_lookups_are_logged(self):
        waiting.until(lambda: 'debug: inline:' in self.ours.log() and 'lookup: "second-step"' in self.ours.log(), 'the lookup in the log', 30)

    def test_clients_by_network(self):
        self.assertEqual(self.recipient('text', source='127.0.0.9'), 554)

    def test_a_table_that_is_built_anew_needs_no_reload(self):
        self.build('second')
        waiting.until(lambda: self.recipient('second') == 250 and self.recipient('first') == 550, 'the new entries', 30)
        self.build('first')
        waiting.until(lambda: self.recipient('first') == 250 and self.recipient('second') == 550, 'the old ones again', 30)

    def test_rows_that_are_added_are_found(self):
        with sqlite3.connect(self.etc / 'rows.db') as rows:
            rows.execute('INSERT INTO alias VALUES (?, ?)', ('late@v.test', self.alice))
        waiting.until(lambda: self.recipient('late') == 250, 'the new row', 30)


main(Tables)
