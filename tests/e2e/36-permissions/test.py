"""`ekiden set-permissions` and what `ekiden check` says about owners and modes, in a tree of its own: directories, the
configuration, programs (small files in the place of the real ones, which are not touched), ekidrop's group, and what is
in maildrop when the group changes."""

import grp
import os
import pathlib
import pwd
import stat
import subprocess

from house_test import HouseTest, main
from instance import Instance, scratch

EX_USAGE, EX_CONFIG = 64, 78
PROGRAMS = ['master', 'smtpd', 'manager', 'router', 'pickup', 'ekiden', 'ekiqueue', 'sendmail', 'ekidrop']


def mode_of(path):
    return stat.S_IMODE(path.lstat().st_mode)


class Tree(HouseTest):
    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('permissions'))
        cls.ours.down()
        cls.programs = cls.use(scratch('permissions-programs'))
        for name in PROGRAMS:
            (cls.programs / name).write_text('#!/bin/sh\n')
            (cls.programs / name).chmod(0o755)
        cls.etc, cls.spool = cls.ours.folder / 'etc', cls.ours.folder / 'spool'
        cls.main_cf = cls.etc / 'main.cf'
        # Its own copies, so that what runs from the build is left alone. `check` wants every program of master.cf.
        with cls.main_cf.open('a') as file:
            file.write(f'command_directory = {cls.programs}\n')
        cls.text = cls.main_cf.read_text()

    def setUp(self):
        self.main_cf.write_text(self.text)
        self.ekiden('set-permissions')

    def ekiden(self, *words, status=0, config=None):
        argv = [*self.ours.facts['commands']['ekiden'][:1], '-c', str(config or self.etc), *words]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, status, f'{words}: {done.stdout}{done.stderr}')
        self.assertEqual(done.stdout, '')
        return done.stderr

    def with_programs(self):
        """The daemons, too, are those of this tree: nothing of the build is looked at."""
        self.main_cf.write_text(self.text + f'daemon_directory = {self.programs}\n')


class Owner(Tree):
    def setUp(self):
        self.with_programs()
        self.ekiden('set-permissions')

    def test_nothing_to_mend(self):
        self.assertEqual(self.ekiden('set-permissions'), '')

    def test_modes_of_directories_and_files(self):
        queue = self.spool / 'queue'
        for path, wanted, wrong in ((queue, 0o700, 0o777), (queue / 'queue.db', 0o600, 0o666), (self.spool / 'corrupt', 0o700, 0o755),
                                    (self.spool / 'empty', 0o555, 0o755), (self.spool / 'public', 0o755, 0o777)):
            self.assertEqual(mode_of(path), wanted, path)
            path.chmod(wrong)
            said = self.ekiden('set-permissions')
            if path != self.spool / 'public':
                self.assertRegex(said, rf'^ekiden: {path}: owner .* mode {wrong:04o} is now .* {wanted:04o}\n$')
            self.assertEqual(mode_of(path), wanted, path)

    def test_state(self):
        """What stands in data_directory keeps its mode but for what others could write."""
        state = self.ours.folder / 'state'
        files = [path for path in state.iterdir() if path.is_file()]
        self.assertTrue(files)
        before = {path: mode_of(path) for path in files}
        for path in files:
            path.chmod(before[path] | 0o022)
        self.ekiden('set-permissions')
        self.assertEqual({path: mode_of(path) for path in files}, before)

    def test_what_is_missing_is_made(self):
        (self.spool / 'corrupt').rmdir()
        self.assertEqual(self.ekiden('set-permissions'), f'ekiden: {self.spool}/corrupt: made\n')

    def test_links_are_refused(self):
        corrupt, aside = self.spool / 'corrupt', self.spool / 'aside'
        corrupt.rename(aside)
        corrupt.symlink_to('/etc')
        before = os.stat('/etc')
        try:
            self.assertIn('it must be a directory, not a link', self.ekiden('set-permissions', status=77))
            self.assertEqual((os.stat('/etc').st_uid, os.stat('/etc').st_mode), (before.st_uid, before.st_mode))
        finally:
            corrupt.unlink()
            aside.rename(corrupt)

    def test_wrong_words(self):
        before = self.main_cf.read_bytes()
        for word in ('nosuch=x', 'mail_owner', 'queue_directory=/tmp', 'myhostname=x', '=x'):
            self.assertIn('ekiden: fatal: ', self.ekiden('set-permissions', word, status=EX_USAGE))
        self.assertEqual(self.main_cf.read_bytes(), before)
        subprocess_status = subprocess.run([*self.ours.facts['commands']['ekiden'], 'status', 'x'], capture_output=True, timeout=60)
        self.assertEqual(subprocess_status.returncode, EX_USAGE)


