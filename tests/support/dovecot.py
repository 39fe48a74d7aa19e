"""A private Dovecot on loopback ports of its own, with its own configuration, state, users and Maildirs: the POP3
server that the checks are held against, and the one that answers a Postfix's SASL questions.

    with Dovecot(folder, {'carol': 'secret'}) as dovecot: ...    # dovecot.port, dovecot.tls_port, dovecot.sasl_socket

Nothing is slowed down on purpose (penalties for failed logins are off), so that what is measured or checked is the
server. Needs root, as Dovecot's master does."""

import os
import pathlib
import pwd
import subprocess
import sys

import waiting
from instance import ROOT, free_port

sys.path.insert(0, str(ROOT / 'scripts'))
import instance_files    # noqa: E402

SERVER = '/usr/sbin/dovecot'
CONFIGURATION = '''\
base_dir = {base}/run
state_dir = {base}/state
instance_name = {name}
log_path = {base}/dovecot.log
protocols = pop3
listen = {address}
ssl = yes
ssl_cert = <{base}/cert.pem
ssl_key = <{base}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 apop scram-sha-1 scram-sha-256
auth_failure_delay = 0
mail_location = maildir:{mail}/%n
first_valid_uid = 1
mail_max_userip_connections = 1000
pop3_lock_session = yes
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%n {base}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/homes/%n
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener {base}/sasl {{
    mode = 0666
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = {tls_port}
    ssl = yes
  }}
}}
{more}'''


class Dovecot:
    """`users` are {name: password}; each has the Maildir `mail`/name, made at the first login or by whoever delivers
    there as vmail. `more` is further text of the configuration."""

    def __init__(self, folder, users, address='127.0.0.1', mail=None, more=''):
        assert os.geteuid() == 0, 'Dovecot runs as root only'
        self.base = pathlib.Path(folder)
        self.address = address
        self.port = free_port(address)
        self.tls_port = free_port(address)
        self.mail = pathlib.Path(mail) if mail else self.base / 'mail'
        self.sasl_socket = self.base / 'sasl'
        self.process = None
        owner = pwd.getpwnam('vmail')
        for part in (self.base, self.base / 'state', self.base / 'homes', self.mail):
            part.mkdir(parents=True, exist_ok=True)
            part.chmod(0o755)
        for part in (self.base / 'homes', self.mail):
            os.chown(part, owner.pw_uid, owner.pw_gid)
        # the base of virtual users: passwd-file's form, of which only name and password are used
        secrets = self.base / 'users'
        secrets.touch(mode=0o600)
        secrets.write_text(''.join(f'{user}:{{PLAIN}}{password}\n' for user, password in users.items()))
        os.chown(secrets, pwd.getpwnam('dovecot').pw_uid, -1)
        instance_files.make_certificate(self.base, 'example.test')
        (self.base / 'dovecot.conf').write_text(CONFIGURATION.format(
            base=self.base, name=self.base.name, address=address, mail=self.mail, uid=owner.pw_uid, gid=owner.pw_gid,
            port=self.port, tls_port=self.tls_port, more=more))

    def start(self):
        with open(self.base / 'start.log', 'ab') as log:
            self.process = subprocess.Popen([SERVER, '-F', '-c', str(self.base / 'dovecot.conf')], stdout=log,
                                            stderr=log, start_new_session=True)
        waiting.until(self._serves, f'Dovecot serves (see {self.base}/dovecot.log)', 20)
        return self

    def _serves(self):
        assert self.process.poll() is None, self.log()
        return all(not instance_files.is_free(self.address, port) for port in (self.port, self.tls_port))

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        self.process = None

    def log(self):
        logs = (self.base / 'start.log', self.base / 'dovecot.log')
        return ''.join(path.read_text(errors='replace') for path in logs if path.exists())

    def maildir(self, user):
        return self.mail / user

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
