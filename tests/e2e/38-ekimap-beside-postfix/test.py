"""ekimap and ekialias beside Postfix's postmap and postalias, on the same files: what they print, what they complain about,
and how they end. Names of programs aside; what is told on purpose in other words stands in `told`."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from cases import CASES
from house_test import HouseTest, main
from instance import scratch

THEIRS = {'map': 'postmap', 'alias': 'postalias'}
OURS = {'map': 'ekimap', 'alias': 'ekialias'}
# Ours name the line of a duplicate, theirs the table; a pattern that cannot be read is named by its place alone.
IN_OTHER_WORDS = [
    (r'^(postmap|ekimap|postalias|ekialias): ', ''),
    (r'^(\S+?)(\.db|, line \d+): duplicate entry', r'\1: duplicate entry'),
    (r'^(warning: \S+?)(\.db|, line \d+): duplicate entry', r'\1: duplicate entry'),
    (r'^(warning: \S+), line \d+: logical line must not', r'\1: logical line must not'),
    (r' -- ignoring this line$', ''),
    (r'^(warning: table \S+)\.db: key', r'\1: key'),
    (r'usage: .*', 'usage'),
    (r'(specify only one of -s) or -q', r'\1 -q'),
    (r'(unsupported dictionary type: \w+)\. Is the .*', r'\1'),
    (r'query error: .*', 'query error'),
    (r'(bad syntax|missing \'=\' after attribute name|empty table|bad item in).*', 'bad syntax'),
    (r'^warning: (?:(?:regexp|pcre|cidr) map )?(t, line \d+: )(?!duplicate|record|expected|unbalanced|non-UTF|need|name must).*', r'\1bad'),
    (r'(unknown table: \S+).*', r'\1'),
    (r'(cannot open|open database|open) (\S+: (?:No such file or directory|Permission denied))', r'open \2'),
    (r' \(the first counts\)$', ''),
    (r'^warning: stdin: duplicate', 'warning: t: duplicate'),
]
# What theirs say beside the point: libraries' own words, and that an empty value is odd (ours say it of the line).
NOT_COMPARED = re.compile(r'^(warning: (connect to |table \S+ (lookup error|should return))|BDB\d+ |'
                          r'warning: table \S+: key \S*: empty string)')
# Postfix's postalias adds these to every database, for NIS and Sendmail.
OF_NIS = re.compile(r'^(@|YP_LAST_MODIFIED|YP_MASTER_NAME):?\t')


def told(text):
    lines = set()
    for line in text.splitlines():
        for pattern, replacement in IN_OTHER_WORDS:
            line = re.sub(pattern, replacement, line)
        if not NOT_COMPARED.match(line):
            lines.add(line)
    return sorted(lines)


def printed(arguments, text):
    """A list of a table has no order of its own."""
    listed = any(word.startswith('-') and not word.startswith('--') and 's' in word for word in arguments)
    lines = text.split('\n')
    return sorted(line for line in lines if not OF_NIS.match(line)) if listed else lines


class Side:
    """One of the two, with a folder of its own."""

    def __init__(self, folder, programs, pathname):
        self.folder, self.programs, self.path = folder, programs, pathname

    def prepare(self, files):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        (self.folder / 'main.cf').write_text('compatibility_level = 3.6\ndefault_database_type = hash\n' if self.programs == THEIRS else
                                             'default_database_type = hash\n')
        for name, content in files.items():
            (self.folder / name).write_bytes(content.encode('utf-8', 'surrogateescape'))

    def run(self, tool, arguments, text=''):
        environment = {'PATH': self.path, 'MAIL_CONFIG': str(self.folder), 'LC_ALL': 'C'}
        done = subprocess.run([self.programs[tool], *arguments], cwd=self.folder, env=environment, input=text.encode(),
                              capture_output=True, timeout=60)
        return done.returncode, done.stdout.decode('utf-8', 'replace'), done.stderr.decode('utf-8', 'replace')


class Tools(HouseTest):
    """Both sides."""

    @classmethod
    def prepare(cls):
        folder = cls.use(scratch('ekimap'))
        cls.theirs = Side(folder / 'theirs', THEIRS, '/usr/sbin:/usr/bin:/bin')
        cls.ours = Side(folder / 'ours', OURS, os.environ['EKIDEN_BIN'])
        cls.ours.programs = {tool: f'{os.environ["EKIDEN_BIN"]}/{name}' for tool, name in OURS.items()}


class Beside(Tools):
    def test_every_case(self):
        self.assertGreaterEqual(len(CASES), 60)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            outcomes = pool.map(self.both, CASES)
            for name, commands in zip(CASES, outcomes):
                for tool, arguments, (status, out, err), (our_status, our_out, our_err) in commands:
                    with self.subTest(case=name, command=[THEIRS[tool], *arguments]):
                        self.assertEqual((printed(arguments, our_out), our_status), (printed(arguments, out), status), our_err + err)
                        self.assertEqual(told(our_err), told(err))

    def both(self, name):
        """What both sides make of a case, in folders of its own: (tool, arguments, theirs, ours) for each command."""
        files, commands = CASES[name]
        sides = [Side(side.folder.parent / f'{side.folder.name}-{name.replace(" ", "-")}', side.programs, side.path)
                 for side in (self.theirs, self.ours)]
        for side in sides:
            side.prepare(files)
        return [(tool, arguments, *(side.run(tool, arguments, text) for side in sides)) for tool, arguments, text in commands]

    def test_rights_of_the_source(self):
        for mode in (0o600, 0o640, 0o644, 0o660, 0o666):
            for arguments in ([], ['-p']):
                with self.subTest(mode=oct(mode), arguments=arguments):
                    rights = []
                    for side in (self.theirs, self.ours):
                        side.prepare({'t': 'a b\n'})
                        (side.folder / 't').chmod(mode)
                        self.assertEqual(side.run('map', [*arguments, 'btree:t'])[0], 0)
                        rights.append(stat.S_IMODE((side.folder / 't.db').stat().st_mode))
                    self.assertEqual(oct(rights[1]), oct(rights[0]))

    def test_files_that_postfix_built(self):
        """cdb and lmdb files of Postfix's are read as they are."""
        self.theirs.prepare({'t': 'Key one\nother two words\n', 'a': 'root: joe, b\n'})
        self.ours.prepare({})
        for kind in ('cdb', 'lmdb'):
            for arguments in ([], ['-N'], ['-n']):
                self.assertEqual(self.theirs.run('map', [*arguments, f'{kind}:t'])[0], 0)
                table = f'{kind}:{self.theirs.folder}/t'
                with self.subTest(kind=kind, arguments=arguments):
                    self.assertEqual(self.ours.run('map', ['-q', 'KEY', table])[:2], (0, 'one\n'))
                    self.assertEqual(self.ours.run('map', ['-q', '-', table], 'none\nother\n')[:2], (0, 'other\ttwo words\n'))
                    self.assertEqual(self.ours.run('map', ['-q', 'none', table]), (1, '', ''))
                    if kind == 'lmdb':
                        self.assertEqual(self.ours.run('map', ['-s', table])[:2], self.theirs.run('map', ['-s', table])[:2])
                        self.assertEqual(self.ours.run('map', ['-s', table])[1], 'key\tone\nother\ttwo words\n')
            self.assertEqual(self.theirs.run('alias', [f'{kind}:a'])[0], 0)
            self.assertEqual(self.ours.run('alias', ['-q', 'ROOT', f'{kind}:{self.theirs.folder}/a'])[:2], (0, 'joe, b\n'))
        self.ours.prepare({'t': 'Key one\n'})
        self.assertEqual(self.ours.run('map', ['cdb:t'])[0], 0)
        self.assertEqual(self.theirs.run('map', ['-q', 'key', f'cdb:{self.ours.folder}/t'])[:2], (0, 'one\n'), 'and the other way')

    def test_proxy_is_dropped(self):
        """Theirs asks a daemon for it; here the table is opened, wherever proxy: stands."""
        self.ours.prepare({'t': 'a b\n'})
        self.assertEqual(self.ours.run('map', ['proxy:btree:t']), (0, '', ''))
        self.assertTrue((self.ours.folder / 't.db').exists())
        for table in ('proxy:btree:t', 'proxy:proxy:btree:t', 'unionmap:{proxy:btree:t}', 'proxy:unionmap:{btree:t}'):
            self.assertEqual(self.ours.run('map', ['-q', 'A', table]), (0, 'b\n', ''), table)
        self.assertEqual(self.ours.run('map', ['-s', 'proxy:btree:t']), (0, 'a\tb\n', ''))
        self.assertEqual(self.ours.run('map', ['-d', 'a', 'proxy:btree:t']), (0, '', ''))
        self.assertEqual(self.ours.run('map', ['-s', 'btree:t']), (0, '', ''))

    def test_two_builders_at_once(self):
        """Each sees the whole of what the other did."""
        self.ours.prepare({'t': 'a b\n'})
        self.assertEqual(self.ours.run('map', ['btree:t'])[0], 0)
        environment = {'PATH': self.ours.path, 'MAIL_CONFIG': str(self.ours.folder)}
        adders = [subprocess.Popen([self.ours.programs['map'], '-i', 'btree:t'], cwd=self.ours.folder, env=environment,
                                   stdin=subprocess.PIPE) for _ in range(12)]
        for number, adder in enumerate(adders):
            adder.stdin.write(f'n{number} {number}\n'.encode())
            adder.stdin.close()
        self.assertEqual([adder.wait(60) for adder in adders], [0] * 12)
        self.assertEqual(len(self.ours.run('map', ['-s', 'btree:t'])[1].splitlines()), 13)
        self.assertEqual(sorted(path.name for path in self.ours.folder.iterdir()), ['main.cf', 't', 't.db'])


class Owner(Tools):
    """Root builds as the source's owner, and as itself with -o."""

    def owners(self, side, arguments, open_folder):
        side.prepare({'t': 'a b\n'})
        os.chown(side.folder / 't', 65534, 65534)
        if open_folder:
            side.folder.chmod(0o777)
        status, _, err = side.run('map', [*arguments, 'btree:t'])
        built = side.folder / 't.db'
        return status, (built.stat().st_uid, built.stat().st_gid) if built.exists() else None, 'Permission denied' in err

    def test_owner(self):
        for arguments in ([], ['-o']):
            for open_folder in (True, False):
                with self.subTest(arguments=arguments, open_folder=open_folder):
                    self.assertEqual(self.owners(self.ours, arguments, open_folder), self.owners(self.theirs, arguments, open_folder))


main(Beside, for_root=[Owner], left_out='who owns what root builds')
