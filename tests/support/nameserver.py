"""A private authoritative name server: Knot on a loopback address and port of its own, with zones of the test's choice.

    with NameServer(folder, {'remote.test': '@ MX 10 mx\\nmx A 127.0.0.3\\n'}) as names: ...

A zone is the text of its records after SOA and NS; names are relative to the zone. `signed` zones get keys, signatures
and NSEC3 from Knot; their DS records (for a trust anchor) come from `trust_anchor`. The zone texts can be changed while
it runs (`set_zone`)."""

import pathlib
import signal
import socket
import subprocess

import waiting

SERVER = '/usr/sbin/knotd'
CONTROL = '/usr/sbin/knotc'
HEADER = '$ORIGIN {zone}.\n$TTL {ttl}\n@ SOA ns hostmaster {serial} 3600 600 86400 {ttl}\n@ NS ns\nns A {address}\n'


def free_udp_port(address):
    """A port that nobody uses for UDP and TCP now."""
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind((address, 0))
            try:
                tcp.bind(udp.getsockname())
            except OSError:
                continue
            return udp.getsockname()[1]
    raise AssertionError('no free port for a name server')


class NameServer:
    def __init__(self, folder, zones, address='127.0.0.1', port=None, signed=(), ttl=60):
        self.folder = pathlib.Path(folder)
        self.address = address
        self.port = port or free_udp_port(address)
        self.ttl = ttl
        self.serial = 1
        self.signed = set(signed)
        self.zones = list(zones)
        self.process = None
        self.folder.mkdir(parents=True, exist_ok=True)
        for zone, text in zones.items():
            self._write_zone(zone, text)
        self._write_configuration()

    def _write_zone(self, zone, text):
        header = HEADER.format(zone=zone, ttl=self.ttl, serial=self.serial, address=self.address)
        (self.folder / f'{zone}.zone').write_text(header + text + '\n')

    def _write_configuration(self):
        lines = [
            'server:', f'    listen: [{self.address}@{self.port}]', f'    rundir: {self.folder}',
            '    udp-workers: 1', '    tcp-workers: 1', '    background-workers: 1',
            'log:', '  - target: stderr', '    any: info',
            'database:', f'    storage: {self.folder}', '    journal-db-max-size: 32M', '    kasp-db-max-size: 10M',
            '    timer-db-max-size: 10M',
            'policy:', '  - id: test', '    algorithm: ecdsap256sha256', '    single-type-signing: on',
            '    nsec3: on', '    nsec3-iterations: 0',
            'zone:',
        ]
        for zone in self.zones:
            lines += [f'  - domain: {zone}', f'    storage: {self.folder}', f'    file: {zone}.zone',
                      '    zonefile-load: difference-no-serial' if zone in self.signed else '    zonefile-load: whole',
                      '    zonefile-sync: -1', '    journal-content: all' if zone in self.signed else
                      '    journal-content: none']
            if zone in self.signed:
                lines += ['    dnssec-signing: on', '    dnssec-policy: test']
        (self.folder / 'knot.conf').write_text('\n'.join(lines) + '\n')

    def start(self):
        log = open(self.folder / 'knot.log', 'ab')
        self.process = subprocess.Popen([SERVER, '-c', str(self.folder / 'knot.conf')], stdout=log, stderr=log,
                                        start_new_session=True)
        log.close()
        waiting.until(self._answers, f'the name server answers (see {self.folder}/knot.log)', 20)
        return self

    def _answers(self):
        assert self.process.poll() is None, (self.folder / 'knot.log').read_text()
        return all(self.ask(zone, 'SOA') for zone in self.zones)

    def ask(self, name, kind):
        """The answer section as kdig prints it short; '' for none."""
        done = subprocess.run(['kdig', f'@{self.address}', '-p', str(self.port), '+short', '+timeout=1', '+retry=0',
                               name, kind], capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ''

    def set_zone(self, zone, text):
        """New contents for a zone, in force when this returns."""
        self.serial += 1
        self._write_zone(zone, text)
        subprocess.run([CONTROL, '-b', '-s', str(self.folder / 'knot.sock'), 'zone-reload', zone], check=True,
                       capture_output=True)

    def trust_anchor(self, zone):
        """DS records of a signed zone in zone-file form, for dns_trust_anchor_file."""
        done = subprocess.run(['/usr/sbin/keymgr', '-c', str(self.folder / 'knot.conf'), zone, 'ds'], check=True,
                              capture_output=True, text=True)
        return done.stdout

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def settings(server):
    """The main.cf settings with which an instance asks this name server and no other."""
    return {'dns_nameservers': server.address, 'dns_port': str(server.port), 'dns_trust_anchor_file': ''}
