"""postconf and ekiconf side by side: the same questions and edits on the same files have the same answers, the same
status and leave the same files; the names of the programs aside. What differs on purpose is in docs/configuration.md."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess

import cases
from house_test import HouseTest, main
from instance import scratch

POSTCONF = '/usr/sbin/postconf'
LONG_AGO = 1_000_000_000    # postconf reads a file again that was changed this second
OURS_ALONE = re.compile(r'parameter has no effect here|#comment after other text')
REASON = re.compile(r'~ ([^:]+): (.*)', re.S)


def files(main_cf, master_cf):
    return {'main.cf': main_cf} | ({'master.cf': master_cf} if master_cf is not None else {})


def table():
    """({name: content} of the files, commands, whether words on stderr are compared) of each case."""
    for main_cf, master_cf, lines in ((cases.PLAIN, cases.SMTP, cases.SHOWS), (cases.PLAIN, cases.SMTP, cases.EDITS),
                                      (cases.SERVICES_MAIN, cases.SERVICES, cases.MASTER_SHOWS),
                                      (cases.SERVICES_MAIN, cases.SERVICES, cases.MASTER_EDITS)):
        for line in lines.strip().splitlines():
            reason = REASON.match(line)
            yield files(main_cf, master_cf), reason.group(2) if reason else line, not reason
    for main_cf, commands in cases.EXPANSIONS + cases.BAD_MAIN:
        reason = REASON.match(main_cf)
        yield files(reason.group(2) if reason else main_cf, cases.SMTP), commands, not reason
    for master_cf, commands in cases.BAD_MASTER:
        yield files('relayhost = [x]\n', master_cf), commands, True
    for texts, commands in cases.TEMPLATES:
        yield {**files(cases.TEMPLATES_MAIN, cases.SMTP), 'texts': texts}, commands, True


def split(line):
    """The words of a command; backslash n is a line end, # is no comment."""
    return [word.replace('\\n', '\n') for word in shlex.split(line.replace('\\n', '\\\\n'))]


class Beside(HouseTest):
    @classmethod
    def prepare(cls):
        cls.folder = cls.use(scratch('beside')) / 'etc'
        cls.programs = {'postconf': POSTCONF, 'ekiconf': pathlib.Path(os.environ['EKIDEN_BIN']) / 'ekiconf'}

    def begin(self, contents):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        for name, content in contents.items():
            (self.folder / name).write_text(content, newline='')

    def ask(self, name, words):
        for path in self.folder.iterdir():
            os.utime(path, (LONG_AGO, LONG_AGO))
        # -c is the first option, for options end at the first operand.
        done = subprocess.run([name, '-c', str(self.folder), *words], executable=self.programs[name], capture_output=True,
                              text=True, timeout=60, env={'PATH': os.environ['PATH']}, cwd=self.folder)
        told = [line.replace(name, 'PROGRAM') for line in done.stderr.splitlines() if not OURS_ALONE.search(line)]
        return done.returncode, done.stdout, sorted(told)

    def outcome(self, name, contents, commands):
        """Of all commands; and the files after the last."""
        self.begin(contents)
        answers = [self.ask(name, split(command)) for command in commands.split(' then ')]
        # What postconf leaves behind when it gives up is nobody's configuration.
        return answers, {path.name: path.read_text() for path in self.folder.glob('*.cf')}

    def test_same_answers(self):
        count = 0
        for contents, commands, words in table():
            count += commands.count(' then ') + 1
            theirs, their_files = self.outcome('postconf', contents, commands)
            ours, our_files = self.outcome('ekiconf', contents, commands)
            with self.subTest(commands=commands, main_cf=contents['main.cf'][:100]):
                for (their_status, their_out, their_words), (status, out, told) in zip(theirs, ours):
                    self.assertEqual((out, status), (their_out, their_status))
                    if words:
                        self.assertEqual(told, their_words)
                    elif status != 0:
                        self.assertTrue(told)
                self.assertEqual(our_files, their_files)
        print(f'{count} commands compared')
        self.assertGreaterEqual(count, 120)

    def test_the_library_at_build(self):
        """Each was built on a day of its own: the form is one, and so is what runs."""
        for name in ('postconf', 'ekiconf'):
            self.begin(files('', cases.SMTP))
            status, out, told = self.ask(name, ['-T', 'compile-version'])
            self.assertEqual((status, told), (0, []))
            self.assertRegex(out, r'^OpenSSL \d+\.\d+\.\d+ \d+ [A-Z][a-z]{2} \d{4}\n$')


main(Beside)
