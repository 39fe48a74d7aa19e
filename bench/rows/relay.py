"""SMTP in, queue, MX lookup at a name server on loopback, out to a sink, until the last message arrives. Postfix looks up
the same name server, in a mount namespace with a resolv.conf of its own."""

from house import measured
from nameserver import NameServer, settings
from ours import Ours
from peers_postfix import Postfix

DOMAIN = 'relay.test'
CASES = [    # size, messages a connection, messages (full, quick)
    (4096, 1, 3000, 1000),
    (4096, 100, 4000, 1000),
    (65536, 1, 1500, 400),
]


def run(house):
    sink = house.address(2)
    resolv_conf = house.folder / 'resolv.conf'
    resolv_conf.write_text(f'nameserver {house.address(1)}\n')
    zones = {DOMAIN: f'@ MX 10 mx\nmx A {sink}'}
    with NameServer(house.folder / 'names', zones, address=house.address(1), port=53) as names:
        ours = Ours(house.folder, users=1, **settings(names))
        house.begin(ours)
        postfix = Postfix(house.folder, ours, house.ports(2), resolv_conf=resolv_conf)
        house.begin(postfix)

        def once(side, count, each=1, size=4096):
            return measured(side, 'smtp', count=count, each=each, size=size, to=f'user@{DOMAIN}', sink=f'{sink}:25',
                            **side.where('smtp'))

        for side in (ours, postfix):
            once(side, 200)
        for size, each, full, quick in CASES:
            values = house.alternate((ours, postfix), house.pairs(),
                                     lambda side: once(side, house.size(full, quick), each, size))
            house.table.add('relay', f'{size // 1024} KB, {each} a connection', values,
                            limit=('4 KiB appended and synced by 16 writers', house.limits['append_16']))
        house.end()
