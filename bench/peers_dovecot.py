"""Dovecot as a peer: POP3, LMTP and SASL for Postfix, on Maildir, as Debian installs it, with the limits raised that
docs/performance.md lists under "The peers' settings"."""

import os
import pathlib
import pwd
import signal
import subprocess

import waiting
from group import Group
from ours import DOMAIN, PASSWORD

CONFIGURATION = '''\
base_dir = {base}/run
instance_name = bench-{label}
log_path = {base}/log/dovecot.log
protocols = pop3 lmtp
listen = 127.0.0.1
mail_location = maildir:{base}/mail/%n
mail_privileged_group = mail
first_valid_uid = 1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
ssl_dh = </usr/share/dovecot/dh.pem
disable_plaintext_auth = no
auth_mechanisms = plain
mail_max_userip_connections = 20000
default_vsz_limit = 2G
default_process_limit = {processes}
default_client_limit = 20000
passdb {{
  driver = passwd-file
  args = {base}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/mail/%n
}}
namespace inbox {{
  inbox = yes
}}
service anvil {{
  client_limit = 40000
}}
service auth {{
  client_limit = 40000
  unix_listener {base}/sasl {{
    mode = 0666
  }}
}}
service pop3-login {{
  service_count = 0
  process_min_avail = 2
  process_limit = 2
  client_limit = 8192
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service pop3 {{
  process_limit = {processes}
  service_count = {reuse}
}}
service lmtp {{
  unix_listener {base}/lmtp {{
    mode = 0666
  }}
}}
'''


class Dovecot:
    name = 'Dovecot'

    def __init__(self, folder, ours, ports, users=40, label='dovecot', reuse=False, group=None):
        self.base = pathlib.Path(folder) / label
        self.ports = dict(zip(('pop3', 'pop3s'), ports))
        self.own_group = group is None
        self.group = group or Group(label)
        self.process = None
        for part in ('run', 'log', 'mail'):
            (self.base / part).mkdir(parents=True, exist_ok=True)
        user = pwd.getpwnam('vmail')
        os.chown(self.base / 'mail', user.pw_uid, user.pw_gid)
        certificate, key = ours.certificate()
        self.configuration = self.base / 'dovecot.conf'
        self.configuration.write_text(CONFIGURATION.format(
            base=self.base, label=label, certificate=certificate, key=key, uid=user.pw_uid, gid=user.pw_gid,
            pop3=ports[0], pop3s=ports[1], reuse=0 if reuse else 1, processes=6000))
        (self.base / 'users').write_text(''.join(f'u{n}@{DOMAIN}:{{PLAIN}}{PASSWORD}\n' for n in range(users)))

    def exec_start(self):
        """Start it, without waiting until it serves."""
        self.process = subprocess.Popen(['/usr/sbin/dovecot', '-F', '-c', str(self.configuration)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        preexec_fn=self.group.join)
        self.group.roots.add(self.process.pid)

    def start(self):
        self.exec_start()
        signs = self.base / 'lmtp', self.base / 'run' / 'master.pid'
        waiting.reached(lambda: self._ended() or all(sign.exists() for sign in signs), 20)
        if self._ended() or not all(sign.exists() for sign in signs):
            raise RuntimeError(f'Dovecot does not start: {self.log()[-2000:]}')
        return self

    def _ended(self):
        return self.process.poll() is not None

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        self.process = None

    def close(self):
        self.stop()
        if self.own_group:
            self.group.close()

    def log(self):
        path = self.base / 'log' / 'dovecot.log'
        return path.read_text(errors='replace') if path.exists() else ''

    def where(self, service):
        return {'address': '127.0.0.1', 'port': self.ports[service]}

    def maildir(self, number):
        return self.base / 'mail' / f'u{number}'
