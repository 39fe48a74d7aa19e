"""An edit by ekiconf is whole or has not happened: killed at each of its system calls, with each of them failing, and with
many edits at a time. strace kills and fails."""

import os
import pathlib
import re
import subprocess

from house_test import HouseTest, main
from instance import scratch

OLD = '# kept\nmyhostname = old.example.test\nrelayhost =\n  [one]\n'
NEW = '# kept\nmyhostname = new.example.test\nrelayhost =\n  [one]\n'
MASTER = 'smtp inet n - n - - smtpd\n'
MASTER_EDITS = [('-M', '-e', 'smtp/inet=smtp inet n - n - 5 smtpd'), ('-F', '-e', 'smtp/inet/process_limit=7'),
                ('-P', '-e', 'smtp/inet/smtpd_banner=hello')]
CALL = re.compile(r'^(\w+)\(')
FAILING = {'openat': 'EACCES', 'write': 'ENOSPC', 'fsync': 'EIO', 'rename': 'EROFS', 'fchmod': 'EPERM', 'flock': 'ENOLCK'}
AT_A_TIME = 12


class Edits(HouseTest):
    @classmethod
    def prepare(cls):
        cls.folder = cls.use(scratch('edits')) / 'etc'
        cls.folder.mkdir()
        cls.ekiconf = pathlib.Path(os.environ['EKIDEN_BIN']) / 'ekiconf'

    def begin(self):
        for path in self.folder.iterdir():
            path.unlink()
        (self.folder / 'main.cf').write_text(OLD)
        (self.folder / 'main.cf').chmod(0o640)
        (self.folder / 'master.cf').write_text(MASTER)

    def content(self):
        return (self.folder / 'main.cf').read_text()

    def command(self, *words):
        return [str(self.ekiconf), '-c', str(self.folder), *words]

    def trace(self, *options, edit=('-e', 'myhostname=new.example.test')):
        self.begin()
        done = subprocess.run(['strace', '-f', '-o', str(self.folder / 'calls'), *options, *self.command(*edit)],
                              capture_output=True, text=True, timeout=60)
        return done, (self.folder / 'calls').read_text()

    def calls(self, **how):
        """The system calls of an edit from its lock on, as (name, how many of that name before and with it)."""
        done, log = self.trace(**how)
        self.assertEqual(done.returncode, 0, done.stderr)
        if not how:
            self.assertEqual(self.content(), NEW)
        seen, calls, locked = {}, [], False
        for line in log.splitlines():
            name = CALL.match(line.split(' ', 1)[1].lstrip())
            if not name or name.group(1) == 'exit_group':
                continue
            name = name.group(1)
            seen[name] = seen.get(name, 0) + 1
            locked = locked or name == 'flock'
            if locked:
                calls.append((name, seen[name]))
        return calls

    def test_killed_at_each_call(self):
        contents = []
        for name, number in self.calls():
            with self.subTest(call=name, number=number):
                done, _ = self.trace('-e', f'inject={name}:signal=KILL:when={number}')
                self.assertNotEqual(done.returncode, 0)
                contents.append(self.content())
                self.assertIn(contents[-1], (OLD, NEW))
                self.assertEqual((self.folder / 'main.cf').stat().st_mode & 0o7777, 0o640)
                # What is left behind keeps nobody from the next edit.
                subprocess.run(self.command('-e', 'myhostname=new.example.test'), check=True, timeout=30)
                self.assertEqual(self.content(), NEW)
                self.assertFalse((self.folder / 'main.cf.tmp').exists())
        self.assertGreater(contents.count(OLD), 5)
        self.assertGreater(contents.count(NEW), 0)

    def test_master_cf_killed_at_each_call(self):
        path = self.folder / 'master.cf'
        for edit in MASTER_EDITS:
            calls, contents = self.calls(edit=edit), []
            new = path.read_text()
            self.assertNotEqual(new, MASTER)
            for name, number in calls:
                with self.subTest(edit=edit, call=name, number=number):
                    done, _ = self.trace('-e', f'inject={name}:signal=KILL:when={number}', edit=edit)
                    self.assertNotEqual(done.returncode, 0)
                    contents.append(path.read_text())
                    self.assertIn(contents[-1], (MASTER, new))
                    self.assertEqual(self.content(), OLD, 'main.cf is not touched')
                    subprocess.run(self.command(*edit), check=True, timeout=30)
                    self.assertEqual(path.read_text(), new)
                    self.assertFalse((self.folder / 'master.cf.tmp').exists())
            self.assertGreater(contents.count(MASTER), 5)
            self.assertGreater(contents.count(new), 0)

    def test_each_call_failing(self):
        told = 0
        for name, number in self.calls():
            if name not in FAILING:
                continue
            with self.subTest(call=name, number=number):
                done, _ = self.trace('-e', f'inject={name}:error={FAILING[name]}:when={number}')
                self.assertIn(self.content(), (OLD, NEW))
                if done.returncode == 0:
                    self.assertEqual(self.content(), NEW)
                else:
                    told += 1
                    self.assertRegex(done.stderr, r'^ekiconf: fatal: \S')
                self.assertFalse((self.folder / 'main.cf.tmp').exists())
        self.assertGreaterEqual(told, 4)

    def test_many_at_a_time(self):
        self.begin()
        edits = [subprocess.Popen(self.command('-e', f'name_{number}={number}'), stderr=subprocess.PIPE)
                 for number in range(AT_A_TIME)]
        for edit in edits:
            self.assertEqual((edit.communicate(timeout=60)[1], edit.returncode), (b'', 0))
        lines = self.content().splitlines()
        self.assertEqual(sorted(lines), sorted(OLD.splitlines() + [f'name_{n} = {n}' for n in range(AT_A_TIME)]))

    def test_both_files_at_a_time(self):
        self.begin()
        edits = [subprocess.Popen(self.command('-P', f'smtp/inet/p_{number}={number}'), stderr=subprocess.PIPE)
                 for number in range(AT_A_TIME)] + [subprocess.Popen(self.command('-X', 'relayhost'))]
        for edit in edits:
            edit.communicate(timeout=60)
            self.assertEqual(edit.returncode, 0)
        shown = subprocess.run(self.command('-qP'), capture_output=True, text=True, timeout=30).stdout
        self.assertEqual(shown.splitlines(), sorted(f'smtp/inet/p_{n} = {n}' for n in range(AT_A_TIME)))
        self.assertEqual(self.content(), '# kept\nmyhostname = old.example.test\n')


main(Edits)
