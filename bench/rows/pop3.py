"""POP3 cycles: USER, PASS, STAT, UIDL, 2 × RETR, QUIT; then with DELE; plain and TLS. Dovecot with a process for each
session, as installed, and with processes used again."""

import os
import pwd
import time

from house import measured
from ours import DOMAIN, PASSWORD, Ours
from peers_dovecot import Dovecot

USERS = 40
AT_ONCE = 20
MESSAGES = 20    # in each mailbox
CASES = [    # TLS, DELE, cycles (full, quick)
    (False, False, 2000, 600),
    (True, False, 1000, 300),
    (False, True, 1000, 0),
    (True, True, 1000, 0),
]


def run(house):
    ours = Ours(house.folder, users=USERS)
    house.begin(ours)
    fresh = Dovecot(house.folder, ours, house.ports(2), users=USERS)
    reused = Dovecot(house.folder, ours, house.ports(2), users=USERS, label='dovecot-reuse', reuse=True)
    reused.name = 'Dovecot, re-use'
    house.begin(fresh, reused)
    sides = (ours, fresh, reused)
    for tls, remove, full, quick in CASES:
        cycles = house.size(full, quick)
        if not cycles:
            continue

        def once(side, remove=remove, cycles=cycles):
            fill(side, MESSAGES + (2 * cycles // USERS if remove else 0))
            options = dict(connections=AT_ONCE, sources=AT_ONCE, users=USERS, user=f'u%@{DOMAIN}', password=PASSWORD,
                           **side.where('pop3s' if tls else 'pop3'))
            # Every user once unmeasured: the mailbox is opened, the password check remembered.
            measured(side, 'pop3', tls and 'tls', count=USERS, **options)
            return measured(side, 'pop3', tls and 'tls', remove and 'remove', count=cycles, **options)

        for side in sides:
            once(side, False, USERS * 4)
        values = house.alternate(sides, house.pairs(), once)
        limit = None
        if tls:
            limit = ('TLS handshakes (server alone) on all cores', house.limits['handshakes'] * os.cpu_count())
        elif remove:
            limit = None
        house.table.add('POP3', ('TLS' if tls else 'plain') + (', with DELE' if remove else ''), values, unit='cycles',
                        limit=limit)


def fill(side, wanted):
    """Each mailbox holds `wanted` messages of 4 KB, under the names that both servers give."""
    owner = pwd.getpwnam('vmail')
    body = b'From: a@load.test\nTo: b@load.test\nSubject: load\n\n' + (b'x' * 76 + b'\n') * 52
    wire = len(body) + body.count(b'\n')
    for user in range(USERS):
        box = side.maildir(user)
        for part in (box.parent, box, box / 'tmp', box / 'new', box / 'cur'):
            if not part.exists():
                part.mkdir(mode=0o700)
                os.chown(part, owner.pw_uid, owner.pw_gid)
        there = [*(box / 'new').iterdir(), *(box / 'cur').iterdir()]
        for extra in there[wanted:]:
            extra.unlink()
        for number in range(wanted - len(there)):
            unique = f'{time.time_ns() // 10**9}.M{time.monotonic_ns() // 1000}P{number}.bench'
            file = box / 'new' / f'{unique},S={len(body)},W={wire}'
            file.write_bytes(body)
            os.chown(file, owner.pw_uid, owner.pw_gid)
