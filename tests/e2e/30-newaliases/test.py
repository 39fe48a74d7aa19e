"""newaliases: alias_database is built, and the running suite sends mail where it now says, without being told. Beside
Postfix's newaliases on the same files: how it ends, what it says, and what then stands in the table."""

import os
import pathlib
import re
import shutil
import subprocess

import local_users
import waiting
from house_test import HouseTest, main
from instance import Instance, scratch

if os.geteuid() == 0:
    local_users.enter('taro')    # /etc is a copy from here on
LOCAL = 'local.test'
# Postfix's postalias adds these to every database, for NIS and Sendmail.
OF_NIS = re.compile(r'^(@|YP_LAST_MODIFIED|YP_MASTER_NAME):?\t')
SOURCES = {    # what stands in the alias file
    'usual': 'postmaster: root\nroot: alice@example.test\n# a comment\nTeam: alice@example.test,\n  bob@example.test\n',
    'quoted': '"quoted name": "|/bin/cat -v"\nlist: :include:/tmp/list\nfile: /tmp/box\nempty:\n',
    'odd lines': 'a: b\nno colon here\na: c\nuser@example.net: b\n: nothing\n',
    'nothing': '',
    'long': ''.join(f'name{number}: user{number}@example.test\n' for number in range(3000)),
}


def run(program, name, etc, *arguments, cwd=None):
    done = subprocess.run([name, '-C', str(etc), *arguments], executable=program, capture_output=True, text=True, timeout=60,
                          cwd=cwd)
    return done.returncode, done.stdout, done.stderr


class Running(HouseTest):
    """The suite that uses what was built."""

    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('newaliases'))
        cls.aliases = cls.ours.folder / 'etc' / 'aliases'

    def write(self, text):
        self.aliases.write_text(text)
        self.assertEqual(run(f'{self.ours.facts["paths"]["bin"]}/sendmail', 'newaliases', self.ours.folder / 'etc'), (0, '', ''))

    def configure(self, database, table):
        """The table has to be there before a suite starts that asks it."""
        self.ours.restart(alias_database=database)
        self.write('first: alice@example.test\n')
        self.ours.restart(mydestination=LOCAL, myorigin=LOCAL, alias_maps=table)

    def send(self, name, number):
        with self.ours.smtp() as client:
            return client.mail('s@elsewhere.test', [f'{name}@{LOCAL}'], f'Subject: {name} {number}\r\n\r\nx\r\n'.encode())

    def assert_reaches(self, name, address, number=0):
        """Once the router has seen the new table."""
        reply = waiting.reached(lambda: (self.send(name, number) if self.known(name) else None), 20)
        self.assertIsNotNone(reply, f'{name} is known')
        self.assertEqual(reply[0], 250, reply)
        subject = f'Subject: {name} {number}'.encode()
        waiting.until(lambda: any(subject in content for content in self.ours.messages(address)), f'{name} reaches {address}')

    def known(self, name):
        with self.ours.smtp() as client:
            client.command('EHLO x')
            client.command('MAIL FROM:<s@elsewhere.test>')
            return client.command(f'RCPT TO:<{name}@{LOCAL}>')[0] == 250

    def story(self, database, table):
        self.configure(database, table)
        pids = set(self.ours.pids())
        self.assert_reaches('first', 'alice@example.test')
        self.assertFalse(self.known('second'))
        self.write('first: bob@example.test\nSecond: alice@example.test\nthird: second\n')
        self.assert_reaches('second', 'alice@example.test', 1)
        self.assert_reaches('third', 'alice@example.test', 2)
        self.assert_reaches('first', 'bob@example.test', 3)
        self.write('third: bob@example.test\n')
        waiting.until(lambda: not self.known('first'), 'what was taken out is not known')
        self.assertEqual(pids - set(self.ours.pids()), set(), 'nobody was restarted for it')

    def test_of_a_type(self):
        self.story(f'hash:{self.aliases}', f'hash:{self.aliases}')

    def test_of_the_default_type(self):
        self.story(str(self.aliases), f'hash:{self.aliases}')

    def test_of_another_default_type(self):
        self.ours.restart(default_database_type='btree')
        self.story(str(self.aliases), f'btree:{self.aliases}')

    def test_a_table_that_cannot_be_built_leaves_the_old_one(self):
        self.write('first: alice@example.test\n')
        table = self.aliases.with_suffix('.db')
        before = table.read_bytes()
        self.aliases.unlink()
        status, _, trouble = run(f'{self.ours.facts["paths"]["bin"]}/sendmail', 'newaliases', self.ours.folder / 'etc')
        self.assertNotEqual(status, 0)
        self.assertIn(f'{self.aliases}: No such file or directory', trouble)
        self.assertEqual(table.read_bytes(), before)
        self.assert_reaches('first', 'alice@example.test', 4)


