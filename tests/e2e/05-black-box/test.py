"""The black-box checks of POP3 and SMTP against an instance: none may fail, in clear, after STLS or STARTTLS, and under
TLS. Their notes are printed, for a person to look at."""

import subprocess
import sys

from house_test import HouseTest, main
from instance import ROOT, Instance


class BlackBox(HouseTest):
    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('black-box', auth_failure_delay='0s', auth_failure_delay_max='0s',
                                    smtpd_error_sleep_time='0s'))
        cls.alice = cls.ours.account(0)

    def check(self, program, port, *more):
        done = subprocess.run(
            [sys.executable, str(ROOT / 'tests' / 'support' / program), '--host', self.ours.address, '--port',
             str(self.ours.port(port)), '--user', self.alice['user'], '--password', self.alice['password'], '--rcpt',
             self.alice['address'], *more], capture_output=True, text=True, timeout=280)
        for line in done.stdout.split('\n'):
            if done.returncode != 0 or not line.startswith('ok   ') or float(line[40:].split('s')[0]) > 3:
                print(line)
        self.assertEqual(done.returncode, 0, 'see the list above')

    def test_pop3(self):
        self.check('pop3check.py', 'pop3', '--smtp', str(self.ours.port('smtp')))

    def test_pop3_after_stls(self):
        self.check('pop3check.py', 'pop3', '--smtp', str(self.ours.port('smtp')), '--starttls')

    def test_pop3s(self):
        self.check('pop3check.py', 'pop3s', '--smtp', str(self.ours.port('smtp')), '--tls')

    def test_smtp(self):
        self.check('smtpcheck.py', 'smtp')

    def test_smtp_after_starttls(self):
        self.check('smtpcheck.py', 'smtp', '--starttls')


main(BlackBox)
