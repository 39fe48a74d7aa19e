"""A large queue: messages to a host that refuses connections, the listing of them, then a stop, a start, and a flush to
the host that now takes them."""

import subprocess
import time

import generator
from house import Peak, greeting, measured
from ours import Ours
from peers_postfix import Postfix

PATIENCE = 900    # seconds for the flush


def run(house):
    count = house.size(50000, 5000)
    place, port = house.address(2), house.ports(1)[0]
    ours = Ours(house.folder, users=1, relayhost=f'[{place}]:{port}')
    house.begin(ours)
    postfix = Postfix(house.folder, ours, house.ports(2), relayhost=f'[{place}]:{port}')
    house.begin(postfix)
    values = house.alternate((ours, postfix), house.pairs(2, 1), lambda side: once(side, count, f'{place}:{port}'))
    house.table.add('queue', f'{count:,} messages of 4 KB', values,
                    limit=('4 KiB appended and synced by 16 writers', house.limits['append_16']))


def once(side, count, sink):
    options = dict(count=count, each=100, to='user@unreachable.test', seconds=PATIENCE)
    values = measured(side, 'smtp', patience=120, manager=True, **options, **side.where('smtp'))
    values['first_line_s'], values['whole_s'] = listing(side.listing())
    side.stop()
    with generator.running('sink', sink=sink, count=count, seconds=PATIENCE) as taken:
        cpu, begun = side.group.cpu(), time.monotonic()
        side.exec_start()
        greeting(**side.where('smtp'))
        values['greeting_s'] = time.monotonic() - begun
        side.flush()
        with Peak(side) as peak:
            result = taken.wait(PATIENCE)
        side.group.settle(60)
        values['manager_mib'] = max(values['manager_mib'], peak.manager_kib / 1024)
        values['first_delivery_s'] = result['first'] - begun
        values['flush_rate'] = count / (result['last'] - begun)
        values['flush_cpu_ms'] = (side.group.cpu() - cpu) * 1000 / count
    side.stop()
    side.start()
    return values


def listing(words):
    """Seconds until the first line of the listing, and until its end."""
    begun = time.monotonic()
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        first = time.monotonic() - begun
        while process.stdout.read(1 << 20):
            pass
    return first, time.monotonic() - begun
