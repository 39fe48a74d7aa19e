"""What a private instance consists of on disk before it starts: main.cf, master.cf and certificate. Master makes the
directories of the spool, the state and the mail, each with its owner."""

import os
import pathlib
import random
import socket
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Services with a port, in the order of their ports from the base upwards.
PORTS = ['smtp', 'smtp_alt', 'submission', 'submissions', 'pop3', 'pop3s']

MAIN_CF = '''\
# A private instance on loopback. Nothing here trusts 127.0.0.1 more than any other client: mynetworks is empty, so
# that relaying needs a login or a POP-before-SMTP grant even from this host.
myhostname = mail.{domain}
mydomain = {domain}
myorigin = {domain}
mydestination =
alias_maps =
alias_database =
mynetworks =
inet_interfaces = {interfaces}
config_directory = {etc}
daemon_directory = {bin}
command_directory = {bin}
queue_directory = {base}/spool
data_directory = {base}/state
virtual_mailbox_base = {base}/mail
maillog_file = {base}/log/mail.log
smtpd_tls_cert_file = {etc}/cert.pem
smtpd_tls_key_file = {etc}/key.pem
smtpd_client_event_limit_exceptions = 127.0.0.0/8, [::1]/128
'''

# Without a name server of its own an instance asks nobody: it must not talk to the world.
NO_DNS = '''\
dns_nameservers = 127.0.0.1
dns_port = {closed_port}
dns_trust_anchor_file =
smtpd_peername_lookup = no
'''

MASTER_CF = '''\
# service       type  private unpriv chroot wakeup maxproc command
{smtp:<15} inet  n       -      y      -      {workers:<7} smtpd
{smtp_alt:<15} inet  n       -      y      -      1       smtpd
{submission:<15} inet  n       -      y      -      1       submission
{submissions:<15} inet  n       -      y      -      1       submission -o smtpd_tls_wrappermode=yes
{pop3:<15} inet  n       -      y      -      1       pop3d
{pop3s:<15} inet  n       -      y      -      1       pop3d -o pop3d_tls_wrappermode=yes
pop3-session    unix  -       -      n      -      1       pop3d-session
authd           unix  -       -      n      -      1       authd
pam             unix  -       n      n      -      1       pam-helper
session-starter unix  -       n      n      -      1       session-starter
qmgr            unix  -       -      n      -      1       manager
rewrite         unix  -       -      n      -      1       router
relay           unix  -       -      y      -      1       relay
resolver        unix  -       -      y      -      1       resolver
virtual         unix  -       n      n      -      1       local-delivery
pickup          unix  -       -      n      60     1       pickup
postlog         unix  -       -      n      -      1       logger
'''


def interfaces(address):
    """The addresses that an instance listens on."""
    if address:
        return [address]
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(('::1', 0))
        return ['127.0.0.1', '::1']
    except OSError:
        return ['127.0.0.1']


def is_free(address, port):
    with socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def choose_ports(base, addresses):
    """{service: port} from `base`, or from a free place below the ephemeral ports."""
    for attempt in range(200):
        first = base or random.randrange(15000, 31000, 10)
        taken = [first + i for i in range(len(PORTS)) if not all(is_free(a, first + i) for a in addresses)]
        if not taken:
            return {name: first + i for i, name in enumerate(PORTS)}
        if base:
            raise SystemExit(f'instance: port {taken[0]} is in use; choose another --port-base')
    raise SystemExit('instance: found no free ports')


def make_directories(base):
    """DIR itself, open to the users of the processes, and what master does not make itself."""
    base.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        base.chmod(0o755)
        closed = [folder for folder in base.parents if not folder.stat().st_mode & 0o001]
        if closed:
            raise SystemExit(f'instance: {closed[0]} is closed to other users, and the processes of an instance '
                             'started by root run as several; choose another place')
    for name in ('etc', 'log'):
        (base / name).mkdir(exist_ok=True)
        (base / name).chmod(0o755)


def make_certificate(etc, domain):
    """A self-signed certificate for the names a client may use. The key stays root's (or the caller's)."""
    names = f'subjectAltName=DNS:mail.{domain},DNS:localhost,IP:127.0.0.1'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj',
                    f'/CN=mail.{domain}', '-addext', names, '-keyout', str(etc / 'key.pem'), '-out',
                    str(etc / 'cert.pem')], check=True, capture_output=True)
    (etc / 'key.pem').chmod(0o600)


def replace(path, text):
    """In one step: sendmail reads main.cf also while the instance starts again."""
    new = path.with_name(f'.{path.name}.new')
    new.write_text(text)
    new.rename(path)


def write(base, domain, binaries, ports, addresses, settings):
    """main.cf and master.cf; `settings` are (name, value) pairs that win over what stands here."""
    values = dict(domain=domain, base=base, etc=base / 'etc', bin=binaries, interfaces=', '.join(addresses))
    text = MAIN_CF.format(**values)
    given = dict(settings)
    if 'dns_nameservers' not in given:
        text += NO_DNS.format(closed_port=ports['smtp'] + len(PORTS))
    kept = [line for line in text.split('\n') if line.split('=')[0].strip() not in given]
    kept += [f'{name} = {value}' for name, value in given.items()]
    replace(base / 'etc' / 'main.cf', '\n'.join(kept).strip() + '\n')
    replace(base / 'etc' / 'master.cf', MASTER_CF.format(workers=2, **ports))
