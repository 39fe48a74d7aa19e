"""SMTP in to the 250, delivery held back. Postfix puts the mail on hold (its cheapest way); ours, which has no hold at
the door, has a destination whose server accepts connections and never greets: what the scheduler does counts too."""

import generator
from house import measured
from ours import Ours
from peers_postfix import Postfix

CASES = [    # size, messages a connection, messages (full, quick)
    (4096, 1, 4000, 1500),
    (4096, 100, 8000, 2000),
    (65536, 1, 2000, 0),
    (65536, 100, 3000, 0),
]


def run(house):
    port, silent = house.ports(1)[0], house.address(2)
    ours = Ours(house.folder, users=1, relayhost=f'[{silent}]:{port}')
    house.begin(ours)
    postfix = Postfix(house.folder, ours, house.ports(2), smtpd_client_restrictions='static:HOLD')
    house.begin(postfix)
    with generator.running('sink', 'silent', sink=f'{silent}:{port}', seconds=3600):
        for size, each, full, quick in CASES:
            count = house.size(full, quick)
            if not count:
                continue

            def once(side, messages=count):
                values = measured(side, 'smtp', count=messages, each=each, size=size, to='user@held.test',
                                  **side.where('smtp'))
                side.empty_queue()
                return values

            for side in (ours, postfix):
                once(side, 400)
            values = house.alternate((ours, postfix), house.pairs(), once)
            house.table.add('accept', f'{size // 1024} KB, {each} a connection', values,
                            limit=('4 KiB appended and synced by 16 writers', house.limits['append_16']))
