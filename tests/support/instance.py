"""A private Ekiden for a test, by ./dev instance: what a person would get, on free ports.

    with Instance('story', dns_nameservers='127.0.0.1') as ours:
        with Smtp(ours.address, ours.port('smtp')) as client: ...

Settings are main.cf parameters. When the test ends badly the instance's log is shown. Its folder stands below the
temporary directory and goes when the test is done."""

import contextlib
import importlib.machinery
import importlib.util
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

import waiting
from clients import Pop3, Smtp

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOOL = [sys.executable, str(ROOT / 'scripts' / 'instance')]
sys.path.insert(0, str(ROOT / 'scripts'))
loader = importlib.machinery.SourceFileLoader('instance_tool', TOOL[1])
tool = importlib.util.module_from_spec(importlib.util.spec_from_loader('instance_tool', loader))
loader.exec_module(tool)


def new_folder(name):
    """A folder of a test's own that other users can pass through."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f'ekiden-{name}-'))
    folder.chmod(0o755)
    return folder


@contextlib.contextmanager
def scratch(name):
    """A new folder that goes when the test is done."""
    folder = new_folder(name)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port(address='127.0.0.1'):
    with socket.create_server((address, 0)) as probe:
        return probe.getsockname()[1]


class Instance:
    def __init__(self, name, domain='example.test', address=None, folder=None, accounts='alice,bob', **settings):
        self.own_folder = folder is None
        self.folder = pathlib.Path(folder) if folder else new_folder(name)
        self.options = ['--domain', domain, '--accounts', accounts] + (['--address', address] if address else [])
        self.settings = settings
        self.facts = {}

    # --- life ---
    def up(self, **settings):
        """Start, or start again; settings given here stay."""
        self.settings.update(settings)
        chosen = [word for name, value in self.settings.items() for word in ('--set', f'{name}={value}')]
        self._tool('up', self.folder, *self.options, *chosen)
        self.refresh()
        return self

    def down(self):
        self._tool('down', self.folder)

    def restart(self, **settings):
        self.down()
        self.up(**settings)

    def refresh(self):
        """What `./dev instance info` prints, now (asked for hundreds of times in some tests: without a process)."""
        self.facts = tool.info(tool.record_of(self.folder.resolve()))
        return self.facts

    def _tool(self, command, *arguments):
        done = subprocess.run([*TOOL, command, *map(str, arguments)], capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, f'instance {command}: {done.stdout}{done.stderr}\n{self.log()[-4000:]}'
        return done.stdout

    def __enter__(self):
        return self.up()

    def __exit__(self, kind, *_):
        if kind and issubclass(kind, Exception):    # not Ctrl-C
            print(f'--- log of {self.folder}', self.log()[-12000:], '---', sep='\n', flush=True)
        try:
            self.down()
            crashed = re.findall(r'.*killed by signal (?:4|6|7|8|11)\b.*', self.log())
            assert kind or not crashed, f'a program of {self.folder} crashed: {crashed}'
        finally:
            if self.own_folder and not (kind and os.environ.get('EKIDEN_KEEP')):
                shutil.rmtree(self.folder, ignore_errors=True)

    # --- facts ---
    @property
    def address(self):
        return self.facts['address']

    @property
    def domain(self):
        return self.facts['domain']

    def port(self, name):
        return self.facts['ports'][name]

    def account(self, number=0):
        """{'user', 'address', 'password'}: 0 is alice, 1 is bob."""
        return self.facts['accounts'][number]

    def pids(self, name=None):
        return [row['pid'] for row in self.refresh()['processes'] if name in (None, row['name'])]

    def log(self):
        path = self.folder / 'log' / 'mail.log'
        return path.read_text(errors='replace') if path.exists() else ''

    # --- what people do with it ---
    def command(self, name, *arguments, text=None, check=True):
        """Run one of the commands of `info` with further arguments; its output."""
        argv = [word for word in self.facts['commands'][name] if word != '{address}'] + list(arguments)
        done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=60)
        assert not check or done.returncode == 0, f'{argv}: {done.stdout}{done.stderr}'
        return done.stdout

    def add_account(self, address, password):
        argv = [word.replace('{address}', address) for word in self.facts['commands']['add_account']]
        done = subprocess.run(argv, input=password + '\n', capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f'{argv}: {done.stdout}{done.stderr}'

    def smtp(self, port='smtp', **how):
        return Smtp(self.address, self.port(port), **how)

    def pop3(self, port='pop3', **how):
        return Pop3(self.address, self.port(port), **how)

    def assert_serves(self):
        """Mail for the first account is taken, and its owner can log in."""
        account = self.account(0)
        with self.smtp() as client:
            code, text = client.mail('x@elsewhere.test', [account['address']], b'Subject: x\r\n\r\nx\r\n')
        assert code == 250, f'{code} {text}'
        with self.pop3() as client:
            answer = client.login(account['user'], account['password'])
            assert answer.startswith('+OK'), answer
            client.quit()

    def serves(self):
        try:
            self.assert_serves()
            return True
        except (AssertionError, OSError, EOFError):
            return False

    def queue_is_empty(self):
        return 'empty' in self.command('mailq').lower()

    def maildir(self, address):
        local, domain = address.split('@')
        return pathlib.Path(self.facts['paths']['mail']) / domain / local

    def messages(self, address):
        """The contents of a mailbox on disk, as bytes with LF, oldest first (as root or the mailbox's owner)."""
        box = self.maildir(address)
        return [path.read_bytes() for path in sorted([*box.glob('new/*'), *box.glob('cur/*')])]

    def wait_for_messages(self, address, count, seconds=30):
        return waiting.until(lambda: len(self.messages(address)) >= count and self.messages(address),
                             f'{count} messages for {address}', seconds)
