"""ekiuser: each of its commands against a running suite, where POP3 and SMTP see what it did at once, the prompts of a
terminal, and the same commands on the database itself while the suite is stopped."""

import os
import pty
import subprocess

import waiting
from house_test import HouseTest, main
from instance import Instance

EX_OK, EX_USAGE, EX_DATAERR, EX_NOUSER, EX_NOPERM = 0, 64, 65, 67, 77
CAROL = 'carol@example.test'


class Accounts(HouseTest):
    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('accounts', auth_failure_delay='0s'))

    def ekiuser(self, *words, password=None, status=EX_OK):
        argv = [*self.ours.facts['commands']['ekiuser'], *words]
        done = subprocess.run(argv, input=password and password + '\n', capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, status, f'{words}: {done.stdout}{done.stderr}')
        return done.stdout

    def login(self, user, password, apop=False):
        with self.ours.pop3() as client:
            answer = client.apop(user, password) if apop else client.login(user, password)
            return answer.startswith('+OK')

    def known(self, address):
        with self.ours.smtp() as client:
            client.command('MAIL FROM:<x@elsewhere.test>')
            return client.command(f'RCPT TO:<{address}>')[0] == 250

    # --- while the suite runs ---
    def test_add_show_list(self):
        self.assertFalse(self.known(CAROL))
        self.ekiuser('add', CAROL, '--quota', '2M', password='first')
        self.assertTrue(self.login(CAROL, 'first'))
        self.assertTrue(self.known(CAROL))
        self.ekiuser('add', CAROL, password='second', status=EX_NOPERM)
        self.assertTrue(self.login(CAROL, 'first'), 'a refused add changes nothing')
        shown = self.ekiuser('show', CAROL)
        for line in (f'address: {CAROL}', 'enabled: yes', f'quota: {2 << 20}', 'apop: no'):
            self.assertIn(line + '\n', shown)
        self.assertIn(CAROL + '\n', self.ekiuser('list'))
        self.assertIn(CAROL + '\n', self.ekiuser('list', 'example.test'))
        self.assertNotIn(CAROL, self.ekiuser('list', 'example.net'))

    def test_quota(self):
        self.ekiuser('quota', CAROL, '1G')
        self.assertIn(f'quota: {1 << 30}\n', self.ekiuser('show', CAROL))
        self.ekiuser('quota', CAROL, 'much', status=EX_DATAERR)
        self.ekiuser('quota', CAROL, '0')
        self.assertIn('quota: none\n', self.ekiuser('show', CAROL))

    def test_passwd_and_test_login(self):
        self.ekiuser('passwd', CAROL, password='changed')
        self.assertFalse(self.login(CAROL, 'first'), 'what was remembered of the old one ended')
        self.assertTrue(self.login(CAROL, 'changed'))
        self.ekiuser('test-login', CAROL, password='changed')
        self.ekiuser('test-login', CAROL, password='first', status=EX_NOPERM)

    def test_apop(self):
        self.assertFalse(self.login(CAROL, 'changed', apop=True))
        self.ekiuser('apop', CAROL, 'on', password='wrong', status=EX_NOPERM)
        self.ekiuser('apop', CAROL, 'on', password='changed')
        self.assertTrue(self.login(CAROL, 'changed', apop=True))
        self.ekiuser('apop', CAROL, 'off')
        self.assertFalse(self.login(CAROL, 'changed', apop=True))

    def test_disable_and_enable(self):
        self.ekiuser('disable', CAROL)
        self.assertFalse(self.login(CAROL, 'changed'))
        self.assertTrue(self.known(CAROL), 'it still gets mail')
        self.assertIn(f'{CAROL} disabled\n', self.ekiuser('list'))
        self.ekiuser('enable', CAROL)
        self.assertTrue(self.login(CAROL, 'changed'))

    def test_domains(self):
        self.ekiuser('add', 'd@example.net', password='d', status=EX_NOUSER)
        self.ekiuser('domain', 'add', 'example.net')
        self.assertIn('example.net\n', self.ekiuser('domain', 'list'))
        self.ekiuser('add', 'd@example.net', password='d')
        self.assertTrue(self.known('d@example.net'))
        self.ekiuser('delete', 'd@example.net')
        self.ekiuser('domain', 'delete', 'example.net')
        self.assertNotIn('example.net\n', self.ekiuser('domain', 'list'))
        self.assertFalse(self.known('d@example.net'))

    def test_aliases(self):
        self.ekiuser('alias', 'add', 'sales@example.test', CAROL)
        self.assertTrue(self.known('sales@example.test'))
        self.assertIn(f'sales@example.test {CAROL}\n', self.ekiuser('alias', 'list'))
        self.assertIn('alias: sales@example.test\n', self.ekiuser('show', CAROL))
        self.ekiuser('alias', 'delete', 'sales@example.test')
        self.assertFalse(self.known('sales@example.test'))

    def test_what_is_wrong(self):
        self.ekiuser(status=EX_USAGE)
        self.ekiuser('frobnicate', status=EX_USAGE)
        self.ekiuser('add', 'no address', password='x', status=EX_DATAERR)
        self.ekiuser('show', 'nobody@example.test', status=EX_NOUSER)

    # --- at a terminal ---
    def at_a_terminal(self, words, answers):
        """Run with a terminal as standard input and type the answers; (status, what was shown there and said)."""
        ours, theirs = pty.openpty()
        try:
            with subprocess.Popen([*self.ours.facts['commands']['ekiuser'], *words], stdin=theirs,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as tool:
                os.close(theirs)
                said = b''
                for prompt, answer in answers:
                    while not said.endswith(prompt):
                        more = os.read(tool.stdout.fileno(), 1)
                        self.assertTrue(more, f'no "{prompt}": {said}')
                        said += more
                    os.write(ours, answer.encode() + b'\n')
                said += tool.stdout.read()
                shown = b''
                os.set_blocking(ours, False)
                try:
                    shown = os.read(ours, 4096)
                except OSError:
                    pass    # nothing was echoed, or the other end is closed
                return tool.wait(30), shown, said
        finally:
            os.close(ours)

    def test_the_terminal_asks_twice_and_shows_nothing(self):
        questions = (b'Password: ', b'Again: ')
        status, shown, said = self.at_a_terminal(['passwd', CAROL], zip(questions, ('typed', 'typed')))
        self.assertEqual(status, EX_OK, said)
        self.assertNotIn(b'typed', shown + said)
        self.assertTrue(self.login(CAROL, 'typed'))
        status, _, said = self.at_a_terminal(['passwd', CAROL], zip(questions, ('one', 'other')))
        self.assertEqual(status, EX_DATAERR, said)
        self.assertIn(b'the two passwords differ', said)
        self.assertTrue(self.login(CAROL, 'typed'))
        status, _, said = self.at_a_terminal(['test-login', CAROL], [(b'Password: ', 'typed')])
        self.assertEqual(status, EX_OK, said)

    # --- while it is stopped ---
    def test_the_stopped_suite(self):
        self.ours.down()
        self.ekiuser('add', 'erin@example.test', password='offline')
        self.ekiuser('passwd', CAROL, password='meanwhile')
        self.ekiuser('test-login', CAROL, password='meanwhile')
        self.ekiuser('alias', 'add', 'info@example.test', 'erin@example.test')
        self.ekiuser('show', 'nobody@example.test', status=EX_NOUSER)
        self.assertIn('erin@example.test\n', self.ekiuser('list'))
        self.ours.up()
        self.assertTrue(self.login('erin@example.test', 'offline'))
        self.assertTrue(self.login(CAROL, 'meanwhile'))
        self.assertFalse(self.login(CAROL, 'typed'))
        self.assertTrue(self.known('info@example.test'))

    def test_delete(self):
        self.ekiuser('delete', CAROL)
        self.assertFalse(self.login(CAROL, 'meanwhile'))
        waiting.until(lambda: not self.known(CAROL), 'no more mail for it')
        self.ekiuser('delete', CAROL, status=EX_NOUSER)


main(Accounts)
