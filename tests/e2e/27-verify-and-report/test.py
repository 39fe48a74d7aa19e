"""sendmail -bv and -v beside Postfix's own: the reports field by field, the lines of the log, and that a remote host that
is only asked never hears DATA."""

import email
import os
import re
import signal
import subprocess
import threading

import local_users
import postfix
import waiting
from house_test import HouseTest, main
from instance import Instance, free_port
from peers import Sink

AS_ROOT = os.geteuid() == 0
if AS_ROOT:
    USERS = local_users.enter('taro', 'hanako', 'jiro')
REMOTE = '127.0.0.2'
ASKING = 'jiro'     # a user of the host where there are such, else an account
FIELDS = ('Final-Recipient', 'Original-Recipient', 'Action', 'Status', 'Remote-MTA', 'Diagnostic-Code')


def decide(recipient):
    if recipient.startswith('no'):
        return '550 5.1.1 no such user here'
    if recipient.startswith('later'):
        return '451 4.2.0 come again'


class Remote(Sink):
    """A sink that keeps each line that it is told."""

    def __init__(self):
        super().__init__(REMOTE, decide=decide)
        self.heard = []

    def _serve(self, lines, out):
        heard = self.heard

        class Lines:
            @staticmethod
            def readline(size):
                line = lines.readline(size)
                heard.append(line)
                return line

        super()._serve(Lines, out)

    def verbs(self):
        return [line.split(b' ')[0].split(b':')[0].strip().decode() for line in self.heard if line]


class Report:
    """A delivery status notification taken apart."""

    def __init__(self, content):
        self.message = email.message_from_bytes(content)
        self.parts = self.message.get_payload()
        self.note = self.parts[0].get_payload()
        groups = self.parts[1].get_payload()
        self.about, self.recipients = groups[0], groups[1:]
        self.header = email.message_from_string(self.parts[2].get_payload() if isinstance(
            self.parts[2].get_payload(), str) else self.parts[2].get_payload()[0].as_string())

    @property
    def is_report(self):
        return self.message['Subject'] == 'Mail Delivery Status Report'

    def actions(self):
        """{recipient: (action, status)}, of several with the same address the sorted list of them."""
        found = {}
        for group in self.recipients:
            found.setdefault(group['Final-Recipient'].split(';')[1].strip(), []).append((group['Action'], group['Status']))
        return {address: sorted(what) for address, what in found.items()}


def plain(text, base=''):
    """A field's or note's value without line ends, queue ids, ports and names of the suite."""
    text = re.sub(r'\s+', ' ', text or '').replace('; rfc822;', ';').replace('rfc822; ', 'rfc822;').strip()
    text = re.sub(r'\]:\d+', ']:PORT', text).replace(str(base), 'BASE') if base else re.sub(r'\]:\d+', ']:PORT', text)
    text = re.sub(r'forwarded as \w+', 'forwarded as ID', text)
    return text.replace('X-Postfix', 'X-SUITE').replace('X-Ekiden', 'X-SUITE')


def fields(report, base):
    """What is compared of a report: the fields of each recipient, in the order of the addresses."""
    return sorted(tuple(f'{name}: {plain(group[name], base)}' for name in FIELDS if group[name])
                  for group in report.recipients)


class Host:
    """A house whose reports go to ASKING, as its test wants it."""

    def send(self, *arguments, text='Subject: hi\nTo: x\n\nbody\n'):
        return subprocess.run([self.binary, '-C', str(self.etc), '-f', self.asking, *arguments], input=text,
                              executable=self.binary, capture_output=True, text=True, timeout=60)

    def letters(self):
        return [path.read_bytes() for path in sorted([*self.box.glob('new/*'), *self.box.glob('cur/*')],
                                                     key=lambda path: path.stat().st_mtime_ns)]

    def reports(self):
        return [one for one in map(Report, (c for c in self.letters() if b'multipart/report' in c)) if one.is_report]

    def assert_announced(self, done):
        expected = f'Mail Delivery Status Report will be mailed to <{self.asking}>.\n'
        assert (done.returncode, done.stdout) == (0, expected), done

    def ask(self, *arguments, **how):
        """The report that comes of it."""
        before = len(self.reports())
        done = self.send(*arguments, **how)
        self.assert_announced(done)
        waiting.until(lambda: len(self.reports()) > before, f'a report of {arguments}')
        return self.reports()[before]


class Ours(Instance, Host):
    def __init__(self, name, **settings):
        super().__init__(name, accounts=f'alice,bob,{ASKING}', **settings)
        self.asking = f'{ASKING}@example.test'

    @property
    def box(self):
        return self.maildir(self.asking)

    @property
    def etc(self):
        return self.folder / 'etc'

    @property
    def binary(self):
        return f'{self.facts["paths"]["bin"]}/sendmail'


