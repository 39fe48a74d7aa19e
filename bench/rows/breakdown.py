"""Our processes one by one, without peers: CPU of each for a message that is accepted and delivered, for a POP3 cycle,
and the memory that idle connections add to each."""

import generator
from group import cpu_of, pss_kib
from ours import CHEAP_HASH, DOMAIN, PASSWORD, Ours
from rows.idle import SESSIONS
from rows.local import USERS, empty, wait_for_boxes
from rows.pop3 import fill


def run(house):
    ours = Ours(house.folder, users=1000, **SESSIONS, **CHEAP_HASH)
    house.begin(ours)
    generator.run('smtp', count=4 * USERS, to=f'u%@{DOMAIN}', users=USERS, **ours.where('smtp'))
    wait_for_boxes(ours)
    boxes = [ours.maildir(user) / 'new' for user in range(USERS)]
    for each in (1, 100):
        count = house.size(4000, 1000)
        with_cpu(ours, f'message of 4 KB, {each} a connection, until it stands in a Maildir', 'smtp', count=count,
                 each=each, to=f'u%@{DOMAIN}', users=USERS, watch=[str(box) for box in boxes], **ours.where('smtp'))
        empty(boxes)
    fill(ours, 20)
    for service, tls in (('pop3', None), ('pop3s', 'tls')):
        login = dict(users=USERS * 2, user=f'u%@{DOMAIN}', password=PASSWORD, sources=20, **ours.where(service))
        generator.run('pop3', tls, count=USERS * 2, **login)
        with_cpu(ours, f'POP3 cycle, {"TLS" if tls else "plain"}', 'pop3', tls, count=house.size(2000, 400), **login)
    for protocol, service in (('smtp', 'smtp'), ('pop3', 'pop3')):
        for tls in (None, 'tls'):
            idle(ours, protocol, service + ('s' if tls and protocol == 'pop3' else ''), tls)


def with_cpu(ours, what, *mode, **options):
    ours.group.settle()
    before = ours.group.by_name(cpu_of)
    result = generator.run(*mode, **options)
    ours.group.settle()
    show(f'CPU ms a {what} ({result["rate"]:,.0f}/s)', before, ours.group.by_name(cpu_of), 1000 / result['count'])


def idle(ours, protocol, service, tls, count=1000):
    ours.stop()
    ours.start()
    options = dict(protocol=protocol, user=f'u%@{DOMAIN}', password=PASSWORD, users=count, sources=50, seconds=300,
                   **ours.where(service))
    with generator.running('idle', tls, count=20, **options):
        pass
    ours.group.settle()
    before = ours.group.by_name(pss_kib)
    with generator.running('idle', tls, count=count, **options):
        ours.group.settle()
        after = ours.group.by_name(pss_kib)
    show(f'KiB a connection of {count:,} idle ones, {protocol}{", TLS" if tls else ""}', before, after, 1 / count)


def show(what, before, after, scale):
    print(f'\n{what}:')
    grown = {name: (value - before.get(name, 0)) * scale for name, value in after.items()}
    for name, value in grown.items():
        if value >= 0.001:
            print(f'  {name:<15} {value:8.3f}')
    print(f'  {"all":<15} {sum(grown.values()):8.3f}', flush=True)
