"""Submission: STARTTLS, AUTH PLAIN, one message a connection; the message is held as in the row accept. Postfix asks
Dovecot for the password."""

import os

import generator
from house import measured
from ours import DOMAIN, PASSWORD, Ours
from peers_postfix import PostfixSasl

USERS = 40
AT_ONCE = 20


def run(house):
    port, silent = house.ports(1)[0], house.address(2)
    ours = Ours(house.folder, users=USERS, relayhost=f'[{silent}]:{port}')
    house.begin(ours)
    postfix = PostfixSasl(house.folder, ours, house.ports(4), users=USERS, smtpd_client_restrictions='static:HOLD')
    house.begin(postfix)

    def once(side, count):
        options = dict(connections=AT_ONCE, sources=AT_ONCE, users=USERS, user=f'u%@{DOMAIN}', password=PASSWORD,
                       to='user@held.test')
        options['from'] = f'u%@{DOMAIN}'
        values = measured(side, 'smtp', 'tls', count=count, **options, **side.where('submission'))
        side.empty_queue()
        return values

    with generator.running('sink', 'silent', sink=f'{silent}:{port}', seconds=3600):
        for side in (ours, postfix):
            once(side, 2 * USERS)
        values = house.alternate((ours, postfix), house.pairs(), lambda side: once(side, house.size(1500, 400)))
    house.table.add('submission', '4 KB, STARTTLS, AUTH PLAIN', values,
                    limit=('TLS handshakes (server alone) on all cores', house.limits['handshakes'] * os.cpu_count()))