class Everybody(HouseTest):
    """What needs no root: accounts and remote hosts."""

    @classmethod
    def prepare(cls):
        cls.remote = cls.use(Remote())
        cls.ours = cls.use(Ours('verify', transport_maps=(
            f'inline:{{remote.test=smtp:[{REMOTE}]:{cls.remote.port}, dead.test=smtp:[{REMOTE}]:1, disc.test=discard:}}')))

    def test_a_probe_asks_and_no_more(self):
        report = self.ours.ask('-bv', 'x@remote.test', 'no@remote.test', 'later@remote.test', 'alice', 'nobody',
                               'x@dead.test', 'x@disc.test', text='never read\n')
        self.assertEqual(report.actions(), {
            'x@remote.test': [('deliverable', '2.1.5')], 'no@remote.test': [('undeliverable', '5.1.1')],
            'later@remote.test': [('undeliverable', '4.2.0')], 'alice@example.test': [('deliverable', '2.0.0')],
            'nobody@example.test': [('undeliverable', '5.1.1')], 'x@dead.test': [('undeliverable', '4.4.1')],
            'x@disc.test': [('deliverable', '2.0.0')]})
        self.assertEqual(self.remote.messages, [])
        verbs = self.remote.verbs()
        self.assertNotIn('DATA', verbs)
        self.assertEqual([verb for verb in verbs if verb in ('MAIL', 'RCPT', 'RSET')], ['MAIL', 'RCPT', 'RCPT', 'RCPT', 'RSET'])
        self.assertEqual(self.ours.messages('alice@example.test'), [])
        self.assertEqual(report.parts[2].get_content_type(), 'text/rfc822-headers')
        self.assertEqual((report.header['Subject'], report.header['From']), ('probe', self.ours.asking))
        self.assertNotIn('never read', report.message.as_string())
        self.assertIn('<x@remote.test>: delivery via 127.0.0.2[127.0.0.2]:', report.note)
        waiting.until(self.ours.queue_is_empty, 'the probe is gone')
        lines = [line for line in self.ours.log().splitlines() if 'status=' in line]
        for address, status in [('x@remote.test', 'deliverable (250 2.1.5 Ok)'),
                                ('no@remote.test', 'undeliverable (host 127.0.0.2[127.0.0.2] said: 550 5.1.1 no such user '
                                                   'here (in reply to RCPT TO command))'),
                                ('alice@example.test', 'deliverable (delivers to maildir)'),
                                ('nobody@example.test', 'undeliverable (unknown user: "nobody@example.test")')]:
            self.assertTrue(any(f'to=<{address}>' in line and line.endswith(f'status={status}') for line in lines),
                            f'{address}: {status}')
        self.assertRegex(self.ours.log(), r': sender delivery status notification: \w+')

    def test_a_delivery_is_reported_once(self):
        report = self.ours.ask('-v', 'x@remote.test', 'later@remote.test', 'no@remote.test', 'alice', 'nobody', 'x@disc.test',
                               text='Subject: traced\n\nbody of it\n')
        self.assertEqual(report.actions(), {
            'x@remote.test': [('relayed', '2.0.0')], 'later@remote.test': [('delayed', '4.2.0')],
            'no@remote.test': [('failed', '5.1.1')], 'alice@example.test': [('delivered', '2.0.0')],
            'nobody@example.test': [('failed', '5.1.1')], 'x@disc.test': [('delivered', '2.0.0')]})
        self.assertEqual(report.header['Subject'], 'traced')
        self.assertNotIn('body of it', report.message.as_string())
        self.assertEqual(len(self.remote.messages), 1)
        waiting.until(lambda: any(b'Subject: traced' in content for content in self.ours.messages('alice@example.test')),
                      'the message itself')
        # The bounce is told apart from it, and what waits is not reported again.
        bounces = [c for c in self.ours.letters() if b'Subject: Undelivered Mail Returned to Sender' in c]
        self.assertEqual(len(bounces), 1)
        self.assertIn(b'\nDiagnostic-Code: smtp; 550 5.1.1 no such user here\n', bounces[0])
        count = len(self.ours.reports())
        heard = len(self.remote.messages)
        self.remote.decide = None
        self.ours.command('ekiqueue', '-f')
        waiting.until(lambda: len(self.remote.messages) > heard, 'the one that waited')
        waiting.until(self.ours.queue_is_empty, 'nobody waits')
        self.remote.decide = decide
        self.assertEqual(len(self.ours.reports()), count)

    def test_who_gets_no_report(self):
        for arguments in (('-v', '-v'), ()):    # a second -v asks for talk
            before = len(self.ours.messages('alice@example.test'))
            self.assertEqual(self.ours.send(*arguments, 'alice').returncode, 0)
            self.ours.wait_for_messages('alice@example.test', before + 1)
        for mode in ('-bv', '-v'):
            lines = self.ours.log().count('not sending trace/success notification for single-bounce message')
            self.assertEqual(self.ours.send(mode, '-f', '<>', 'alice').returncode, 0)
            waiting.until(lambda: self.ours.log().count(
                'not sending trace/success notification for single-bounce message') > lines, 'the log says so')
        count = len(self.ours.reports())
        self.ours.ask('-v', '-N', 'never', 'alice')    # whatever is said of failures
        self.assertEqual(len(self.ours.reports()), count + 1)

    def test_the_manager_is_killed_in_between(self):
        """While the remote host thinks about the recipient: it is asked again, once told of, and never sent a message."""
        count, messages = len(self.ours.reports()), len(self.remote.messages)
        asked = []

        def slow(recipient):
            asked.append(recipient)
            if len(asked) == 1:
                self.assertTrue(self.killed.wait(60))
            return decide(recipient)

        self.killed = threading.Event()
        self.remote.decide = slow
        heard = len(self.remote.heard)
        self.assertEqual(self.ours.send('-bv', 'slow@remote.test', 'alice').returncode, 0)
        waiting.until(lambda: asked, 'the remote host is asked')
        old = self.ours.pids('manager')
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        waiting.until(lambda: self.ours.pids('manager') not in ([], old), 'another manager')
        self.killed.set()
        waiting.until(lambda: len(self.ours.reports()) > count, 'the report')
        self.remote.decide = decide
        waiting.until(self.ours.queue_is_empty, 'the probe is gone')
        self.assertEqual(len(self.ours.reports()), count + 1)
        self.assertEqual(self.ours.reports()[-1].actions(), {'slow@remote.test': [('deliverable', '2.1.5')],
                                                             'alice@example.test': [('deliverable', '2.0.0')]})
        self.assertEqual(len(self.remote.messages), messages)
        self.assertNotIn(b'DATA\r\n', self.remote.heard[heard:])

    def test_what_does_not_go_together(self):
        for options, text in [(('-bv', '-t'), '-t option cannot be used with -bv'), (('-bv', '-Rfull'), '-R option cannot'),
                              (('-bv', '-v'), '-v option cannot'), (('-bv', '-Nnever'), '-N option cannot')]:
            done = self.ours.send(*options, 'alice')
            self.assertEqual(done.returncode, 75)
            self.assertIn(text, done.stderr)