class Root(Tree):
    def setUp(self):
        self.with_programs()
        for name in PROGRAMS:
            (self.programs / name).chmod(0o755)
            os.chown(self.programs / name, 0, 0)
        self.ekiden('set-permissions')

    def test_ekidrop(self):
        drop = self.programs / 'ekidrop'
        group = grp.getgrnam('ekidrop').gr_gid
        self.assertEqual((drop.stat().st_uid, drop.stat().st_gid, mode_of(drop)), (0, group, 0o2755))
        os.chown(drop, pwd.getpwnam('nobody').pw_uid, 0)
        self.assertEqual(mode_of(drop), 0o755)    # a new owner takes the bit away
        self.assertRegex(self.ekiden('set-permissions'), rf'^ekiden: {drop}: owner .* mode 0755 is now 0:{group} 2755\n$')

    def test_programs_and_configuration(self):
        nobody = pwd.getpwnam('nobody').pw_uid
        for path in (self.programs / 'manager', self.programs / 'ekiqueue', self.main_cf, self.etc / 'master.cf', self.etc):
            mode = mode_of(path)
            os.chown(path, nobody, -1)
            path.chmod(mode | 0o022)
            self.main_cf.write_text(self.text)    # with the programs of the build: check looks at those
            self.with_programs()
            said = self.ekiden('set-permissions')
            self.assertIn(f'ekiden: {path}: owner {nobody}:', said)
            self.assertEqual((path.stat().st_uid, mode_of(path)), (0, mode & ~0o022), path)

    def test_links_of_programs_are_left_alone(self):
        (self.programs / 'relay').symlink_to(self.programs / 'target')
        (self.programs / 'target').write_text('x')
        (self.programs / 'target').chmod(0o777)
        self.assertEqual(self.ekiden('set-permissions'), '')
        self.assertEqual(mode_of(self.programs / 'target'), 0o777)
        (self.programs / 'relay').unlink()
        (self.programs / 'target').unlink()

    def test_check_tells(self):
        """With the programs of the build, for check wants to run them; the tools are those of this tree."""
        self.main_cf.write_text(self.text)
        tool = self.programs / 'ekiqueue'
        os.chown(tool, pwd.getpwnam('nobody').pw_uid, -1)
        tool.chmod(0o775)
        self.main_cf.chmod(0o666)
        said = self.ekiden('check')
        for line in (f'not owned by root: {tool}', f'group or other writable: {tool}', f'group or other writable: {self.main_cf}'):
            self.assertIn(f'ekiden: warning: {line}\n', said)
        self.assertNotIn('ekidrop', said)
        self.main_cf.chmod(0o644)

    def test_check_in_the_usual_place(self):
        """Only there is ekidrop of any use."""
        (self.programs / 'ekidrop').chmod(0o755)
        os.chown(self.programs / 'ekidrop', 0, 0)
        with scratch('permissions-etc') as base:
            subprocess.run(['cp', '-a', '/etc', str(base)], capture_output=True, timeout=60)
            ours = base / 'etc' / 'ekiden'
            subprocess.run(['cp', '-a', str(self.etc), str(ours)], check=True, timeout=60)
            (ours / 'main.cf').write_text(self.text.replace(str(self.etc), '/etc/ekiden'))
            argv = ['unshare', '-m', '--propagation', 'private', 'sh', '-c',
                    'mount --bind "$1" /etc && exec "$2" check', 'sh', str(base / 'etc'), self.ours.facts['commands']['ekiden'][0]]
            done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        drop = self.programs / 'ekidrop'
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f'ekiden: warning: not owned by group ekidrop: {drop}\n', done.stderr)
        self.assertIn(f'ekiden: warning: not set-gid or not owner+group+world executable: {drop}\n', done.stderr)

    def test_other_owners(self):
        maildrop = self.spool / 'maildrop'
        left = maildrop / 'd.00000000000001.0123456789abcdef0123456789abcdef'
        left.write_text('x')
        os.chown(left, pwd.getpwnam('nobody').pw_uid, grp.getgrnam('ekidrop').gr_gid)
        left.chmod(0o604)
        self.addCleanup(left.unlink)
        # Of any users that every Debian has.
        said = self.ekiden('set-permissions', 'setgid_group=games', 'queue_owner = news')
        queue, games, news = self.spool / 'queue', grp.getgrnam('games').gr_gid, pwd.getpwnam('news').pw_uid
        self.assertIn(f'{queue}/queue.db: owner', said)
        self.assertEqual({path.stat().st_uid for path in (queue, queue / 'queue.db', maildrop)}, {news})
        self.assertEqual({path.stat().st_gid for path in (maildrop, left, self.programs / 'ekidrop')}, {games})
        self.assertEqual((left.stat().st_uid, mode_of(left)), (pwd.getpwnam('nobody').pw_uid, 0o604))
        text = self.main_cf.read_text()
        self.assertTrue(text.startswith(self.text))
        self.assertIn('\nsetgid_group = games\n', text)
        self.assertIn('\nqueue_owner = news\n', text)
        self.assertEqual(self.ekiden('set-permissions', 'setgid_group=games'), '')
        self.ekiden('set-permissions', 'setgid_group=ekidrop', 'queue_owner=ekiden-queue')
        self.assertEqual(queue.stat().st_uid, pwd.getpwnam('ekiden-queue').pw_uid)

    def test_users_that_are_not_there(self):
        before = [self.main_cf.read_bytes(), (self.spool / 'queue').stat().st_uid]
        for word in ('queue_owner=nosuchuser', 'setgid_group=nosuchgroup', 'mail_owner=root'):
            said = self.ekiden('set-permissions', word, status=77 if 'group' in word else EX_CONFIG)
            name, _, value = word.partition('=')
            self.assertIn(f'{name}: a worker never runs as root' if value == 'root' else value, said)
            self.assertEqual([self.main_cf.read_bytes(), (self.spool / 'queue').stat().st_uid], before)

    def test_it_starts_afterwards(self):
        self.main_cf.write_text(self.text)
        self.ours.up()
        self.ours.assert_serves()
        self.ours.down()


main(Owner, for_root=(Root,), left_out='owners, groups and the programs')
