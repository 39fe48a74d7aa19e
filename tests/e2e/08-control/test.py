"""The control of the black-box checks: Debian's Dovecot and Postfix pass them too, in clear and under TLS. So they ask
for what the field asks for, and not for what Ekiden happens to do."""

import json
import subprocess
import sys

from dovecot import Dovecot
from house_test import HouseTest, main
from instance import ROOT, free_port, scratch
from postfix import Postfix

DOMAIN = 'control.test'
HOST = '127.0.0.6'
USER, PASSWORD = 'carol', 'carol-secret'
NOT_OFFERED = {'utf8', 'lang'}    # extensions that Dovecot does not offer
INSIDE_TLS = {'stls', 'stls.injection', 'stls.user-forgotten', 'stls.after-login-refused'}


class Control(HouseTest):
    """Postfix delivers into the Maildirs that Dovecot serves, and asks Dovecot who may relay."""

    @classmethod
    def prepare(cls):
        folder = cls.use(scratch('control'))
        cls.dovecot = cls.use(Dovecot(folder / 'dovecot', {USER: PASSWORD}, HOST, mail=folder / 'postfix' / 'mail'))
        settings = {'smtpd_sasl_auth_enable': 'yes', 'smtpd_sasl_type': 'dovecot',
                    'smtpd_sasl_path': cls.dovecot.sasl_socket, 'smtpd_tls_security_level': 'may',
                    'smtpd_tls_cert_file': cls.dovecot.base / 'cert.pem',
                    'smtpd_tls_key_file': cls.dovecot.base / 'key.pem', 'smtpd_error_sleep_time': '0s'}
        cls.postfix = cls.use(Postfix(folder / 'postfix', DOMAIN, HOST, port=free_port(HOST), settings=settings,
                                      users=(USER, 'postmaster')))
        cls.results = folder / 'results'

    def check(self, program, port, *more, unasked=frozenset()):
        """Run one of the checks: none may fail, and none but `unasked` be passed over for want of the feature."""
        done = subprocess.run(
            [sys.executable, str(ROOT / 'tests' / 'support' / program), '--host', HOST, '--port', str(port), '--user',
             USER, '--password', PASSWORD, '--rcpt', f'{USER}@{DOMAIN}', '--json', str(self.results), *more],
            capture_output=True, text=True, timeout=280)
        if done.returncode != 0:
            print(done.stdout, done.stderr)
        self.assertEqual(done.returncode, 0, 'see the list above')
        results = json.loads(self.results.read_text())
        self.assertLessEqual({name for name, (verdict, _) in results.items() if verdict == 'skip'}, unasked)

    def test_pop3(self):
        self.check('pop3check.py', self.dovecot.port, '--smtp', str(self.postfix.port), unasked=NOT_OFFERED)

    def test_pop3_after_stls(self):
        self.check('pop3check.py', self.dovecot.port, '--smtp', str(self.postfix.port), '--starttls',
                   unasked=NOT_OFFERED | {'stls.after-login-refused'})

    def test_pop3s(self):
        self.check('pop3check.py', self.dovecot.tls_port, '--smtp', str(self.postfix.port), '--tls',
                   unasked=NOT_OFFERED | INSIDE_TLS)

    def test_smtp(self):
        self.check('smtpcheck.py', self.postfix.port)

    def test_smtp_after_starttls(self):
        self.check('smtpcheck.py', self.postfix.port, '--starttls', unasked={'auth.not-offered-in-clear'})


main(Control, root_only='Postfix and Dovecot, the controls, run as root only')
