"""SMTP in to Maildir, until the last file stands."""

import waiting
from house import measured
from ours import DOMAIN, Ours
from peers_postfix import Postfix, PostfixLmtp

USERS = 20
CASES = [    # size, messages a connection, messages (full, quick)
    (4096, 1, 2000, 800),
    (4096, 100, 3000, 0),
    (65536, 1, 1000, 0),
]


def run(house):
    ours = Ours(house.folder, users=USERS)
    house.begin(ours)
    postfix = Postfix(house.folder, ours, house.ports(2), users=USERS)
    lmtp = PostfixLmtp(house.folder, ours, house.ports(4), users=USERS)
    house.begin(postfix, lmtp)
    sides = (ours, postfix, lmtp)
    for side in sides:    # makes the mailboxes
        measured(side, 'smtp', count=4 * USERS, to=f'u%@{DOMAIN}', users=USERS, **side.where('smtp'))
        wait_for_boxes(side)
    for size, each, full, quick in CASES:
        count = house.size(full, quick)
        if not count:
            continue

        def once(side):
            boxes = [side.maildir(user) / 'new' for user in range(USERS)]
            values = measured(side, 'smtp', count=count, each=each, size=size, to=f'u%@{DOMAIN}', users=USERS,
                              watch=[str(box) for box in boxes], **side.where('smtp'))
            empty(boxes)
            return values

        values = house.alternate(sides, house.pairs(), once)
        house.table.add('local', f'{size // 1024} KB, {each} a connection', values,
                        limit=('files of 4 KiB made and synced by 16 writers', house.limits['create_16']))


def wait_for_boxes(side):
    boxes = [side.maildir(user) / 'new' for user in range(USERS)]

    def all_there():
        return all(box.exists() for box in boxes) and sum(len(list(box.iterdir())) for box in boxes) >= 4 * USERS
    if not waiting.reached(all_there, 60, pause=0.05):
        raise RuntimeError(f'{side.name} does not deliver: {getattr(side, "log", str)()[-3000:]}')
    empty(boxes)


def empty(boxes):
    for box in boxes:
        for file in box.iterdir():
            file.unlink()
