"""Tables of patterns beside Postfix's: access tables, virtual aliases and ways see a whole address or name once, never parts of
it or parent domains, and what `postmap -q` finds, `ekimap -q` finds."""

import os
import pathlib
import smtplib
import subprocess

import waiting
from house_test import HouseTest, main
from instance import Instance, free_port
from peers import Sink
from postfix import Postfix

ACCESS = r'''
/^example\.com$/        REJECT the domain alone
/^\.example\.com$/      REJECT a parent domain
/^com$/                 REJECT the last label
/^user@$/               REJECT the local part alone
/^plain@example\.com$/  REJECT without its extension
/^(.*)\+x@/             REJECT with extension of $1
/^127\.0\.0$/           REJECT a network
/^Mixed@/i              REJECT in the case that was written
/^mixed@/i              REJECT in lower case
/^whole@.*\.com$/       REJECT the whole address
!/@/                    DUNNO
'''
SENDERS = ('user@example.com', 'plain@example.com', 'plain+y@example.com', 'plain+x@example.com', 'Mixed@example.com',
           'mixed@example.com', 'whole@sub.example.com', 'other@sub.example.com')
VIRTUAL = r'''
/^old\.test$/                nobody@sink.test
/^@old\.test$/               nobody@sink.test
/^user$/                     nobody@sink.test
/^(.*)\+(.*)@old\.test$/     $1-$2@sink.test
/^([^+]*)@old\.test$/        $1@sink.test, copy-of-$1@sink.test
'''
NAMES = ('user@old.test', 'User+List@old.test', 'user@elsewhere.test')
TRANSPORT = r'''
/^sink\.test$/               discard:
/^\.sink\.test$/             discard:
/^lost@/                     discard:
/^Case@/i                    discard:
/^lower@/i                   discard:
/@sink\.test$/               smtp:[127.0.0.1]:{port}
'''


def answers(address, port, sender, recipients):
    """The reply to MAIL or RCPT, whichever refuses; what is taken is not sent."""
    with smtplib.SMTP(address, port, local_hostname='client.test', timeout=30) as client:
        client.ehlo()
        replies = [client.mail(sender)]
        if replies[0][0] == 250:
            replies = [client.rcpt(recipient) for recipient in recipients]
        return [(code, text.decode()) if code >= 400 else code for code, text in replies]


def send(address, port, recipients):
    with smtplib.SMTP(address, port, local_hostname='client.test', timeout=30) as client:
        client.sendmail('', recipients, b'Subject: x\r\n\r\nx\r\n')


class Patterns(HouseTest):
    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('patterns'))
        etc = cls.ours.folder / 'etc'
        cls.sink, cls.their_sink = cls.use(Sink()), cls.use(Sink())
        (etc / 'access').write_text(ACCESS)
        (etc / 'virtual').write_text(VIRTUAL)
        for name, sink in (('transport', cls.sink), ('their-transport', cls.their_sink)):
            (etc / name).write_text(TRANSPORT.format(port=sink.port))
        settings = {'smtpd_client_restrictions': f'check_client_access regexp:{etc}/access',
                    'smtpd_sender_restrictions': f'check_sender_access regexp:{etc}/access',
                    'virtual_alias_maps': f'regexp:{etc}/virtual', 'mynetworks': '127.0.0.0/8',
                    'virtual_alias_domains': 'old.test', 'recipient_delimiter': '+'}
        cls.ours.restart(transport_maps=f'regexp:{etc}/transport', **settings)
        theirs = Postfix(cls.ours.folder / 'postfix', 'elsewhere.test', '127.0.0.1', port=free_port(),
                         settings={'transport_maps': f'regexp:{etc}/their-transport', **settings})
        lines = (theirs.etc / 'main.cf').read_text().splitlines()
        # The last line of a name counts; Postfix would tell of the others.
        last = {line.split(' =')[0]: line for line in lines}
        (theirs.etc / 'main.cf').write_text('\n'.join(last.values()) + '\n')
        cls.theirs = cls.use(theirs)

    def test_access(self):
        for sender in SENDERS:
            with self.subTest(sender):
                ours = answers(self.ours.address, self.ours.port('smtp'), sender, ['user@old.test'])
                theirs = answers(self.theirs.address, self.theirs.port, sender, ['user@old.test'])
                self.assertEqual(ours, theirs)
        refused = [answers(self.ours.address, self.ours.port('smtp'), sender, ['user@old.test']) != [250] for sender in SENDERS]
        self.assertEqual(refused, [False, True, False, True, True, True, True, False])

    def test_aliases_and_ways(self):
        for where, sink in ((self.ours, self.sink), (self.theirs, self.their_sink)):
            port = where.port if where is self.theirs else where.port('smtp')
            send(where.address, port, ['user@old.test', 'User+List@old.test', 'lost@sink.test', 'Case@sink.test', 'Lower@sink.test'])
        got = lambda sink: sorted(one for _, recipients, _ in sink.messages for one in recipients)    # noqa: E731
        wanted = ['Lower@sink.test', 'User-List@sink.test', 'copy-of-user@sink.test', 'user@sink.test']
        for sink in (self.sink, self.their_sink):
            waiting.reached(lambda: got(sink) == wanted)
            self.assertEqual(got(sink), wanted)

    def test_queries(self):
        etc = self.ours.folder / 'etc'
        ekimap = pathlib.Path(self.ours.facts['commands']['ekiden'][0]).parent / 'ekimap'
        for table, keys in (('access', (*SENDERS, 'example.com', 'sub.example.com', '127.0.0', '127.0.0.1', 'user@')),
                            ('virtual', (*NAMES, 'old.test', '@old.test', 'user'))):
            for key in keys:
                with self.subTest(table=table, key=key):
                    asked = [subprocess.run([*program, '-q', key, f'regexp:{etc}/{table}'], capture_output=True, text=True,
                                            timeout=30, env={**os.environ, 'MAIL_CONFIG': str(etc)})
                             for program in ([ekimap], ['/usr/sbin/postmap', '-c', str(self.theirs.etc)])]
                    self.assertEqual(*[(done.returncode, done.stdout) for done in asked])

    def test_what_matched_chooses_no_way(self):
        """Postfix skips such a line; here the check refuses it, so that nobody misses it."""
        etc = self.ours.folder / 'etc'
        (etc / 'choosing').write_text(r'/^(.*)@choose\.test$/ smtp:[$1]' + '\n')
        checked = subprocess.run([*self.ours.facts['commands']['ekiden'][:1], '-c', self.copy_with('transport_maps', 'choosing'), 'check'],
                                 capture_output=True, text=True, timeout=30)
        self.assertNotEqual(checked.returncode, 0)
        self.assertIn('choosing, line 1: the value of this table may not take over what matched', checked.stderr)

    def copy_with(self, parameter, table):
        """A copy of the configuration in which the parameter names that table."""
        etc, copy = self.ours.folder / 'etc', self.ours.folder / 'copy'
        copy.mkdir(exist_ok=True)
        for name in ('main.cf', 'master.cf'):
            (copy / name).write_text((etc / name).read_text())
        with open(copy / 'main.cf', 'a') as lines:
            lines.write(f'{parameter} = regexp:{etc}/{table}\n')
        return str(copy)


main(Patterns, root_only='a Postfix beside us')
