"""From exec to the first greeting."""

import time

from house import greeting
from ours import Ours
from peers_dovecot import Dovecot
from peers_postfix import Postfix


def run(house):
    ours = Ours(house.folder, users=1)
    house.begin(ours)
    postfix = Postfix(house.folder, ours, house.ports(2))
    dovecot = Dovecot(house.folder, ours, house.ports(2))
    house.begin(postfix, dovecot)
    for service, peer in (('smtp', postfix), ('pop3', dovecot)):
        values = house.alternate((ours, peer), house.pairs(), lambda side: once(side, service))
        house.table.add('start', f'to the greeting of {service}', values)


def once(side, service):
    side.stop()
    side.group.settle()
    cpu, begun = side.group.cpu(), time.monotonic()
    side.exec_start()
    greeting(**side.where(service))
    elapsed = time.monotonic() - begun
    side.group.settle()
    return {'start_s': elapsed, 'cpu_ms': (side.group.cpu() - cpu) * 1000, 'idle_mib': side.group.pss() / 1024}
