"""Master and its tools: reload keeps connections, a broken configuration is refused, what dies comes back, hung children
are replaced, a new certificate is taken, SIGTERM ends in time, and nobody survives master's death."""

import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys

import waiting
from house_test import HouseTest, main
from instance import ROOT, Instance

sys.path.insert(0, str(ROOT / 'scripts'))
import instance_files    # noqa: E402


def running(pid):
    try:
        return pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] != 'Z'
    except (FileNotFoundError, ProcessLookupError):
        return False


def parent_of(pid):
    return int(pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[1])


class Suite(HouseTest):
    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('suite', service_throttle_time='1s', hung_timeout='3s'))
        cls.alice = cls.ours.account(0)
        cls.main_cf = cls.ours.folder / 'etc' / 'main.cf'

    def ekiden(self, *arguments, check=True):
        argv = [*self.ours.facts['commands']['ekiden'], *arguments]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        self.assertTrue(not check or done.returncode == 0, done.stdout + done.stderr)
        return done

    def greeting(self):
        with self.ours.smtp() as client:
            return client.greeting[1]

    def test_status_and_check(self):
        self.ekiden('check')
        status = self.ekiden('status').stdout
        for name in ('smtpd', 'pop3d', 'authd'):
            self.assertIn(name, status)

    def sessions(self):
        """What status counts for smtpd, over its workers."""
        rows = [line for line in self.ekiden('status').stdout.split('\n') if re.search(r'\bsmtpd\b', line)]
        counts = [re.search(r'\bsessions=(\d+)\b', row) for row in rows]
        self.assertTrue(counts and all(counts), rows)
        return sum(int(count.group(1)) for count in counts)

    def test_status_counts_connections(self):
        waiting.until(lambda: self.sessions() == 0, 'none is open')
        with self.ours.smtp(), self.ours.smtp():
            waiting.until(lambda: self.sessions() == 2, 'two are open')
        waiting.until(lambda: self.sessions() == 0, 'they are gone')

    def test_reload_keeps_sessions_after_login(self):
        # In clear the session process holds the connection, under TLS the old pop3d pumps for it.
        text = self.main_cf.read_text()
        with self.ours.pop3() as clear, self.ours.pop3('pop3s', tls=True) as under_tls:
            for client, account in ((clear, self.alice), (under_tls, self.ours.account(1))):
                self.assertTrue(client.login(account['user'], account['password']).startswith('+OK'))
            fronts = set(self.ours.pids('pop3d'))
            self.main_cf.write_text(text + 'smtpd_banner = a third generation ESMTP\n')
            self.ekiden('reload')
            waiting.until(lambda: 'a third generation' in self.greeting(), 'the new banner')
            waiting.until(lambda: set(self.ours.pids('pop3d')) - fronts, 'new fronts')
            for client in (clear, under_tls):
                self.assertGreaterEqual(client.count(), 0)
                client.quit()
        self.main_cf.write_text(text)
        self.ekiden('reload')
        waiting.until(lambda: 'a third generation' not in self.greeting(), 'the old banner')

    def test_reload_keeps_connections(self):
        text = self.main_cf.read_text()
        with self.ours.smtp() as old:
            self.main_cf.write_text(text + 'smtpd_banner = after the reload ESMTP\n')
            self.ekiden('reload')
            waiting.until(lambda: 'after the reload' in self.greeting(), 'the new banner')
            code, reply = old.mail('x@elsewhere.test', [self.alice['address']], b'Subject: old\r\n\r\nx\r\n')
            self.assertEqual(code, 250, reply)
        self.main_cf.write_text(text)
        self.ekiden('reload')
        waiting.until(lambda: 'after the reload' not in self.greeting(), 'the old banner')
        self.ours.assert_serves()

    def test_sighup_reloads(self):
        text = self.main_cf.read_text()
        with self.ours.smtp() as old:
            self.main_cf.write_text(text + 'smtpd_banner = after the signal ESMTP\n')
            os.kill(self.ours.pids('master')[0], signal.SIGHUP)
            waiting.until(lambda: 'after the signal' in self.greeting(), 'the new banner', 30)
            code, answer = old.mail('x@elsewhere.test', [self.alice['address']], b'Subject: x\r\n\r\nx\r\n')
            self.assertEqual(code, 250, answer)
        self.main_cf.write_text(text)
        self.ekiden('reload')

    def workers(self):
        """Those that a reload replaces; one that was just forked has master's name until it runs its program."""
        waiting.until(lambda: len(self.ours.pids('master')) == 1, 'each has its name')
        return {pid for name in ('smtpd', 'submission', 'pop3d', 'relay', 'resolver') for pid in self.ours.pids(name)}

    BROKEN = [    # a line of main.cf, and what is said of it
        ('message_size_limit = many', 'bad numerical value for parameter message_size_limit'),
        ('mynetworks = 300.1.1.1', 'in parameter mynetworks: "300.1.1.1" is not an IP address'),
        ('smtpd_client_restrictions = reject_unauth_destination', 'put it into smtpd_recipient_restrictions'),
        ('pop3d_plaintext_auth_networks = x', 'in parameter pop3d_plaintext_auth_networks: "x"'),
        ('pop_before_smtp_exclude_networks = x', 'in parameter pop_before_smtp_exclude_networks: "x"'),
        ('dns_nameservers = foo', 'in parameter dns_nameservers: bad name server address: foo'),
        ('relayhost = [foo', 'in parameter relayhost: bad next hop: [foo'),
        ('transport_maps = inline:{ x.test=foo:bar }', 'unknown mail transport: foo'),
    ]

    def test_a_broken_configuration_is_refused(self):
        text = self.main_cf.read_text()
        before = self.workers()
        number = text.count('\n') + 1
        for line, said in self.BROKEN:
            name = line.split(' = ')[0]
            with self.subTest(line=line):
                kept = [old if old.split(' =')[0] != name else '#' for old in text.splitlines()]
                try:
                    self.main_cf.write_text('\n'.join([*kept, line]) + '\n')
                    for command in ('check', 'reload'):
                        wrong = self.ekiden(command, check=False)
                        self.assertNotEqual(wrong.returncode, 0, command)
                        self.assertIn(f'main.cf, line {number}: ', wrong.stdout + wrong.stderr)
                        self.assertIn(said, wrong.stdout + wrong.stderr)
                    self.assertEqual(self.workers() - before, set(), 'nobody was replaced')
                    self.ours.assert_serves()
                finally:
                    self.main_cf.write_text(text)
        self.ekiden('reload')
        self.ours.assert_serves()

    def test_a_program_that_cannot_start_is_no_reason_to_end_the_old_one(self):
        """What no check can know: the new workers of one service die. The others of that generation go, too."""
        text, master_cf = self.main_cf.read_text(), self.ours.folder / 'etc' / 'master.cf'
        services = master_cf.read_text()
        programs = self.ours.folder / 'programs'
        programs.mkdir()
        for program in (pathlib.Path(self.ours.facts['commands']['ekiden'][0]).parent).iterdir():
            (programs / program.name).symlink_to(program)
        (programs / 'pop3d').unlink()
        (programs / 'pop3d').symlink_to('/bin/false')
        before = self.workers()
        try:
            self.main_cf.write_text(text + f'daemon_directory = {programs}\nsmtpd_banner = never ESMTP\n')
            self.ekiden('check')
            refused = self.ekiden('reload', check=False)
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn('a new worker cannot start: ekiden/pop3d: exit status 1 before it served', refused.stderr)
            waiting.until(lambda: not self.workers() - before, 'the workers of before, and no others', 30)
            self.assertNotIn('never', self.greeting())
            self.ours.assert_serves()
        finally:
            self.main_cf.write_text(text)
            master_cf.write_text(services)
        self.ekiden('reload')
        self.ours.assert_serves()

    def test_networks_from_files(self):
        """mynetworks from /file and cidr:/file, one naming the other, negated items first."""
        text = self.main_cf.read_text()
        etc = self.ours.folder / 'etc'
        (etc / 'networks').write_text('# ours\n192.0.2.0/24\n')
        (etc / 'clients').write_text('127.0.0.0/8 OK\n')

        def relays():
            with self.ours.smtp() as client:
                client.command('MAIL FROM:<x@elsewhere.test>')
                return client.command('RCPT TO:<y@far.test>')[0] == 250
        try:
            self.assertFalse(relays())
            for value, wanted in ((f'{etc}/networks', False), (f'{etc}/networks cidr:{etc}/clients', True),
                                  (f'!127.0.0.1 cidr:{etc}/clients', False)):
                self.main_cf.write_text(text + f'mynetworks = {value}\n')
                self.ekiden('reload')
                waiting.until(lambda wanted=wanted: relays() == wanted, f'{value}: {wanted}')
            (etc / 'networks').write_text(f'cidr:{etc}/clients\n')
            self.main_cf.write_text(text + f'mynetworks = {etc}/networks\n')
            self.ekiden('reload')
            waiting.until(relays, 'a file that names a table')
        finally:
            self.main_cf.write_text(text)
        self.ekiden('reload')
        waiting.until(lambda: not relays(), 'the old networks')

    def test_what_dies_comes_back(self):
        for name in sorted({row['name'] for row in self.ours.refresh()['processes']} - {'master'}):
            with self.subTest(program=name):
                victims = self.ours.pids(name)
                of_master = [pid for pid in victims if parent_of(pid) == self.ours.pids('master')[0]]
                for pid in victims:
                    os.kill(pid, signal.SIGKILL)
                # The logger's own end stands in the log of the next one.
                waiting.until(lambda told=of_master: all(self.was_killed(pid) for pid in told),
                              f'the log tells of {name}', 30)
                waiting.until(lambda name=name, victims=victims: set(self.ours.pids(name)) - set(victims) and
                              not [pid for pid in victims if running(pid)], f'{name} comes back', 30)
                waiting.until(self.ours.serves, f'all is well again after {name}', 30)

    def was_killed(self, pid):
        return re.search(rf'process \S+ pid {pid} killed by signal 9$', self.ours.log(), re.MULTILINE)

    def test_hung_children_are_replaced(self):
        victim = self.ours.pids('authd')[0]
        os.kill(victim, signal.SIGSTOP)
        waiting.until(lambda: not running(victim) and self.ours.pids('authd'), 'authd is replaced', 40)
        waiting.until(self.ours.serves, 'all is well again', 30)

    def test_a_new_certificate_is_taken_without_restart(self):
        def certificate():
            return ssl.get_server_certificate((self.ours.address, self.ours.port('pop3s')), timeout=10)
        before, pids = certificate(), self.ours.pids('master')
        instance_files.make_certificate(self.ours.folder / 'etc', self.ours.domain)
        waiting.until(lambda: certificate() != before, 'the new certificate', 90, pause=0.5)
        self.assertEqual(self.ours.pids('master'), pids)

    def test_nobody_survives_master(self):
        everyone = self.ours.pids()
        os.kill(self.ours.pids('master')[0], signal.SIGKILL)
        waiting.until(lambda: not [pid for pid in everyone if running(pid)], 'no orphan', 20)
        self.ours.up()
        self.ours.assert_serves()

    def test_the_service_manager_is_told(self):
        self.ours.down()
        path = self.ours.folder / 'notify'
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(path))
            manager.settimeout(30)
            argv = [*self.ours.facts['commands']['ekiden'], 'start-fg']
            with subprocess.Popen(argv, env={**os.environ, 'NOTIFY_SOCKET': str(path)}, stderr=subprocess.DEVNULL) as master:
                self.assertEqual(manager.recv(100), b'READY=1')
                self.ours.assert_serves()
                master.terminate()
                self.assertEqual(manager.recv(100), b'STOPPING=1')
                self.assertEqual(master.wait(30), 0)
        self.ours.up()

    def test_sigterm_ends_in_time(self):
        everyone = self.ours.pids()
        with self.ours.smtp():
            os.kill(self.ours.pids('master')[0], signal.SIGTERM)
            waiting.until(lambda: not [pid for pid in everyone if running(pid)], 'all end in order', 20)
        self.ours.up()
        self.ours.assert_serves()

    def test_a_stop_shortens_what_a_reload_gave(self):
        log = len(self.ours.log())
        with self.ours.smtp(), self.ours.pop3('pop3s', tls=True) as logged_in:
            self.assertTrue(logged_in.login(self.alice['user'], self.alice['password']).startswith('+OK'))
            before = set(self.ours.pids('smtpd')) | set(self.ours.pids('pop3d'))
            self.ekiden('reload')
            waiting.until(lambda: set(self.ours.pids('smtpd')) - before, 'new workers')
            self.assertTrue([pid for pid in before if running(pid)], 'the old ones drain')
            self.ours.down()
        self.assertNotIn('did not stop in time', self.ours.log()[log:])
        self.ours.up()


main(Suite)