class ByDefault(HouseTest):
    """A main.cf that says nothing of aliases: those of /etc/aliases, as with Debian's Postfix."""

    @classmethod
    def prepare(cls):
        for path in pathlib.Path('/etc').glob('aliases*'):
            path.unlink()
        cls.ours = cls.use(Instance('aliases-by-default', mydestination=LOCAL, myorigin=LOCAL, mynetworks='127.0.0.0/8'))
        cls.spool = cls.ours.folder / 'varmail'
        cls.spool.mkdir()
        os.chown(cls.spool, 0, 8)
        cls.spool.chmod(0o2775)
        cls.etc = cls.ours.folder / 'etc'
        text = re.sub(r'(?m)^(alias_maps|alias_database) =.*\n', '', (cls.etc / 'main.cf').read_text())
        (cls.etc / 'main.cf').write_text(text + f'mail_spool_directory = {cls.spool}\n')

    def newaliases(self):
        return run(f'{self.ours.facts["paths"]["bin"]}/sendmail', 'newaliases', self.etc)

    def check(self):
        argv = self.ours.facts['commands']['ekiden'] + ['check']
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def send(self, name):
        with self.ours.smtp() as client:
            return client.mail('s@elsewhere.test', [f'{name}@{LOCAL}'], f'Subject: to {name}\r\n\r\nx\r\n'.encode())

    def mailbox(self):
        return (self.spool / 'taro').read_text() if (self.spool / 'taro').exists() else ''

    def test_without_the_table_mail_has_to_wait(self):
        status, told = self.check()
        self.assertEqual(status, 0, told)
        self.assertIn('warning: ', told)
        self.assertIn('in parameter alias_maps: cannot open /etc/aliases.db: No such file or directory (run: newaliases', told)
        self.ours.command('ekiden', 'reload')
        with self.ours.smtp() as client:
            client.command('EHLO x')
            client.command('MAIL FROM:<s@elsewhere.test>')
            self.assertEqual(client.command(f'RCPT TO:<ghost@{LOCAL}>')[0], 451, 'neither taken nor refused for good')
        self.assertEqual(self.send('taro')[0], 250, 'a user is one, whatever the table says')
        waiting.until(lambda: re.search(r'to=<taro@.*status=deferred .*/etc/aliases\.db', self.ours.log()), 'it waits')
        self.assertEqual(self.mailbox(), '')
        self.assertIn('warning: lookup in recipient failed: cannot open /etc/aliases.db', self.ours.log())
        status, out, trouble = self.newaliases()
        self.assertEqual((status != 0, out), (True, ''))
        self.assertIn('/etc/aliases: No such file or directory', trouble)
        theirs = run('/usr/sbin/sendmail', 'newaliases', self.theirs())
        self.assertEqual((theirs[0] != 0, theirs[1]), (True, ''))

    def theirs(self):
        folder = self.ours.folder / 'postfix'
        folder.mkdir(exist_ok=True)
        (folder / 'main.cf').write_text('compatibility_level = 3.6\n')
        return folder

    def test_the_mail_of_root_has_a_reader(self):
        pathlib.Path('/etc/aliases').write_text('postmaster: root\nroot: taro\n')
        # What a Postfix that was here before has left is no table of ours.
        pathlib.Path('/etc/aliases.db').write_bytes(bytes(12) + b'\x61\x15\x06' + bytes(4096))
        status, told = self.check()
        self.assertEqual(status, 0, told)
        self.assertRegex(told, r'warning: .*/etc/aliases\.db is not a table built by ekimap .*\(run: newaliases; ')
        self.assertEqual(self.newaliases(), (0, '', ''))
        status, told = self.check()
        self.assertEqual((status, 'alias' in told, 'nobody gets the mail' in told), (0, False, False), told)
        for name in ('taro', 'root', 'postmaster'):
            self.assertEqual(self.send(name)[0], 250)
            waiting.until(lambda: f'Subject: to {name}' in self.mailbox(), f'the mail of {name} is there')


