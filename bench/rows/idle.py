"""Memory of an idle connection: SMTP greeted, POP3 logged in, each plain and TLS. What is counted is the growth of the
PSS of all processes of a side, divided by the connections."""

import generator
from ours import CHEAP_HASH, DOMAIN, PASSWORD, Ours
from peers_dovecot import Dovecot
from peers_postfix import Postfix

PATIENT = {'smtpd_timeout': '3600s'}    # opening 5,000 takes Postfix minutes
SESSIONS = {**PATIENT, 'smtpd_session_limit': '10000', 'pop3d_connection_limit': '10000'}


def run(house):
    counts = (400,) if house.quick else (1000, 5000)
    users = max(counts)
    ours = Ours(house.folder, users=users, **SESSIONS, **CHEAP_HASH)
    house.begin(ours)
    postfix = Postfix(house.folder, ours, house.ports(2), smtpd_limit=6000, **PATIENT)
    dovecot = Dovecot(house.folder, ours, house.ports(2), users=users)
    house.begin(postfix, dovecot)
    for count in counts:
        for protocol, peer in (('smtp', postfix), ('pop3', dovecot)):
            for tls in (False, True):
                if house.quick and (protocol == 'smtp') == tls:
                    continue
                values = house.alternate((ours, peer), house.pairs(1, 1),
                                         lambda side: hold(side, protocol, tls, count))
                what = 'SMTP greeted' if protocol == 'smtp' else 'POP3 logged in'
                house.table.add('idle', f'{count:,} × {what}{", TLS" if tls else ""}', values, unit='connections')


def hold(side, protocol, tls, count):
    service = 'pop3s' if tls and protocol == 'pop3' else protocol
    side.stop()    # a process that had more connections before would have room for these
    side.start()
    options = dict(protocol=protocol, user=f'u%@{DOMAIN}', password=PASSWORD, users=count, sources=50, seconds=900,
                   **side.where(service))
    with generator.running('idle', tls and 'tls', count=20, **options):    # what is made only once does not count
        pass
    side.group.settle()
    before, cpu = side.group.pss(), side.group.cpu()
    with generator.running('idle', tls and 'tls', count=count, **options) as held:
        side.group.settle()
        opened = side.group.cpu() - cpu
        grown = side.group.pss() - before
    side.group.settle()
    return {'kib_each': grown / count, 'open_cpu_ms': opened * 1000 / count, 'rate': held.begun['rate'],
            'idle_mib': before / 1024, 'own_share': held.begun['own_share']}
