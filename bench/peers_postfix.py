"""Postfix as a peer: a private instance as Debian installs it, fsync and all, with the limits raised that
docs/performance.md lists under "The peers' settings"."""

import ctypes
import os
import pathlib
import subprocess

import postfix
import waiting
from group import Group
from ours import DOMAIN
from peers_dovecot import Dovecot

MAIN_CF = '''\
mynetworks = 127.0.0.0/8
append_dot_mydomain = no
readme_directory = no
mailbox_size_limit = 0
smtpd_client_connection_count_limit = 0
default_process_limit = 200
in_flow_delay = 0
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
'''

LISTENERS = '''\
127.0.0.1:{port} inet n - n - {smtpd_limit} smtpd
127.0.0.1:{submission_port} inet n - n - {smtpd_limit} smtpd
  -o syslog_name=postfix/submission -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_auth_only=yes -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
'''

CLONE_NEWNS, MS_REC, MS_PRIVATE, MS_BIND = 0x20000, 0x4000, 1 << 18, 0x1000
LIBC = ctypes.CDLL(None, use_errno=True)


def with_own_resolv_conf(file):
    """In the child before exec: a mount namespace in which /etc/resolv.conf is `file`, so that MX lookups go to the
    bench's name server."""
    target = os.path.realpath('/etc/resolv.conf').encode()
    if (LIBC.unshare(CLONE_NEWNS) != 0 or LIBC.mount(b'none', b'/', None, MS_REC | MS_PRIVATE, None) != 0 or
            LIBC.mount(str(file).encode(), target, None, MS_BIND, None) != 0):
        raise OSError(ctypes.get_errno(), 'no namespace for the resolver')


class Postfix:
    name = 'Postfix'

    def __init__(self, folder, ours, ports, users=40, label='postfix', resolv_conf=None, smtpd_limit=1200, **settings):
        self.base = pathlib.Path(folder) / label
        self.etc = self.base / 'etc'
        self.ports = dict(zip(('smtp', 'submission'), ports))
        self.group = Group(label)
        self.resolv_conf = resolv_conf
        certificate, key = ours.certificate()
        listeners = LISTENERS.format(port=ports[0], submission_port=ports[1], smtpd_limit=smtpd_limit)
        self.text = postfix.lay_out(self.base, DOMAIN, [f'u{n}' for n in range(users)], listeners)
        self.text += MAIN_CF.format(certificate=certificate, key=key)
        self.settings = settings
        self.starter = None

    # --- life ---
    def start(self):
        (self.etc / 'main.cf').write_text(self.text + ''.join(f'{n} = {v}\n' for n, v in self.settings.items()))
        self._postfix('start')
        self.group.roots.add(self._master())
        return self

    def exec_start(self):
        """Start what was stopped, without waiting until it serves."""
        self.starter = subprocess.Popen(['/usr/sbin/postfix', '-c', str(self.etc), 'start'], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, preexec_fn=self._join)

    def _join(self):
        self.group.join()
        if self.resolv_conf:
            with_own_resolv_conf(self.resolv_conf)

    def _postfix(self, verb):
        done = subprocess.run(['/usr/sbin/postfix', '-c', str(self.etc), verb], capture_output=True, text=True,
                              timeout=120, preexec_fn=self._join)
        if done.returncode != 0:
            raise RuntimeError(f'postfix {verb}: {done.stdout}{done.stderr}{self.log()[-2000:]}')

    def _master(self):
        try:
            return int((self.base / 'spool' / 'pid' / 'master.pid').read_text())
        except (FileNotFoundError, ValueError):
            return None

    def stop(self):
        if self.starter:
            self.starter.wait(60)
        pid = self._master()
        if not pid or not os.path.exists(f'/proc/{pid}'):
            return
        self._postfix('stop')
        waiting.until(lambda: not os.path.exists(f'/proc/{pid}') and not self._own_pids(), 'Postfix ends', 60)

    def _own_pids(self):
        """What is left of this Postfix (the group may hold a Dovecot too)."""
        return [pid for pid in self.group.pids() if _program(pid).startswith('/usr/lib/postfix/')]

    def close(self):
        self.stop()
        self.group.close()

    def log(self):
        path = self.base / 'log' / 'mail.log'
        return path.read_text(errors='replace') if path.exists() else ''

    # --- facts ---
    def where(self, service):
        return {'address': '127.0.0.1', 'port': self.ports[service]}

    def maildir(self, number):
        return self.base / 'mail' / f'u{number}'

    # --- the queue ---
    def _tool(self, name, *arguments):
        done = subprocess.run([f'/usr/sbin/{name}', '-c', str(self.etc), *arguments], capture_output=True, text=True,
                              timeout=600)
        if done.returncode != 0:
            raise RuntimeError(f'{name}: {done.stderr}')

    def empty_queue(self):
        self._tool('postsuper', '-d', 'ALL')

    def flush(self):
        self._tool('postqueue', '-f')

    def listing(self):
        return ['/usr/sbin/postqueue', '-c', str(self.etc), '-p']

    def manager_pids(self):
        return [pid for pid in self.group.pids() if _program(pid).endswith('/qmgr')]


class PostfixLmtp(Postfix):
    """Postfix that delivers through Dovecot's LMTP server: both count."""
    name = 'Postfix + Dovecot LMTP'

    def __init__(self, folder, ours, ports, users=40, label='postfix-lmtp', **settings):
        super().__init__(folder, ours, ports[:2], users, label, **settings)
        self.dovecot = Dovecot(folder, ours, ports[2:], users, label + '-dovecot', group=self.group)
        self.settings['virtual_transport'] = f'lmtp:unix:{self.dovecot.base}/lmtp'

    def start(self):
        self.dovecot.start()
        return super().start()

    def stop(self):
        super().stop()
        self.dovecot.stop()

    def maildir(self, number):
        return self.dovecot.maildir(number)


class PostfixSasl(PostfixLmtp):
    """Postfix whose submission service asks Dovecot for passwords."""
    name = 'Postfix + Dovecot SASL'

    def __init__(self, folder, ours, ports, users=40, label='postfix-sasl', **settings):
        super().__init__(folder, ours, ports, users, label, **settings)
        self.settings.update(smtpd_sasl_type='dovecot', smtpd_sasl_path=f'{self.dovecot.base}/sasl')


def _program(pid):
    try:
        return os.readlink(f'/proc/{pid}/exe')
    except (FileNotFoundError, ProcessLookupError):
        return ''
