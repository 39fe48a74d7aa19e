"""Postfix's own sendmail and ours on the same command line and input: what they print, how they end, and what is then in
maildrop. Both with their daemons stopped, so that what was handed in stays there to be read."""

import os
import pathlib
import re
import subprocess

from house_test import HouseTest, main
from instance import ROOT, scratch

PLAIN = 'Subject: x\n\nx\n'
TO_TWO = 'To: a@example.net, "B, b" <b@example.net>\nCc: c (see), d\nBcc: e@example.net\nSubject: x\n\nx\n'
RESENT = 'To: a\nResent-To: b\nCc: c\nResent-Bcc: d\nSubject: x\n\nx\n'
ECHO = 'a\n.\nb\n'

# (options and recipients, standard input)
CASES = [
    # whom it goes to
    (['bob'], PLAIN), (['bob@example.net', 'eve@example.net'], PLAIN), (['a, b'], PLAIN), (['a b'], PLAIN),
    (['Bob B. <bob@example.net>'], PLAIN), (['bob@example.net (Bob)'], PLAIN), (['"x y"@example.net'], PLAIN),
    ([''], PLAIN), (['a', ''], PLAIN), (['<a@example.net>'], PLAIN), (['friends: a, b;'], PLAIN),
    (['a@example.net,b@example.net', 'c'], PLAIN), (['--', '-t'], PLAIN), (['bob', '-t'], PLAIN), ([], PLAIN),
    (['--'], PLAIN), (['a@[192.0.2.1]'], PLAIN), (['<>'], PLAIN), (['bob', 'bob'], PLAIN),
    # -t
    (['-t'], TO_TWO), (['-ti'], TO_TWO), (['-t', 'f@example.net'], TO_TWO), (['-t'], RESENT), (['-t'], PLAIN),
    (['-t'], 'To: undisclosed-recipients:;\n\nx\n'), (['-t'], 'To: a,\n b,\n\tc\n\nTo: d\n'), (['-t'], ''),
    (['-t'], 'to: a\nCC: b\nbCc: c\n\nx\n'),
    (['-t'], 'Apparently-To: a\nReply-To: b\n\nx\n'), (['-t'], 'To: ' + 'u@example.net, ' * 60_000 + 'v\n\nx\n'),
    (['-t'], 'To: a\n.\nx\n'), (['-t'], 'To: a\n\n.\nTo: b\n'), (['-t'], '.\nTo: a\n'),
    (['a:b'], PLAIN), (['-t'], 'To: a:b\n\nx\n'), (['-t'], 'To: g: a, b; c\n\nx\n'), (['-t', 'f:g'], PLAIN),
    (['x: a, b; c:d, e'], PLAIN), (['-t'], 'To: <>\n\nx\n'), (['-t', '-oi', '-oem', '-odi'], TO_TWO),
    # who sends it
    (['-f', 'a@example.net', 'bob'], PLAIN), (['-fa@example.net', 'bob'], PLAIN), (['-r', 'a', 'bob'], PLAIN),
    (['-f', '<>', 'bob'], PLAIN), (['-f', '', 'bob'], PLAIN), (['-f', 'A B <a@example.net>', 'bob'], PLAIN),
    (['-f', 'a,b', 'bob'], PLAIN), (['-f', 'foo bar', 'bob'], PLAIN), (['-f', '"x y"@example.net', 'bob'], PLAIN),
    (['-F', 'A. Name', 'bob'], PLAIN), (['-FName', 'bob'], PLAIN), (['-F', '', 'bob'], PLAIN), (['-f'], PLAIN),
    # what is read
    (['bob'], ECHO), (['-i', 'bob'], ECHO), (['-oi', 'bob'], ECHO), (['bob'], ''), (['bob'], 'x'), (['bob'], '.'),
    (['-i', 'bob'], '.'), (['bob'], 'From a\n>From b\nSubject: x\n\nFrom c\n'), (['bob'], 'a\r\nb\r\n.\r\nc\r\n'),
    (['bob'], 'a\r\r\nb\rc\n'), (['bob'], '\n\n\n'), (['bob'], 'a' * 100_000 + '\n'), (['bob'], '.\n'),
    (['bob'], '..\n.a\n'), (['bob'], b'Subject: \xe4\n\n\xff\xfe\n'), (['bob'], 'x\n' * 40_000 + 'end\n'),
    # DSN, body, VERP
    (['-N', 'never', 'bob'], PLAIN), (['-Nsuccess,failure', 'bob'], PLAIN), (['-N', 'DELAY', 'bob'], PLAIN),
    (['-N', 'foo', 'bob'], PLAIN), (['-N', 'never,delay', 'bob'], PLAIN), (['-R', 'hdrs', 'bob'], PLAIN),
    (['-R', 'full', 'bob'], PLAIN), (['-R', 'foo', 'bob'], PLAIN), (['-V', 'id-1', 'bob'], PLAIN),
    (['-V', '', 'bob'], PLAIN), (['-V', 'x' * 101, 'bob'], PLAIN), (['-V', 'ab', 'bob'], PLAIN),
    (['-V-=', 'bob'], PLAIN), (['-Vab', 'bob'], PLAIN), (['-XV', 'bob'], PLAIN), (['-XV-=', 'bob'], PLAIN),
    (['-XVab', 'bob'], PLAIN), (['-f', '', '-XV', 'bob'], PLAIN), (['-B8BITMIME', 'bob'], PLAIN),
    (['-B', '7BIT', 'bob'], PLAIN), (['-B', '9BIT', 'bob'], PLAIN), (['-G', 'bob'], PLAIN),
    (['-t', '-N', 'delay'], TO_TWO),
    # reports
    (['-bv', 'bob'], PLAIN), (['-bv', 'a@example.net, b', 'c'], ''), (['-bv', '-F', 'X', 'bob'], ''), (['-bv', '-XV', 'bob'], ''),
    (['-bv', '-f', 'a@example.net', 'bob'], ''), (['-bv', '-f', '', 'bob'], ''), (['-bv', '-V', 'id-1', 'bob'], ''),
    (['-bv', '-G', 'bob'], ''), (['-bv', ''], ''), (['-bv'], ''), (['-v', 'bob'], PLAIN), (['-v', '-t'], TO_TWO),
    (['-v', '-f', '', 'bob'], PLAIN), (['-bv', '-Rfull', 'bob'], ''),
    # what means nothing here
    (['-Am', '-c', '-em', '-h', '5', '-L', 'x', '-m', '-o7', '-o8', '-om', '-odb', '-p', 'x', '-U', '-x', 'bob'], PLAIN),
    (['-O', 'DeliveryMode=b', 'bob'], PLAIN), (['-bm', 'bob'], PLAIN), (['-bh'], ''), (['-bH'], ''), (['-q15m'], ''),
    (['-q15m', 'bob'], PLAIN), (['-bi'], ''), (['-I'], ''),
    # what is refused
    (['-z'], ''), (['-bx'], ''), (['-Xlog'], ''), (['-oA', 'bob'], ''), (['-qR'], ''), (['-qI'], ''), (['-qSx'], ''),
    (['-bp', 'bob'], ''), (['-q', 'bob'], ''), (['-bi', 'bob'], ''), (['-bs', 'bob'], ''), (['-bd', 'bob'], ''),
    (['-qRexample.net', 'bob'], ''), (['-qIx', 'bob'], ''), (['-t', '-bp'], ''), (['-bp', '-qRx'], ''),
    (['-bv', '-t'], ''), (['-bv', '-Nnever', 'bob'], ''), (['-bv', '-v', 'bob'], ''), (['-C'], ''), (['-o'], ''),
]

