"""`ekiden upgrade-configuration`: what is up to date is left alone to the last octet; services that are missing and
parameters under old names are mended, with comments and order kept; a master.cf of Postfix becomes one that serves."""

import os
import pathlib
import re
import subprocess

import waiting
from house_test import HouseTest, main
from instance import Instance

POSTFIX_MASTER = pathlib.Path('/usr/share/postfix/master.cf.dist')
EX_CONFIG, EX_UNAVAILABLE, EX_NOPERM = 78, 69, 77


class Upgrade(HouseTest):
    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('upgrade'))
        cls.etc = cls.ours.folder / 'etc'
        cls.main_cf, cls.master_cf = cls.etc / 'main.cf', cls.etc / 'master.cf'
        cls.of_today = cls.main_cf.read_text(), cls.master_cf.read_text()

    def setUp(self):
        self.write(*self.of_today)

    def write(self, main_cf, master_cf):
        self.main_cf.write_text(main_cf)
        self.master_cf.write_text(master_cf)

    def ekiden(self, *words, status=0):
        argv = [*self.ours.facts['commands']['ekiden'], *words]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=90)
        self.assertEqual(done.returncode, status, f'{argv}: {done.stdout}{done.stderr}')
        return done

    def upgrade(self):
        done = self.ekiden('upgrade-configuration')
        self.assertEqual(done.stderr, '')
        self.assertEqual(sorted(path.name for path in self.etc.glob('*.tmp')), [])
        return done.stdout

    def identity(self):
        return [(path.read_bytes(), path.stat().st_ino, path.stat().st_mtime_ns) for path in (self.main_cf, self.master_cf)]

    def assert_upgraded_for_good(self):
        before = self.identity()
        self.assertEqual(self.upgrade(), '')
        self.assertEqual(self.identity(), before)

    def test_nothing_to_do(self):
        self.assert_upgraded_for_good()

    def test_missing_services(self):
        main_cf, master_cf = self.of_today
        for program in ('pickup', 'resolver', 'pop3d-session', 'logger'):
            lines = [line for line in master_cf.splitlines(True) if not line.endswith(f' {program}\n')]
            self.assertLess(len(lines), len(master_cf.splitlines()))
            self.write(main_cf, ''.join(lines) + '# at the end\n')
            mode = 0o640
            self.master_cf.chmod(mode)
            said = self.upgrade()
            self.assertRegex(said, rf'^{self.master_cf}: added: \S+ +unix .* {program}\nLook at it by ekiden check')
            now = self.master_cf.read_text()
            self.assertTrue(now.startswith(''.join(lines) + '# at the end\n'))
            self.assertEqual(self.master_cf.stat().st_mode & 0o7777, mode)
            self.assertEqual(self.main_cf.read_text(), main_cf)
            self.assertEqual(self.ekiden('check').stderr, '')
            self.assert_upgraded_for_good()
            self.ekiden('reload')
        self.ours.assert_serves()

    def test_old_names(self):
        main_cf, master_cf = self.of_today
        self.write(main_cf + '# TLS, as it was written once\nsmtpd_use_tls = yes\n# and\nsmtp_use_tls = yes\n'
                   'smtp_tls_security_level = may\ncompatibility_level = 2\n', master_cf)
        self.assertIn('smtpd_use_tls', self.ekiden('check', status=EX_CONFIG).stderr)
        number = main_cf.count('\n') + 2
        self.assertEqual(self.upgrade(), f'{self.main_cf}: line {number}: smtpd_use_tls is now smtpd_tls_security_level = may\n'
                         f'{self.main_cf}: line {number + 2}: smtp_use_tls is now a comment: smtp_tls_security_level is set\n'
                         'Look at it by ekiden check; ekiden reload takes it into use.\n')
        self.assertEqual(self.main_cf.read_text(), main_cf + '# TLS, as it was written once\nsmtpd_tls_security_level = may\n'
                         '# and\n#smtp_use_tls = yes\nsmtp_tls_security_level = may\ncompatibility_level = 2\n')
        self.ekiden('check')
        self.assert_upgraded_for_good()

    def test_a_master_cf_of_postfix(self):
        main_cf, master_cf = self.of_today
        theirs = POSTFIX_MASTER.read_text()
        # The ports of this instance in the place of 25.
        ports = [line for line in master_cf.splitlines(True) if ' inet ' in line]
        theirs = re.sub(r'(?m)^smtp +inet .*\n', ''.join(ports), theirs)
        self.write(main_cf, theirs)
        self.ours.down()
        self.ekiden('check', status=EX_CONFIG)
        said = self.upgrade()
        self.assertIn(': the program of service qmgr is now manager\n', said)
        now = self.master_cf.read_text()
        # Nothing is gone: each line is there as it was, as a comment, or with another program.
        kept = [line.removeprefix('#').split() for line in now.splitlines()]
        for line in theirs.splitlines():
            if line and not line.startswith('#'):
                self.assertTrue(any(each[:7] == line.split()[:7] for each in kept), line)
        comments = [line for line in theirs.splitlines() if line.startswith('#')]
        self.assertEqual([line for line in comments if line not in now.splitlines()], [])
        # A program that nobody here replaces stays, and check tells of it.
        told = self.ekiden('check', status=EX_CONFIG).stderr.splitlines()
        self.assertEqual([line for line in told if 'error' in line and 'unsupported program pipe' not in line], [])
        without_pipes = re.sub(r'(?m)^\w\S* +unix( +\S+){5} +pipe\b.*\n([ \t]+.*\n)*', '', now)
        self.assertNotEqual(without_pipes, now)
        self.assert_upgraded_for_good()
        self.master_cf.write_text(without_pipes)
        self.assertNotIn('error', self.ekiden('check').stderr)
        self.ekiden('start')
        waiting.until(self.ours.serves, 'it serves')
        self.ekiden('stop')
        self.write(*self.of_today)
        self.ours.up()

    def test_links_stay(self):
        main_cf, master_cf = self.of_today
        real = self.etc / 'master.real'
        real.write_text(''.join(line for line in master_cf.splitlines(True) if not line.endswith(' pickup\n')))
        self.master_cf.unlink()
        self.master_cf.symlink_to(real)
        try:
            self.assertIn('pickup', self.upgrade())
            self.assertTrue(self.master_cf.is_symlink())
            self.assertIn(' pickup\n', real.read_text())
        finally:
            self.master_cf.unlink()
            real.unlink()

    def test_what_cannot_be_done(self):
        self.master_cf.unlink()
        self.assertIn('master.cf', self.ekiden('upgrade-configuration', status=EX_NOPERM).stderr)
        self.write(*self.of_today)
        self.main_cf.unlink()
        self.assertIn('main.cf', self.ekiden('upgrade-configuration', status=EX_CONFIG).stderr)
        self.write(*self.of_today)


main(Upgrade)