class Side:
    def __init__(self, folder, sendmail, lister):
        self.folder, self.sendmail, self.lister = folder, sendmail, lister

    def prepare(self, database, source):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        (self.folder / 'main.cf').write_text(
            f'compatibility_level = 3.6\ncommand_directory = {self.lister.parent}\nqueue_directory = {self.folder}\n'
            f'data_directory = {self.folder}\nmyhostname = mail.example.test\ndefault_database_type = hash\n'
            f'alias_database = {database.format(folder=self.folder)}\n')
        if source is not None:
            (self.folder / 'aliases').write_text(source)

    def build(self, *arguments, name='newaliases'):
        words = [word.format(folder=self.folder) for word in arguments]
        status, out, trouble = run(self.sendmail, name, self.folder, *words, cwd=self.folder)
        return status, out, self.told(trouble)

    def told(self, trouble):
        """Complaints without their program, and in the words of both."""
        lines = set()
        for line in trouble.replace(str(self.folder), 'FOLDER').splitlines():
            line = re.sub(r'^(postalias|ekialias): ', '', line)
            line = re.sub(r'(\.db|, line \d+): duplicate entry', ': duplicate entry', line)
            line = re.sub(r' (-- ignoring this line|\(the first counts\))$', '', line)
            line = re.sub(r'(cannot open|open database|open) (\S+: No such file)', r'open \2', line)
            lines.add(line)
        return sorted(lines)

    def table(self, kind='hash'):
        done = subprocess.run([self.lister, '-c', str(self.folder), '-s', f'{kind}:{self.folder}/aliases'], capture_output=True,
                              text=True, timeout=60)
        return sorted(line for line in done.stdout.splitlines() if not OF_NIS.match(line))


class BesidePostfix(HouseTest):
    @classmethod
    def prepare(cls):
        folder = cls.use(scratch('aliases'))
        binaries = pathlib.Path(os.environ['EKIDEN_BIN'])
        cls.sides = [Side(folder / 'ours', binaries / 'sendmail', binaries / 'ekialias'),
                     Side(folder / 'theirs', pathlib.Path('/usr/sbin/sendmail'), pathlib.Path('/usr/sbin/postalias'))]

    def both(self, database, source, *arguments, **how):
        outcomes = []
        for side in self.sides:
            side.prepare(database, source)
            outcomes.append((*side.build(*arguments, **how), side.table()))
        return outcomes

    def test_the_same_table(self):
        for database in ('hash:{folder}/aliases', '{folder}/aliases'):
            for name, source in SOURCES.items():
                with self.subTest(database=database, source=name):
                    ours, theirs = self.both(database, source)
                    self.assertEqual(ours, theirs)

    def test_as_an_option(self):
        for arguments, how in [(['-bi'], {'name': 'sendmail'}), (['-I'], {'name': 'sendmail'}),
                               (['-bi', '-oA{folder}/aliases'], {'name': 'sendmail'}), (['-oAhash:{folder}/aliases'], {})]:
            with self.subTest(arguments=arguments):
                ours, theirs = self.both('hash:{folder}/aliases', SOURCES['usual'], *arguments, **how)
                self.assertEqual(ours, theirs)
                self.assertEqual(len(ours[3]), 3)

    def test_no_file_and_no_database(self):
        ours, theirs = self.both('hash:{folder}/aliases', None)
        self.assertEqual((ours[0] != 0, ours[1:]), (theirs[0] != 0, theirs[1:]))
        ours, theirs = self.both('', SOURCES['usual'])
        self.assertEqual(ours, theirs)
        self.assertEqual(ours, (0, '', [], []))


if __name__ == '__main__':
    main(Running, for_root=(ByDefault, BesidePostfix),
         left_out="/etc/aliases by default, and the comparison with Postfix's newaliases, which takes -C from root alone")
