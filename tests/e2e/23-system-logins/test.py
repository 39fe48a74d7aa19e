"""Logins of the system's users: PAM says yes or no, the session runs as that user and ends with it, the login opens the
relay as any other does, and root and the system's own users stay out."""

import pathlib
import shutil

import waiting
from house_test import HouseTest, main
from instance import Instance, scratch
from system_users import SystemUsers, in_own_mounts

MESSAGE = b'Subject: one\n\nfrom a friend\n.with a dot\n'


def status(pid, name):
    """A line of /proc/PID/status; None when the process is gone."""
    try:
        for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines():
            if line.startswith(name + ':'):
                return line.split(':', 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        pass
    return None


class SystemLogins(HouseTest):
    @classmethod
    def prepare(cls):
        cls.folder = cls.use(scratch('system-logins'))
        cls.users = SystemUsers(cls.folder, {'taro': 'taro-secret', 'hanako': 'hanako-secret', 'root': 'root-secret'})
        cls.ours = cls.use(Instance('system-users', system_accounts='yes', home_mailbox='Maildir/', myorigin='local.test',
                                    mydestination='local.test', auth_failure_delay='0s'))

    def put(self, user, content=MESSAGE):
        box = self.users.home(user) / 'Maildir'
        for name in ('new', 'cur', 'tmp'):
            (box / name).mkdir(parents=True, exist_ok=True)
        (box / 'new' / f'1.{len(list(box.glob("new/*")))}.here').write_bytes(content)
        self.users.own(user, box)

    def sessions_of(self, user):
        uid = str(self.users.uids[user])
        return [int(path.name) for path in pathlib.Path('/proc').iterdir()
                if path.name.isdigit() and (status(path.name, 'Uid') or [''])[0] == uid]

    def test_a_session_runs_as_its_user(self):
        self.put('taro')
        with self.ours.pop3() as client:
            self.assertEqual(client.login('taro', 'taro-secret')[:3], '+OK')
            self.assertEqual(client.count(), 1)
            self.assertIn(b'.with a dot', client.multi('RETR 1'))
            pids = self.sessions_of('taro')
            self.assertEqual(len(pids), 1, 'one process, as taro')
            for name, wanted in (('Gid', [str(self.users.uids['taro'])] * 4), ('Groups', []), ('CapEff', ['0' * 16]),
                                 ('NoNewPrivs', ['1']), ('Seccomp', ['2'])):
                self.assertEqual(status(pids[0], name), wanted, name)
            client.ok('DELE 1')
            client.quit()
        waiting.until(lambda: not self.sessions_of('taro'), 'the process ends with its session')
        self.assertEqual(list((self.users.home('taro') / 'Maildir').glob('*/*')), [])
        self.assertRegex(self.ours.log(), r'pop3d-session\[\d+\]: .*taro')

    def test_with_its_domain_and_under_tls(self):
        self.put('hanako')
        with self.ours.pop3('pop3s', tls=True) as client:
            self.assertEqual(client.login('hanako@local.test', 'hanako-secret')[:3], '+OK')
            self.assertEqual(client.count(), 1)
            client.quit()
        waiting.until(lambda: not self.sessions_of('hanako'), 'the process ends with its session')

    def test_a_client_that_is_gone_leaves_nothing(self):
        client = self.ours.pop3()
        self.assertEqual(client.login('taro', 'taro-secret')[:3], '+OK')
        self.assertEqual(len(self.sessions_of('taro')), 1)
        client.close()
        waiting.until(lambda: not self.sessions_of('taro'), 'the process ends with its client')

    def test_who_stays_out(self):
        for user, password in (('taro', 'wrong'), ('taro@example.test', 'taro-secret'), ('root', 'root-secret'),
                               ('daemon', 'x'), ('nobody-here', 'x'), ('../taro', 'taro-secret')):
            with self.subTest(user=user), self.ours.pop3() as client:
                self.assertEqual(client.login(user, password)[:11], '-ERR [AUTH]')
        self.assertEqual(self.sessions_of('taro'), [])

    def test_accounts_go_first(self):
        with self.ours.pop3() as client:
            alice = self.ours.account()
            self.assertEqual(client.login(alice['user'], alice['password'])[:3], '+OK')

    def test_opens_the_relay_for_the_users_own_address(self):
        source = '127.0.0.9'    # nobody has logged in from there
        with self.ours.smtp(source=source) as client:
            client.command('MAIL FROM:<taro@local.test>')
            self.assertEqual(client.command('RCPT TO:<x@far.test>')[0], 550)
        with self.ours.pop3(source=source) as client:
            self.assertEqual(client.login('taro', 'taro-secret')[:3], '+OK')
            client.quit()
        for sender, code in (('taro@local.test', 250), ('hanako@local.test', 550), ('taro@example.test', 550)):
            with self.subTest(sender=sender), self.ours.smtp(source=source) as client:
                client.command(f'MAIL FROM:<{sender}>')
                self.assertEqual(client.command('RCPT TO:<x@far.test>')[0], code)

    def test_submission(self):
        with self.ours.smtp('submissions', tls=True) as client:
            self.assertEqual(client.login('taro', 'wrong')[0], 535)
        with self.ours.smtp('submissions', tls=True) as client:
            self.assertEqual(client.login('taro', 'taro-secret')[0], 235)
            client.command('MAIL FROM:<taro@local.test>')
            self.assertEqual(client.command('RCPT TO:<x@far.test>')[0], 250)

    def test_many_bad_logins_leave_others_served(self):
        clients = [self.use(self.ours.pop3()) for _ in range(20)]
        for client in clients:
            client.ok('USER taro')
            client.send('PASS wrong')
        with self.ours.pop3() as client:
            alice = self.ours.account()
            self.assertEqual(client.login(alice['user'], alice['password'])[:3], '+OK')
        for client in clients:
            self.assertEqual(client.line()[:11], '-ERR [AUTH]')

    def test_an_mbox_in_the_spool_directory(self):
        spool = self.folder / 'spool'
        spool.mkdir()
        shutil.chown(spool, 'root', 'mail')
        spool.chmod(0o2775)
        box = spool / 'taro'
        box.write_bytes(b''.join(b'From x@y.test Sat Nov 21 10:00:0%d 2026\n%s\n' % (n, MESSAGE) for n in range(3)))
        self.users.own('taro', box)
        shutil.chown(box, group='mail')
        box.chmod(0o660)
        self.ours.restart(home_mailbox='', mail_spool_directory=spool)
        with self.ours.pop3() as client:
            self.assertEqual(client.login('taro', 'taro-secret')[:3], '+OK')
            self.assertEqual(client.count(), 3)
            self.assertIn(b'.with a dot', client.multi('RETR 3'))
            self.assertEqual(status(self.sessions_of('taro')[0], 'Groups'), [str(spool.stat().st_gid)])
            client.ok('DELE 2')
            client.quit()
        self.assertEqual(box.read_bytes().count(b'From x@y.test'), 2)
        self.assertEqual(box.stat().st_uid, self.users.uids['taro'])
        self.assertFalse((spool / 'taro.lock').exists(), 'no lock of other programs is left')
        with self.ours.pop3() as client:    # who has no mailbox yet has an empty one
            self.assertEqual(client.login('hanako', 'hanako-secret')[:3], '+OK')
            self.assertEqual(client.count(), 0)

    def test_off_is_off(self):
        self.ours.restart(system_accounts='no')
        self.assertEqual(self.ours.pids('pam-helper') + self.ours.pids('session-starter'), [])
        with self.ours.pop3() as client:
            self.assertEqual(client.login('taro', 'taro-secret')[:11], '-ERR [AUTH]')


class AsOneUser(HouseTest):
    """Whoever runs the suite: root never logs in, and accounts are served as ever."""

    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('system-users-one', system_accounts='yes', auth_failure_delay='0s'))

    def test_root_stays_out(self):
        with self.ours.pop3() as client:
            self.assertEqual(client.login('root', 'any')[:11], '-ERR [AUTH]')
        with self.ours.pop3() as client:
            alice = self.ours.account()
            self.assertEqual(client.login(alice['user'], alice['password'])[:3], '+OK')


in_own_mounts()
main(AsOneUser, for_root=(SystemLogins,), left_out='users with passwords of their own')