# With -t Postfix's sendmail mends what it passes on; ours leaves that to pickup.
ENVELOPE_ALONE = [(['-t'], 'To : a\n\nx\n'), (['-t'], 'To: a\nno header\nCc: b\n\nx\n')]

MAIN_CF = '''\
compatibility_level = 3.6
queue_directory = {base}/spool
data_directory = {base}/data
maillog_file = {base}/log
maillog_file_prefixes = {base}
command_directory = {commands}
daemon_directory = {programs}
myhostname = mail.example.test
myorigin = example.test
inet_interfaces = 127.0.0.1
alias_database =
'''


class House:
    """A configuration and a maildrop, and the sendmail that writes there."""

    def __init__(self, base, sendmail, commands, programs, group):
        self.base, self.sendmail = base, sendmail
        self.maildrop = base / 'spool' / 'maildrop'
        for folder in (base / 'etc', base / 'data', self.maildrop, base / 'spool' / 'public', base / 'spool' / 'pid'):
            folder.mkdir(parents=True)
        if os.geteuid() == 0 and group:
            subprocess.run(['chown', group, str(self.maildrop)], check=True)
            self.maildrop.chmod(0o1730)
        self.main_cf = MAIN_CF.format(base=base, commands=commands, programs=programs)
        self.configure('')
        (base / 'etc' / 'master.cf').write_text('')

    def configure(self, more):
        (self.base / 'etc' / 'main.cf').write_text(self.main_cf + more)

    def run(self, arguments, text, name=None):
        """Output and status; names of files apart."""
        argv = [name or 'sendmail', '-C', str(self.base / 'etc'), *arguments]
        content = text if isinstance(text, bytes) else text.encode()
        done = subprocess.run(argv, executable=self.sendmail, input=content, capture_output=True, timeout=60,
                              cwd=self.base)
        return done.stdout.decode(), self.normal(done.stderr.decode()), done.returncode

    def normal(self, text):
        """Without what Postfix's helpers add of their own, and its getopt's second telling of the same."""
        lines = [line.replace(str(self.base), 'BASE') for line in text.split('\n')
                 if not re.match(r'postdrop: warning|sendmail: warning: mail_stream_cleanup', line)]
        return '\n'.join(line for i, line in enumerate(lines) if i == 0 or line == '' or line != lines[i - 1])

    def take(self):
        files = [path for path in self.maildrop.iterdir() if not path.name.startswith('t.')]
        taken = [self.read(path) for path in files]
        for path in files:
            path.unlink()
        return taken


