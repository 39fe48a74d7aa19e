"""Our side: a release build brought up by ./dev instance, with its defaults except for what a row needs (relayhost,
mynetworks) and the limits that are raised on the peers too."""

import json
import pathlib
import sqlite3
import subprocess
import sys

from group import Group

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL = [sys.executable, str(ROOT / 'scripts' / 'instance')]
DOMAIN = 'example.test'
PASSWORD = 'bench-password'
SETTINGS = {    # docs/performance.md, "The peers' settings"
    'mynetworks': '127.0.0.0/8',
    'smtpd_peername_lookup': 'no',
    'smtpd_client_event_limit_exceptions': '127.0.0.0/8',
    'smtpd_client_connection_count_limit': '0',
    'pop3d_client_connection_count_limit': '0',
}
CHEAP_HASH = {'auth_hash_memory': '8192', 'auth_hash_operations': '1'}


class Ours:
    name = 'Ekiden'

    def __init__(self, folder, users=40, label='ours', **settings):
        self.folder = pathlib.Path(folder) / label
        self.users = users
        self.settings = {**SETTINGS, **settings}
        self.group = Group(label)
        self.facts = {}
        self.prepared = False
        self.starter = None

    # --- life ---
    def start(self):
        if not self.prepared:
            self._up()
            self._make_users()
            self.prepared = True
        self._up()
        return self

    def _up(self):
        chosen = [word for name, value in self.settings.items() for word in ('--set', f'{name}={value}')]
        self._tool('up', '--domain', DOMAIN, '--address', '127.0.0.1', '--accounts', 'alice', *chosen)
        self.facts = json.loads(self._tool('info'))
        self.group.roots.add(next(row['pid'] for row in self.facts['processes'] if row['name'] == 'master'))

    def exec_start(self):
        """Start what was stopped, without waiting until it serves."""
        words = self.facts['commands']['ekiden']
        self.starter = subprocess.Popen([*words, 'start'], preexec_fn=self.group.join)

    def stop(self):
        if self.starter:
            self.starter.wait(60)
        if self.folder.exists():
            self._tool('down')

    def close(self):
        self.stop()
        self.group.close()

    def _tool(self, command, *arguments):
        done = subprocess.run([*TOOL, command, str(self.folder), *arguments], capture_output=True, text=True,
                              timeout=180, preexec_fn=self.group.join)
        if done.returncode != 0:
            raise RuntimeError(f'instance {command}: {done.stdout}{done.stderr}')
        return done.stdout

    def command(self, name, *arguments, text=None):
        words = self.facts['commands'][name]
        done = subprocess.run([*words, *arguments], input=text, capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            raise RuntimeError(f'{words}: {done.stdout}{done.stderr}')
        return done.stdout

    def _make_users(self):
        """u0, u1, ... with one password: the first by ekiuser, the others as copies of its row (hashing thousands of
        passwords would take longer than all that is measured)."""
        self.command('ekiuser', 'add', f'u0@{DOMAIN}', text=f'{PASSWORD}\n')
        state = pathlib.Path(self.facts['paths']['state'])
        self.stop()
        with sqlite3.connect(state / 'accounts.db') as base:
            columns = [row[1] for row in base.execute('PRAGMA table_info(account)')]
            first = dict(zip(columns, base.execute('SELECT * FROM account WHERE address = ?',
                                                   (f'u0@{DOMAIN}',)).fetchone()))
            for number in range(1, self.users):
                row = {**first, 'address': f'u{number}@{DOMAIN}',
                       'mailbox': first['mailbox'].replace('u0', f'u{number}')}
                base.execute(f'INSERT INTO account ({", ".join(columns)}) VALUES ({", ".join("?" * len(columns))})',
                             [row[column] for column in columns])
        base.close()

    # --- facts ---
    def where(self, service):
        return {'address': self.facts['address'], 'port': self.facts['ports'][service]}

    def maildir(self, number):
        return pathlib.Path(self.facts['paths']['mail']) / DOMAIN / f'u{number}'

    def certificate(self):
        """(certificate, key): the peers use the same."""
        etc = pathlib.Path(self.facts['paths']['config'])
        return etc / 'cert.pem', etc / 'key.pem'

    # --- the queue ---
    def empty_queue(self):
        self.command('ekiqueue', '-d', 'ALL')

    def flush(self):
        self.command('flush')

    def listing(self):
        return self.facts['commands']['mailq']

    def manager_pids(self):
        return [pid for pid in self.group.pids() if _name(pid) == 'manager']


def _name(pid):
    try:
        return pathlib.Path(f'/proc/{pid}/comm').read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ''

