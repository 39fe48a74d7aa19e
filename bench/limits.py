"""The machine's own limits, measured in the same run."""

import generator


def measure(house, ours):
    disk = generator.run('disk', folder=house.folder)
    certificate, key = ours.certificate()
    handshakes = generator.run('handshakes', certificate=certificate, key=key)
    house.limits = {**disk, 'handshakes': handshakes['server_per_core'], 'handshake_ms': handshakes['server_ms'],
                    'handshake_both_ms': handshakes['both_ms']}
    print('\n'.join(lines(house.limits)), flush=True)


def lines(limits):
    yield (f'limits: 4 KiB appended and synced: {limits["append_1"]:,.0f}/s by 1 writer, {limits["append_16"]:,.0f}/s by '
           f'16; files made, synced, removed: {limits["create_1"]:,.0f}/s by 1, {limits["create_16"]:,.0f}/s by 16;')
    yield (f'        TLS 1.3 handshakes with RSA-2048: {limits["handshakes"]:,.0f}/s on one core (server alone, '
           f'{limits["handshake_ms"]:.2f} ms; with the client {limits["handshake_both_ms"]:.2f} ms)')