class Ours(House):
    LETTERS = {'s': 'sender', 'n': 'full name', 'e': 'envelope id', 'h': 'return', 'b': 'body', 'x': 'verp', 't': 'trace',
               'g': 'gateway'}

    def read(self, path):
        """docs/maildrop-format.md"""
        data, at, facts, content = path.read_bytes(), len(b'EKIDEN-DROP 1\n'), {'recipients': []}, b''
        while at < len(data):
            letter = chr(data[at])
            colon = data.index(b':', at)
            size = int(data[at + 1:colon])
            text = data[colon + 1:colon + 1 + size]
            at = colon + 2 + size
            if letter == 'c':
                content += text
            elif letter == 'r':
                notify, address = text.decode().split(' ', 1)
                facts['recipients'].append((without_quotes(address), int(notify)))
            elif letter in self.LETTERS:
                facts[self.LETTERS[letter]] = text.decode()
        facts['sender'] = without_quotes(facts['sender'])
        return facts, content


def without_quotes(address):
    """Postfix keeps addresses in maildrop as they are meant, not as they are written."""
    quoted = re.fullmatch(r'"(.*)"(@.*)?', address)
    return re.sub(r'\\(.)', r'\1', quoted[1]) + (quoted[2] or '') if quoted else address


class Theirs(House):
    ATTRIBUTES = {'envelope_id': 'envelope id', 'ret_flags': 'return', 'encoding': 'body', 'trace_flags': 'trace'}
    VALUES = {'body': {'7bit': '7BIT', '8bit': '8BITMIME'}, 'return': {'1': 'full', '2': 'hdrs'},
              'trace': {'512': 'verify', '1024': 'report'}}

    def read(self, path):
        """Records: a letter, the length in groups of seven bits, the octets."""
        data, at, facts, content, notify = path.read_bytes(), 0, {'recipients': []}, b'', 0
        while at < len(data):
            letter, size, shift = chr(data[at]), 0, 0
            at += 1
            while True:
                size |= (data[at] & 0x7f) << shift
                shift += 7
                at += 1
                if not data[at - 1] & 0x80:
                    break
            text, at = data[at:at + size], at + size
            if letter in 'NL':
                content += text + (b'\n' if letter == 'N' else b'')
            elif letter == 'R':
                facts['recipients'].append((text.decode(), notify))
                notify = 0
            elif letter == 'A':
                name, value = text.decode().split('=', 1)
                if name == 'notify_flags':
                    notify = int(value)
                elif name == 'rewrite_context' and value == 'remote':
                    facts['gateway'] = 'yes'
                elif name in self.ATTRIBUTES:
                    fact = self.ATTRIBUTES[name]
                    facts[fact] = self.VALUES.get(fact, {}).get(value, value)
            elif letter in 'SFV':
                facts[{'S': 'sender', 'F': 'full name', 'V': 'verp'}[letter]] = text.decode()
        if facts.get('full name') == '':
            del facts['full name']
        return facts, content


