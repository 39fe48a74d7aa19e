"""A private Postfix on a loopback address and ports of its own, with its own configuration, queue and data
directories: the remote host of the tests, and a sender. It delivers its domain's mail into a Maildir through
virtual(8). Needs root, as Postfix's master does."""

import os
import pathlib
import pwd
import subprocess

import waiting
from peers import Sink

MAIN_CF = '''\
compatibility_level = 3.6
config_directory = {base}/etc
queue_directory = {base}/spool
data_directory = {base}/data
maillog_file = {base}/log/mail.log
maillog_file_prefixes = {base}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.{domain}
mydomain = {domain}
mydestination =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {base}/mail
virtual_mailbox_maps = texthash:{base}/etc/mailboxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_peername_lookup = no
biff = no
'''

REMOTE_HOST = '''\
smtp_bind_address = {address}
mynetworks = {address}/32
smtpd_client_restrictions =
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtputf8_enable = no
'''

SERVICES = '''\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
'''


def lay_out(base, domain, users, listeners):
    """The folders and files of a private Postfix below `base` but for main.cf, whose beginning is returned. `listeners`:
    the lines of master.cf for its addresses. Each of `users` has a Maildir mail/USER."""
    for part in ('etc', 'spool', 'data', 'mail', 'log'):
        (base / part).mkdir(parents=True, exist_ok=True)
    user = pwd.getpwnam('vmail')
    os.chown(base / 'mail', user.pw_uid, user.pw_gid)
    os.chown(base / 'data', pwd.getpwnam('postfix').pw_uid, -1)
    (base / 'etc' / 'master.cf').write_text(listeners + SERVICES)
    (base / 'etc' / 'mailboxes').write_text(''.join(f'{name}@{domain} {name}/\n' for name in users))
    return MAIN_CF.format(base=base, domain=domain, uid=user.pw_uid, gid=user.pw_gid)


class Postfix:
    """`domain`'s mail server at address:port; each of `users` has a Maildir, see `messages`. `settings` are further
    lines of main.cf."""

    def __init__(self, folder, domain, address, port=25, users=('carol',), settings=None):
        assert os.geteuid() == 0, 'Postfix runs as root only'
        self.base = pathlib.Path(folder)
        self.domain = domain
        self.address = address
        self.port = port
        self.etc = self.base / 'etc'
        text = lay_out(self.base, domain, users, f'{address}:{port} inet n - n - - smtpd\n')
        text += REMOTE_HOST.format(address=address)
        text += ''.join(f'{name} = {value}\n' for name, value in (settings or {}).items())
        (self.etc / 'main.cf').write_text(text)

    def command(self, *arguments):
        done = subprocess.run(['/usr/sbin/postfix', '-c', str(self.etc), *arguments], capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 0, f'postfix {arguments}: {done.stdout}{done.stderr}{self.log()}'

    def start(self):
        self.command('start')
        return self

    def stop(self):
        pid_file = self.base / 'spool' / 'pid' / 'master.pid'
        try:
            pid = int(pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return
        self.command('stop')
        waiting.until(lambda: not os.path.exists(f'/proc/{pid}'), 'Postfix ends')

    def log(self):
        path = self.base / 'log' / 'mail.log'
        return path.read_text(errors='replace') if path.exists() else ''

    def maildir(self, user):
        return self.base / 'mail' / user

    def messages(self, user):
        """The contents of a user's messages, as bytes, oldest first."""
        files = [*self.maildir(user).glob('new/*'), *self.maildir(user).glob('cur/*')]
        return [path.read_bytes() for path in sorted(files)]

    def submit(self, sender, recipients, content):
        """Send by this Postfix: its own smtpd trusts its own address."""
        import smtplib
        with smtplib.SMTP(self.address, self.port, source_address=(self.address, 0), timeout=30) as client:
            client.sendmail(sender, recipients, content)

    def flush(self):
        subprocess.run(['/usr/sbin/postqueue', '-c', str(self.etc), '-f'], check=True, capture_output=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class SinkHost:
    """What stands for the remote Postfix where that cannot run: a sink whose messages look like those of a Maildir."""

    def __init__(self, address, port=0):
        self.sink = Sink(address, port)
        self.port = self.sink.port

    def messages(self, user):
        return [b'Return-Path: <' + sender.encode() + b'>\n' + content.replace(b'\r\n', b'\n')
                for sender, recipients, content in list(self.sink.messages)
                if any(recipient.startswith(user + '@') for recipient in recipients)]

    def __enter__(self):
        self.sink.__enter__()
        return self

    def __exit__(self, *how):
        self.sink.__exit__(*how)


def remote_host(folder, domain, address, port):
    """The mail server of `domain`: a Postfix, or for an ordinary user a sink in its place."""
    return Postfix(folder, domain, address, port=port) if os.geteuid() == 0 else SinkHost(address, port)