class Beside(postfix.Postfix, Host):
    binary = '/usr/sbin/sendmail'
    asking = ASKING

    @property
    def box(self):
        return USERS[ASKING].home / 'Maildir'


class OursWithUsers(Ours):
    def __init__(self, name, **settings):
        Instance.__init__(self, name, accounts='alice,bob', **settings)
        self.asking = ASKING

    @property
    def box(self):
        return USERS[ASKING].home / 'Maildir'


ALIASES = '''\
cmd: "|/bin/cat >>{base}/ran"
file: {base}/ran
team: taro, hanako
inc: ":include:{base}/list"
ext: rem@remote.test
mixed: taro, nobodyhere, rem@remote.test, cmd
deep: mixed
nul: /dev/null
owner-olist: jiro
olist: rem@remote.test, taro
'''
VIRTUAL = 'va@virt.test taro@local.test, x@remote.test\nvx@virt.test no@remote.test\n'
PROBED = ('rem@remote.test', 'no@remote.test', 'later@remote.test', 'taro', 'nosuch', 'cmd', 'file', 'nul', 'team', 'inc', 'ext',
          'mixed', 'deep', 'hanako', 'va@virt.test', 'vx@virt.test', 'vnone@virt.test', 'x@dead.test')
DELIVERED = ('rem@remote.test', 'no@remote.test', 'later@remote.test', 'taro', 'nosuch', 'nul', 'ext', 'hanako', 'va@virt.test',
             'vx@virt.test', 'vnone@virt.test', 'x@dead.test')