class Beside(HouseTest):
    @classmethod
    def prepare(cls):
        folder = cls.use(scratch('beside'))
        binaries = pathlib.Path(os.environ.get('EKIDEN_BIN') or ROOT / 'build' / 'dev' / 'bin')
        cls.ours = Ours(folder / 'ours', str(binaries / 'sendmail'), binaries, binaries, '')
        cls.theirs = Theirs(folder / 'theirs', '/usr/sbin/sendmail', '/usr/sbin', '/usr/lib/postfix/sbin',
                            'postfix:postdrop')

    def both(self, arguments, text, name=None):
        mine, other = [(house.run(arguments, text, name), house.take()) for house in (self.ours, self.theirs)]
        self.assertEqual(mine[0], other[0], (arguments, 'standard output, standard error, status'))
        self.assertEqual(len(mine[1]), len(other[1]), (arguments, 'what is in maildrop'))
        for (facts, content), (their_facts, their_content) in zip(mine[1], other[1]):
            self.assertEqual(facts, their_facts, (arguments, 'envelope'))
            # What does not end in a line end gets one in the queue; where exactly is nobody's business.
            if (arguments, text) not in ENVELOPE_ALONE:
                self.assertEqual(content.rstrip(b'\n'), their_content.rstrip(b'\n'), (arguments, 'content'))

    def test_each_case(self):
        self.assertGreaterEqual(len(CASES), 60)
        for arguments, text in CASES + ENVELOPE_ALONE:
            with self.subTest(arguments=arguments, text=text[:60]):
                self.both(arguments, text)

    def test_by_name(self):
        for name, arguments in [('newaliases', []), ('newaliases', ['bob']), ('mailq', ['bob']), ('mailq', ['-z']),
                                ('/usr/sbin/sendmail', []), ('newaliases', ['-bm', 'bob'])]:
            with self.subTest(name=name, arguments=arguments):
                self.both(arguments, PLAIN, name)

    def test_with_other_parameters(self):
        for more, cases in [
                ('sendmail_fix_line_endings = never\n', [(['bob'], 'a\r\nb\n'), (['bob'], 'a\nb\r\n')]),
                ('sendmail_fix_line_endings = strict\n', [(['bob'], 'a\r\nb\n\r\r\n'), (['bob'], 'a\nb\r\n')]),
                ('sendmail_fix_line_endings = sometimes\n', [(['bob'], PLAIN)]),
                ('sendmail_fix_line_endings = always\nmessage_size_limit = 20000\n', [(['bob'], 'x\n' * 50_000)]),
                ('default_verp_delimiters = ==\n', [(['-XV', 'bob'], PLAIN)]),
                ('authorized_submit_users = !root, static:all\n', [(['bob'], PLAIN), (['-t'], TO_TWO)]),
                ('authorized_submit_users = root\n', [(['bob'], PLAIN)])]:
            for house in (self.ours, self.theirs):
                house.configure(more)
            for arguments, text in cases:
                with self.subTest(more=more, arguments=arguments):
                    self.both(arguments, text)


main(Beside, root_only="Postfix's postdrop writes into a maildrop of its own user")
