"""The machine's own limits, measured in the same run."""

import generator


def measure(house, ours):
    disk = generator.run('disk', folder=house.folder)
    certificate, key = ours.certificate()
    handshakes = generator.run('handshakes', certificate=certificate, key=key)
    house.limits = {**disk, 'handshakes': handshakes['server_per_core'], 'handshake_ms': handshakes['server_ms'],
                    'handshake_both_ms': handshakes['both_ms']}
    print(f'limits: 4 KiB appended and synced: {disk["append_1"]:,.0f}/s by 1 writer, {disk["append_16"]:,.0f}/s by 16; '
          f'files made, synced, removed: {disk["create_1"]:,.0f}/s by 1, {disk["create_16"]:,.0f}/s by 16;\n'
          f'        TLS 1.3 handshakes with RSA-2048: {handshakes["server_per_core"]:,.0f}/s on one core (server alone, '
          f'{handshakes["server_ms"]:.2f} ms; with the client {handshakes["both_ms"]:.2f} ms)', flush=True)