class BesidePostfix(HouseTest):
    """The same users, aliases and remote host for both suites."""

    @classmethod
    def prepare(cls):
        cls.remote = cls.use(Remote())
        postfix.SERVICES += 'local unix - n n - - local\n'
        transports = (f'inline:{{remote.test=smtp:[{REMOTE}]:{cls.remote.port}, dead.test=smtp:[{REMOTE}]:1}}')
        shared = {'myorigin': 'local.test', 'virtual_alias_domains': 'virt.test', 'transport_maps': transports,
                  'home_mailbox': 'Maildir/'}
        cls.ours = cls.use(OursWithUsers('beside'))
        base = cls.base = cls.ours.folder
        (base / 'list').write_text('taro\nrem2@remote.test\n')
        (base / 'virt').write_text(VIRTUAL)
        for name in ('aliases', 'theirs'):
            (base / name).write_text(ALIASES.format(base=base))
        cls.newaliases(cls.ours, f'-oAhash:{base}/aliases')
        cls.ours.restart(mydestination='local.test', alias_maps=f'hash:{base}/aliases', alias_database=f'hash:{base}/aliases',
                         virtual_alias_maps=f'texthash:{base}/virt', **shared)
        port = free_port('127.0.0.3')
        cls.theirs = Beside(base / 'postfix', 'vbox.test', '127.0.0.3', port=port, settings={
            **shared, 'virtual_alias_maps': f'texthash:{base}/virt'})
        # Once each, for Postfix warns of what stands twice.
        path = cls.theirs.etc / 'main.cf'
        text = re.sub(r'(?m)^(mydestination|alias_maps|alias_database) =.*\n', '', path.read_text())
        path.write_text(text + f'mydestination = local.test\nalias_maps = hash:{base}/theirs\n'
                               f'alias_database = hash:{base}/theirs\n')
        cls.newaliases(cls.theirs)
        cls.use(cls.theirs)
        USERS['hanako'].forward('\\hanako, rem3@remote.test, "|/bin/true"\n')

    @staticmethod
    def newaliases(host, *options):
        done = subprocess.run(['newaliases', '-C', str(host.etc), *options], executable=host.binary, capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 0, done.stderr
        return done

    def both(self, *arguments):
        return [(host.ask(*arguments), host) for host in (self.ours, self.theirs)]

    def test_what_is_found_out_of_each(self):
        (ours, _), (theirs, _) = self.both('-bv', *PROBED)
        self.assertEqual(ours.actions(), theirs.actions())
        self.assertFalse((self.base / 'ran').exists(), 'nothing was run or written')
        self.assertEqual(self.remote.messages, [])
        self.assertNotIn('DATA', self.remote.verbs())
        self.assert_same_form(ours, theirs)

    def test_the_fields_of_a_probe(self):
        for who in ('rem@remote.test', 'no@remote.test', 'later@remote.test', 'taro', 'cmd', 'nul', 'ext', 'inc', 'team',
                    'hanako', 'vx@virt.test', 'vnone@virt.test', 'x@dead.test'):
            with self.subTest(who):
                (ours, _), (theirs, _) = self.both('-bv', who)
                self.assertEqual(fields(ours, self.base), fields(theirs, self.base))
                self.assertEqual(plain(self.notes(ours), self.base), plain(self.notes(theirs), self.base))
                self.assertEqual({name: plain(ours.header[name]) for name in ('From', 'Subject', 'To')},
                                 {name: plain(theirs.header[name]) for name in ('From', 'Subject', 'To')})

    def test_the_fields_of_a_delivery(self):
        for who in DELIVERED:
            with self.subTest(who):
                (ours, _), (theirs, _) = self.both('-v', who)
                self.assertEqual(self.comparable(ours), self.comparable(theirs))
                self.assert_same_form(ours, theirs)

    def comparable(self, report):
        """Who does not know a user differs, and in what order Postfix names the parts of one recipient."""
        return [[re.sub(r'(delivery via local: )?unknown user: ".*"', 'unknown user', field) for field in group]
                for group in fields(report, self.base)]

    def assert_same_form(self, ours, theirs):
        for name in ('Subject', 'To', 'Auto-Submitted', 'MIME-Version', 'Return-Path'):
            self.assertEqual(ours.message[name].replace('@local.test', ''), theirs.message[name].replace('@local.test', ''))
        self.assertEqual([(part.get_content_type(), part['Content-Description']) for part in ours.parts],
                         [(part.get_content_type(), part['Content-Description']) for part in theirs.parts])
        self.assertEqual([name.replace('X-Ekiden', 'X-Postfix') for name in ours.about.keys()], theirs.about.keys())

    @staticmethod
    def notes(report):
        """The lines about recipients, without the template's text; where Postfix shows a name as it was typed is no
        matter."""
        text = report.note[report.note.index('\n<'):]
        parts = [re.sub(r' \(expanded from <[^>]*>\)', '', part) for part in text.strip().split('\n\n')]
        return '\n\n'.join(sorted(parts))

    def test_an_owned_list(self):
        (ours, _), (theirs, _) = self.both('-bv', 'olist')
        self.assertEqual(ours.actions(), theirs.actions())
        self.assertEqual(sorted(plain(g['Diagnostic-Code']) for g in ours.recipients),
                         sorted(plain(g['Diagnostic-Code']) for g in theirs.recipients))


if __name__ == '__main__':
    main(Everybody, for_root=[BesidePostfix], left_out='the comparison with Postfix, and users of the host')
