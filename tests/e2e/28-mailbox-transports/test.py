"""Who gets mail of this host's users when it is not we who keep their mailboxes, and who gets what is for nobody, beside
Postfix's own local(8): mailbox_transport, mailbox_command_maps, fallback_transport, luser_relay."""

import re

import local_users
import waiting
from house_test import main
from instance import free_port
from peers import Sink
from user_mail import AS_ROOT, CONTENT, LOCAL, PostfixWithUsers, Users

if AS_ROOT:
    USERS = local_users.enter('taro', 'hanako', further='clerk:x:77:61000::/nonexistent:/bin/sh\n')
OURS_TO_SET = ('mailbox_transport', 'mailbox_transport_maps', 'mailbox_command', 'mailbox_command_maps', 'fallback_transport',
               'fallback_transport_maps', 'luser_relay', 'transport_maps')
# What the settings say, to whom mail goes, and what comes of it: recipients at the other host, X-Original-To in which
# mailboxes, users whose command ran, and how returned mail is told.
CASES = (
    ('mailbox_transport takes what the .forward leaves', dict(mailbox_transport='smtp:{sink}'), ['taro+x'],
     {'sink': ['taro+x@local.test']}),
    ('mailbox_transport takes what is for nobody', dict(mailbox_transport='smtp:{sink}', luser_relay='hanako'), ['ghost'],
     {'sink': ['ghost@local.test']}),
    ('mailbox_transport takes what is for root and for system users', dict(mailbox_transport='smtp:{sink}'), ['root', 'clerk'],
     {'sink': ['clerk@local.test', 'root@local.test']}),
    ('mailbox_transport_maps by the bare name',
     dict(mailbox_transport_maps='inline:{{ {{ taro = smtp:{sink} }}, {{ ghost = smtp:{sink} }}, {{ hanako+x = discard: }} }}'),
     ['Taro+x', 'hanako+x', 'ghost'],
     {'sink': ['Taro+x@local.test', 'ghost@local.test'], 'mailboxes': [('hanako+x@local.test', 'hanako')]}),
    ('mailbox_transport_maps before mailbox_transport',
     dict(mailbox_transport_maps='inline:{{ {{ taro = discard: }} }}', mailbox_transport='smtp:{sink}'), ['hanako'],
     {'sink': ['hanako@local.test']}),
    ('mailbox_command_maps before mailbox_command',
     dict(mailbox_command_maps='inline:{{ {{ taro = cat > "$$HOME/by-map" }} }}', mailbox_command='cat > "$HOME/by-command"'),
     ['taro', 'hanako+x'], {'commands': ['hanako/by-command', 'taro/by-map']}),
    ('fallback_transport takes what is for nobody', dict(fallback_transport='smtp:{sink}', luser_relay='hanako'),
     ['taro', 'ghost+x'], {'sink': ['ghost+x@local.test'], 'mailboxes': [('taro@local.test', 'taro')]}),
    ('fallback_transport_maps by the bare name', dict(fallback_transport_maps='inline:{{ {{ ghost = smtp:{sink} }} }}'),
     ['ghost+x', 'Phantom+y'],
     {'sink': ['ghost+x@local.test'], 'returned': [('Phantom+y@local.test', '5.1.1', 'unknown user: "phantom"')]}),
    ('luser_relay by parts of the address', dict(luser_relay='taro+$user+${{extension?none}}${{extension:has}}'), ['Ghost+X', 'phantom'],
     {'mailboxes': [('Ghost+X@local.test', 'taro'), ('phantom@local.test', 'taro')]}),
    ('luser_relay at another host', dict(luser_relay='$local@other.test', transport_maps='inline:{{ {{ other.test = smtp:{sink} }} }}'),
     ['ghost+x'], {'sink': ['ghost+x@other.test']}),
    ('luser_relay that is the address itself', dict(luser_relay='$recipient'), ['ghost'],
     {'returned': [('ghost@local.test', '5.1.1', 'unknown user: "ghost"')]}),
    ('luser_relay to nobody', dict(luser_relay='phantom'), ['ghost'],
     {'returned': [('phantom@local.test', '5.1.1', 'unknown user: "phantom"')]}),
    ('nothing', {}, ['ghost+x'], {'returned': [('ghost+x@local.test', '5.1.1', 'unknown user: "ghost"')]}),
)


