"""count.py BIN: what an operation costs the suite of the programs in BIN, in instructions; JSON on standard output.

Operations run one after the other. The suite is started four times: once with the operations that warm it up, and once
more for each kind with COUNT of it on top; the difference is what COUNT operations cost. The counter is Valgrind's
lackey: callgrind counts the same instructions, but would have to create a file at its end, which a confined process
cannot."""

import json
import os
import pathlib
import re
import shutil
import sys

import waiting
from clients import Smtp
from instance import Instance, new_folder
from peers import Sink

COUNT = 30
# The work of hashing belongs to Argon2 (it is made cheap here), and master's to start and stop.
COUNTED = ('logger', 'smtpd', 'manager', 'router', 'local-delivery', 'relay', 'pop3d', 'pop3d-session', 'authd')
CONTENT = b'Subject: cost\r\n\r\n' + (b'x' * 78 + b'\r\n') * 51
# In the place of each program that is counted. Symbols are bound at its start, which is not counted, and not when master
# first asks a process that lives for long enough how it is. Without --fair-sched Valgrind's own lock is a pipe, which it fails to make
# in a process forked later.
WRAPPER = """#!/usr/bin/python3 -IS
import os
import sys
os.environ['LD_BIND_NOW'] = '1'
os.execvp('valgrind', ['valgrind', '--tool=lackey', '--basic-counts=yes', '--fair-sched=yes', '--vgdb=no',
                       {log!r}, {binary!r}, *sys.argv[1:]])
"""


class Suite:
    """The suite with the programs that are counted under Valgrind."""

    def __init__(self, folder, source):
        self.counts = folder / 'counts'
        self.counts.mkdir()
        self.programs = folder / 'bin'
        self.programs.mkdir()
        for binary in source.iterdir():
            if binary.name in COUNTED:
                self.wrap(binary)
            else:
                (self.programs / binary.name).symlink_to(binary)
        os.environ['EKIDEN_BIN'] = str(self.programs)
        self.sink = None    # of the run

    def wrap(self, binary):
        wrapper = self.programs / binary.name
        wrapper.write_text(WRAPPER.format(log=f'--log-file={self.counts}/%p.{binary.name}', binary=str(binary)))
        wrapper.chmod(0o755)

    def run(self, operations):
        """Instructions of each program from start to stop with these operations."""
        self.sink = Sink('127.0.0.6')
        with self.sink, Instance('cost', mynetworks='127.0.0.0/8', relayhost=f'[127.0.0.6]:{self.sink.port}',
                                 auth_hash_memory='8192', auth_hash_operations='1') as server:
            for operation in operations:
                operation(self, server)
            server.down()
        return self.collect()

    def collect(self):
        sums = dict.fromkeys(COUNTED, 0)
        logs = list(self.counts.iterdir())
        pids = {log.name.split('.', 1)[0] for log in logs}
        for log in logs:
            program = log.name.split('.', 1)[1]
            text = log.read_text()
            executed = re.search(r'guest instrs: *([\d,]+)', text)
            # What a counted process forked ends with it, by the kernel's hand, and has no last word.
            forked = re.search(r'Parent PID: (\d+)', text)
            if not executed and forked and forked.group(1) in pids:
                continue
            assert executed, f'{program} left no count:\n{text[-2000:]}'
            sums[program] += int(executed.group(1).replace(',', ''))
        for file in self.counts.iterdir():
            file.unlink()
        return sums


def send(server, recipient):
    with Smtp(server.address, server.port('smtp')) as client:
        code, text = client.mail('a@elsewhere.test', [recipient], CONTENT)
        assert code == 250, text
        client.quit()


def deliver(_, server):
    there = len(server.messages(server.account(0)['address']))
    send(server, server.account(0)['address'])
    server.wait_for_messages(server.account(0)['address'], there + 1)


def relay(suite, server):
    there = len(suite.sink.messages)
    send(server, 'carol@remote.test')
    waiting.until(lambda: len(suite.sink.messages) > there, 'the message at the sink', 30)


def pop3(_, server):
    account = server.account(0)
    with server.pop3() as client:
        client.login(account['address'], account['password'])
        client.ok('STAT')
        for command in ('UIDL', 'RETR 1', 'RETR 2'):
            client.multi(command)
        client.quit()


def measure(suite):
    warm = [deliver, deliver, deliver, relay, relay, pop3, pop3]
    idle = suite.run(warm)
    found = {}
    for operation in (deliver, relay, pop3):
        counts = suite.run(warm + [operation] * COUNT)
        each = {program: round((counts[program] - idle[program]) / COUNT) for program in COUNTED}
        found[operation.__name__] = {program: count for program, count in each.items() if count > 1000}
    return found


def main():
    folder = new_folder('cost')
    try:
        print(json.dumps(measure(Suite(folder, pathlib.Path(sys.argv[1])))))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()