class Found:
    """What has come of mail so far, in one mail system."""

    def __init__(self, sink, spool, log):
        self.sink, self.spool, self.log = sink, spool, log

    def forget(self):
        self.sink.messages.clear()
        for path in [*self.spool.iterdir(), *(user.home / f'by-{what}' for user in USERS.values() for what in ('map', 'command'))]:
            path.unlink(missing_ok=True)
        self.seen = len(self.log())

    def mailboxes(self):
        first = re.compile(r'\nX-Original-To: (\S+)\n')
        return [(first.search(entry).group(1), path.name) for path in self.spool.iterdir() if not path.name.endswith('.lock')
                for entry in path.read_text(errors='replace').split('\n\nFrom ') if first.search(entry)]

    def __call__(self):
        commands = [f'{name}/{path.name}' for name, user in USERS.items() for path in user.home.glob('by-*')]
        returned = re.findall(r' to=<([^>]*)>.* dsn=([\d.]+), status=bounced \((.*)\)', self.log()[self.seen:])
        found = {'sink': [recipient for _, recipients, _ in self.sink.messages for recipient in recipients],
                 'mailboxes': self.mailboxes(), 'commands': commands, 'returned': returned}
        return {what: sorted(each) for what, each in found.items() if each}


class Others(Users):
    settings = {'local_recipient_maps': ''}

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.sink = cls.use(Sink())

    def reach(self, found, expected):
        waiting.reached(lambda: found() == expected, 15)
        self.assertEqual(found(), expected)

    def where(self, settings, sink):
        return {name: settings.get(name, '').format(sink=f'[127.0.0.1]:{sink.port}') for name in OURS_TO_SET}

    def test_ours(self):
        found = Found(self.sink, self.spool, self.ours.log)
        for what, settings, recipients, expected in CASES:
            with self.subTest(what):
                self.ours.restart(**self.where(settings, self.sink))
                found.forget()
                for name in recipients:
                    self.send(name, sender='')
                self.reach(found, expected)
                self.ours.command('ekiqueue', '-d', 'ALL')

    def test_a_user_is_not_asked_twice(self):
        """His .forward names others and himself; what is his goes to the transport, the rest goes on."""
        self.ours.restart(**self.where(dict(mailbox_transport='smtp:{sink}'), self.sink))
        found = Found(self.sink, self.spool, self.ours.log)
        found.forget()
        USERS['taro'].forward('hanako, \\taro\n')
        self.send('taro+x', sender='')
        self.reach(found, {'sink': ['hanako@local.test', 'taro+x@local.test']})
        USERS['taro'].remove('.forward')

    def test_what_waits_asks_again(self):
        """Between two attempts the mailbox may get another transport."""
        nobody = free_port()
        self.ours.restart(mailbox_transport=f'smtp:[127.0.0.1]:{nobody}')
        found = Found(self.sink, self.spool, self.ours.log)
        found.forget()
        self.assertIn('status=deferred', self.send('taro', sender='')[-1])
        self.ours.restart(mailbox_transport='', luser_relay='')
        self.ours.command('flush')
        self.reach(found, {'mailboxes': [('taro@local.test', 'taro')]})

    def test_as_postfix_does_it(self):
        theirs = PostfixWithUsers(self.ours.folder / 'postfix')
        main_cf = theirs.etc / 'main.cf'
        first = main_cf.read_text()
        sink = self.use(Sink())
        found = Found(sink, theirs.spool, theirs.log)
        for what, settings, recipients, expected in CASES:
            with self.subTest(what):
                lines = [f'{name} = {value}\n' for name, value in self.where(settings, sink).items() if value]
                main_cf.write_text(first + ''.join(lines))
                with theirs:
                    found.forget()
                    for name in recipients:
                        theirs.submit('', [f'{name}@{LOCAL}'], CONTENT)
                    self.reach(found, expected)


main(*((Others,) if AS_ROOT else ()), root_only='mail for several users of this host')
