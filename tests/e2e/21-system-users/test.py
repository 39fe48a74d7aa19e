"""Mail for users of this host, beside Postfix's own local(8): mailboxes, .forward files, commands, files and lists. As root
the users stand in a copy of /etc/passwd that only this test sees; an ordinary user can get mail only for himself."""

import os
import pathlib
import pwd
import re
import subprocess

import local_users
import waiting
from house_test import main
from user_mail import AS_ROOT, CONTENT, LOCAL, PostfixWithUsers, Users

if AS_ROOT:
    USERS = local_users.enter('taro', 'hanako', 'jiro', 'saburo', further='clerk:x:77:61000::/nonexistent:/bin/sh\n')
NAME = 'taro' if AS_ROOT else pwd.getpwuid(os.geteuid()).pw_name
# Nothing is missing that a server would add.
WHOLE = (b'Message-Id: <1@elsewhere.test>\r\nDate: Sun, 22 Nov 2026 00:00:00 +0000\r\nFrom: s@elsewhere.test\r\n'
         b'To: taro@local.test\r\n')


def group_of(pid):
    try:
        return int(pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[2])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def anonymous(message):
    """Without what differs between two deliveries of one message: the time, and who received it by which name."""
    message = re.sub(rb'^From (\S+)  .*\n', rb'From \1\n', message)
    return re.sub(rb'\nReceived: .*\n(\t.*\n)+', b'\nReceived\n', message)


class Mailbox(Users):
    def test_an_mbox_in_the_spool(self):
        lines = self.send(NAME)
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], rf'^local: \w+: to=<{NAME}@{LOCAL}>, relay=local, delay=[\d.]+, delays=[\d./]+, '
                                   r'dsn=2.0.0, status=sent \(delivered to mailbox\)$')
        self.assertRegex(self.mailbox(NAME), rb'^From s@elsewhere\.test  \w{3} \w{3} [ \d]\d [\d:]{8} \d{4}\n'
                                         rb'Return-Path: <s@elsewhere\.test>\nX-Original-To: (\S+)\nDelivered-To: \1\n'
                                         rb'Received: [^\n]*\n(\t[^\n]*\n)+Subject: hi\nX-Y: z\n\n>From here\n\.dot\n'
                                         rb'body \xe9\n\n$')
        facts = (self.spool / NAME).stat()
        self.assertEqual((facts.st_uid, facts.st_mode & 0o777), (pwd.getpwnam(NAME).pw_uid, 0o600))
        self.send(NAME, sender='')
        self.assertIn(b'\n\nFrom MAILER-DAEMON  ', self.mailbox(NAME))
        self.assertEqual([path.name for path in self.spool.iterdir()], [NAME], 'locks are gone')


    def test_a_maildir_in_the_spool(self):
        self.ours.restart(mail_spool_directory=f'{self.spool}/')
        self.assertEqual(self.outcome(f'{NAME}+x'), ('2.0.0', 'sent', 'delivered to maildir'))
        messages = [path.read_bytes() for path in (self.spool / NAME / 'new').iterdir()]
        self.assertEqual(len(messages), 1)
        self.assertIn(f'\nDelivered-To: {NAME}+x@{LOCAL}\n'.encode(), messages[0])
        self.ours.restart(mail_spool_directory=self.spool)

    def test_a_command_in_the_place_of_a_mailbox(self):
        file = self.scratch / 'by-command'
        self.ours.restart(mailbox_command=f'cat > {file}; echo "$USER $EXTENSION $LOCAL" >> {file}')
        self.assertEqual(self.outcome(f'{NAME}+ext')[:2], ('2.0.0', 'sent'))
        self.assertTrue(file.read_bytes().endswith(f'body \udce9\n{NAME} ext {NAME}+ext\n'.encode(errors='surrogateescape')))
        self.assertEqual((file.stat().st_uid, self.mailbox(NAME)), (pwd.getpwnam(NAME).pw_uid, b''))
        file.unlink()
        self.ours.restart(mailbox_command='')

    def test_an_alias_and_what_is_for_nobody(self):
        self.build_aliases({'list': f'{NAME}, {NAME}+b', 'owner-list': NAME})
        self.ours.restart(luser_relay=f'{NAME}+$local', local_recipient_maps='')
        self.send('list')
        waiting.until(lambda: self.mailbox(NAME).count(b'From owner-list@local.test  ') == 2, 'both have it')
        self.assertEqual(self.mailbox(NAME).count(b'Delivered-To: list@local.test\n'), 2)
        self.send('ghost')
        waiting.until(lambda: f'Delivered-To: {NAME}+ghost@{LOCAL}'.encode() in self.mailbox(NAME), 'what is for nobody')
        self.ours.restart(luser_relay='')
        self.assertEqual(self.send('ghost', sender='')[-1].split('status=')[1], 'bounced (unknown user: "ghost")')
        self.build_aliases({})
        self.ours.restart(local_recipient_maps='proxy:unix:passwd.byname $alias_maps')

    def test_users_whom_nobody_delivers_to(self):
        """daemon is a system user for root's suite, and another one for an ordinary user's."""
        dsn, status, text = self.outcome('daemon')
        self.assertEqual((dsn, status), ('4.3.5', 'deferred'))
        self.assertRegex(text, 'local_minimum_uid' if AS_ROOT else 'runs as uid .* alone and cannot deliver as daemon')
        self.ours.command('ekiqueue', '-d', 'ALL')


class AsRoot(Mailbox):
    def setUp(self):
        super().setUp()
        for user in USERS.values():
            user.remove('.forward')
            user.remove('.forward+list')

    def test_mailboxes_at_home(self):
        self.ours.restart(home_mailbox='Mail/in/')
        self.assertEqual(self.outcome('taro'), ('2.0.0', 'sent', 'delivered to maildir'))
        files = list((USERS['taro'].home / 'Mail' / 'in' / 'new').iterdir())
        self.assertEqual(len(files), 1)
        self.assertIn(b'Delivered-To: taro@local.test\n', files[0].read_bytes())
        self.assertEqual((files[0].stat().st_uid, list(self.spool.iterdir())), (USERS['taro'].uid, []))
        self.ours.restart(home_mailbox='box')
        self.assertEqual(self.outcome('taro'), ('2.0.0', 'sent', 'delivered to mailbox'))
        self.assertTrue((USERS['taro'].home / 'box').read_bytes().startswith(b'From s@elsewhere.test  '))
        self.ours.restart(home_mailbox='', mailbox_command='cat > "$HOME/by-command"; echo "$EXTENSION" >> "$HOME/by-command"')
        self.assertEqual(self.outcome('taro+ext')[:2], ('2.0.0', 'sent'))
        self.assertTrue((USERS['taro'].home / 'by-command').read_bytes().endswith(b'body \xe9\next\n'))
        self.ours.restart(mailbox_command='')

    def test_a_user_who_comes_later(self):
        """useradd replaces /etc/passwd: nobody need be told, and nobody's view of the old file counts."""
        self.assertFalse(self.known('shiro'))
        local_users.add('shiro', 61900, USERS['taro'].home.with_name('shiro'))
        self.assertTrue(self.known('shiro'))
        self.assertEqual(self.outcome('shiro'), ('2.0.0', 'sent', 'delivered to mailbox'))

    def test_a_home_that_comes_later(self):
        home = USERS['saburo'].home
        away = home.with_name('away')
        home.rename(away)
        self.assertEqual(self.outcome('saburo'), ('2.0.0', 'sent', 'delivered to mailbox'))
        away.rename(home)
        USERS['saburo'].forward('hanako\n')
        self.assertEqual(self.outcome('saburo')[:2], ('4.3.0', 'deferred'))
        self.ours.command('flush')
        waiting.until(lambda: self.mailbox('hanako'), 'the mail is forwarded')

    def test_forward_to_others_and_oneself(self):
        USERS['taro'].forward('# holiday\nhanako,\n   jiro\n\\taro\n')
        lines = self.send('taro')
        self.assertEqual(sum('status=sent (delivered to mailbox)' in line for line in lines), 3, lines)
        self.assertEqual(sum(bool(re.search(r'^local: .*to=<taro@local.test>.*status=sent \(forwarded as \w+\)', line))
                             for line in lines), 1, lines)
        self.assertNotIn(b'Delivered-To: taro', self.mailbox('taro').split(b'\n\n')[0].replace(b'Delivered-To: taro', b'', 1))
        for other in ('hanako', 'jiro'):
            self.assertIn(f'X-Original-To: taro@local.test\nDelivered-To: {other}@local.test\n'.encode(), self.mailbox(other))
            self.assertIn(b'\nDelivered-To: taro@local.test\n', self.mailbox(other))
        USERS['taro'].forward('taro@local.test\n')
        self.send('taro+x')
        self.assertEqual(self.mailbox('taro').count(b'\nDelivered-To: taro+x@local.test\n'), 1)

    def test_forward_by_extension(self):
        USERS['taro'].write('.forward+list', 'jiro\n')
        USERS['taro'].forward('hanako\n')
        self.send('taro+list')
        self.assertTrue(self.mailbox('jiro') and not self.mailbox('hanako'))
        self.send('taro+other')
        self.assertTrue(self.mailbox('hanako'))

    def test_forward_files_that_are_not_believed(self):
        taro = USERS['taro']
        for what, make in (('others may write', lambda: taro.forward('hanako\n', mode=0o666)),
                           ('of another', lambda: taro.forward('hanako\n', owner=USERS['hanako'].uid)),
                           ('unreadable', lambda: taro.forward('hanako\n', mode=0o200)),
                           ('empty', lambda: taro.forward('')), ('comments', lambda: taro.forward('# nobody\n'))):
            with self.subTest(what):
                make()
                before = len(self.ours.log())
                self.assertEqual(self.outcome('taro'), ('2.0.0', 'sent', 'delivered to mailbox'))
                if what not in ('empty', 'comments'):
                    self.assertRegex(self.ours.log()[before:], r'/local\[\d+\]: warning: \w+: of taro ignored: \S+/taro/\.forward: ')
        taro.remove('.forward')
        os.symlink('real', taro.home / '.forward')
        self.assertEqual(self.outcome('taro'), ('2.0.0', 'sent', 'delivered to mailbox'))
        taro.forward('"not closed\n')
        dsn, status, text = self.outcome('taro')
        self.assertEqual((dsn, status), ('4.3.5', 'deferred'))
        self.assertIn('.forward: line 1: a quote is not closed', text)
        taro.remove('.forward')
        self.ours.command('ekiqueue', '-d', 'ALL')

    def test_loops_end(self):
        USERS['taro'].forward('hanako\n')
        USERS['hanako'].forward('taro\n')
        lines = self.send('taro')
        self.assertEqual([line for line in lines if 'mail forwarding loop for taro@local.test' in line and 'dsn=5.4.6' in line]
                         and len(lines) < 8, True, lines)

    # --- commands ---
    def run_command(self, line, to='taro', **how):
        quoted = line.replace('\\', '\\\\').replace('"', '\\"')
        USERS['taro'].forward(f'"|{quoted}"\n')
        return self.outcome(to, **how)

    def test_exit_codes(self):
        meanings = {64: ('5.3.0', 'command line usage error'), 65: ('5.6.0', 'data format error'),
                    66: ('5.3.0', 'cannot open input'), 67: ('5.1.1', 'user unknown'), 68: ('5.1.2', 'host name unknown'),
                    69: ('5.3.0', 'service unavailable'), 70: ('5.3.0', 'internal software error'),
                    71: ('4.3.0', 'system resource problem'), 72: ('5.3.0', 'critical OS file missing'),
                    73: ('5.2.0', "can't create user output file"), 74: ('5.3.0', 'input/output error'),
                    75: ('4.3.0', 'temporary failure'), 76: ('5.5.0', 'remote error in protocol'),
                    77: ('5.7.0', 'permission denied'), 78: ('5.3.5', 'local configuration error')}
        for code in (1, 2, 63, *range(64, 80), 100, 126, 127, 255):
            dsn, text = meanings.get(code, ('5.3.0', f'Command died with status {code}: "exit {code}"'))
            with self.subTest(code=code):
                self.assertEqual(self.run_command(f'exit {code}', sender=''),
                                 (dsn, 'deferred' if dsn[0] == '4' else 'bounced', text))
            self.ours.command('ekiqueue', '-d', 'ALL')

    def test_what_commands_say(self):
        for line, answer in (
                ('echo 4.7.9 my words; echo more; exit 1', ('4.7.9', 'deferred', 'my words more')),
                ('echo 5.7.9 my words; exit 75', ('5.7.9', 'bounced', 'my words')),
                ('echo some words; exit 75', ('4.3.0', 'deferred', 'temporary failure. Command output: some words')),
                ('echo words; kill -TERM $$', ('4.3.0', 'deferred', 'Command died with signal 15: "echo words; kill -TERM $$". '
                                                                   'Command output: words')),
                ('/nonexistent/x', ('4.3.0', 'deferred', 'temporary failure. Command output: cannot execute /nonexistent/x: '
                                                        'No such file or directory')),
                ('echo started; sleep 60', ('4.3.0', 'deferred', 'Command time limit exceeded: "echo started; sleep 60". '
                                                                'Command output: started'))):
            with self.subTest(line):
                self.assertEqual(self.run_command(line), answer)
            self.ours.command('ekiqueue', '-d', 'ALL')
        self.assertEqual(self.run_command('yes | head -c 300000; exit 0')[:2], ('2.0.0', 'sent'))
        # Who does not read, and who closes its input: no error.
        big = b'Subject: x\r\n\r\n' + b'y' * 70 * 20000 + b'\r\n'
        big = b'Subject: x\r\n\r\n' + (b'y' * 70 + b'\r\n') * 20000
        self.assertEqual(self.run_command('/bin/true', content=big)[:2], ('2.0.0', 'sent'))
        count = USERS['taro'].home / 'count'
        self.assertEqual(self.run_command(f'sed 1,/^$/d | wc -c > {count}', content=big)[:2], ('2.0.0', 'sent'))
        self.assertEqual(count.read_text().strip(), str(71 * 20000))

    def test_a_time_limit_ends_the_whole_group(self):
        home = USERS['taro'].home
        self.assertEqual(self.run_command(f'(echo $$ > {home}/leader; sleep 61) & sleep 61; true')[0], '4.3.0')
        group = int((home / 'leader').read_text())
        waiting.until(lambda: not [pid for pid in os.listdir('/proc') if pid.isdigit() and group_of(pid) == group],
                      'nobody of the group lives')
        self.ours.command('ekiqueue', '-d', 'ALL')

    def test_circumstances_of_commands(self):
        home = USERS['taro'].home
        self.assertEqual(self.run_command(f'pwd > {home}/facts; umask >> {home}/facts; id -u -r >> {home}/facts; id -G >> '
                                          f'{home}/facts; ls /proc/self/fd >> {home}/facts; '
                                          f'grep -E "^(NoNew|Seccomp:|Cap[PE]|SigIgn|SigBlk)" /proc/self/status >> {home}/facts')[1],
                         'sent')
        facts = (home / 'facts').read_text().split('\n')
        uid = str(USERS['taro'].uid)
        self.assertEqual(facts[:4], [str(self.ours.folder / 'spool'), '0077', uid, uid])
        self.assertEqual(facts[4:8], ['0', '1', '2', '3'], '3 is the directory that ls reads')
        status = dict(line.split(':\t') for line in facts[8:] if line)
        self.assertEqual(status, {'NoNewPrivs': '0', 'Seccomp': '0', 'SigBlk': '0' * 16, 'SigIgn': '0' * 16,
                                  'CapPrm': '0' * 16, 'CapEff': '0' * 16})

    def test_what_is_restricted(self):
        self.ours.restart(allow_mail_to_commands='alias', allow_mail_to_files='alias')
        self.assertEqual(self.run_command('true'), ('5.7.1', 'bounced', 'mail to command is restricted'))
        USERS['taro'].forward('/dev/null\n')
        self.assertEqual(self.outcome('taro'), ('5.7.1', 'bounced', 'mail to file is restricted'))
        self.ours.restart(allow_mail_to_commands='alias, forward', allow_mail_to_files='alias, forward')

    # --- beside Postfix ---
    def test_as_postfix_does_it(self):
        """The same message by Postfix's local(8): mbox and a command's input are the same to the octet, its environment
        but for what names the other instance."""
        theirs = PostfixWithUsers(self.ours.folder / 'postfix')
        home = USERS['taro'].home
        results = {}
        with theirs:
            for who in ('ours', 'theirs'):
                USERS['taro'].forward(f'"|cat > {home}/{who}.input; env > {home}/{who}.env", \\taro\n')
                place = self.spool if who == 'ours' else theirs.spool
                if who == 'ours':
                    self.send('taro+ext', sender='we+ird`x@elsewhere.test', content=WHOLE + CONTENT)
                else:
                    theirs.submit('we+ird`x@elsewhere.test', [f'taro+ext@{LOCAL}'], WHOLE + CONTENT)
                waiting.until(lambda: (home / f'{who}.env').exists() and (place / 'taro').exists() and
                              (place / 'taro').read_bytes().endswith(b'body \xe9\n\n'), f'{who} has delivered')
                environment = dict(line.split('=', 1) for line in (home / f'{who}.env').read_text().splitlines())
                results[who] = ((place / 'taro').read_bytes(), (home / f'{who}.input').read_bytes(), environment)
        for ours, theirs_ in zip(results['ours'][:2], results['theirs'][:2]):
            self.assertEqual(anonymous(ours), anonymous(theirs_))
        ours, theirs_ = results['ours'][2], results['theirs'][2]
        for name in ('MAIL_CONFIG', 'PWD', 'CLIENT_HELO', 'LANG', 'TZ'):    # where and by whom, not what
            ours.pop(name, None), theirs_.pop(name, None)
        self.assertEqual(ours, theirs_)

    # --- files and lists ---
    def test_files(self):
        home = USERS['taro'].home
        for target, text in ((f'{home}/box', f'delivered to file: {home}/box'), ('/dev/null', 'delivered to file: /dev/null'),
                             (f'{home}/dir/', 'delivered to maildir')):
            USERS['taro'].forward(f'{target}\n')
            self.assertEqual(self.outcome('taro'), ('2.0.0', 'sent', text))
        self.assertIn(b'\n>From here\n', (home / 'box').read_bytes())
        self.assertEqual(len(list((home / 'dir' / 'new').iterdir())), 1)
        for target in ('/etc/passwd', f'{home}/none/box'):
            USERS['taro'].forward(f'{target}\n')
            self.assertEqual(self.outcome('taro')[:2], ('4.3.5', 'deferred'))
        self.ours.command('ekiqueue', '-d', 'ALL')

    def test_lists(self):
        taro = USERS['taro']
        taro.write('list', f'hanako\n# more\n:include:{taro.home}/inner\n')
        taro.write('inner', f':include:{taro.home}/list, jiro@local.test\n')
        taro.forward(f':include:{taro.home}/list\n')
        self.send('taro')
        waiting.until(lambda: self.mailbox('hanako') and self.mailbox('jiro'), 'both have it')
        self.assertEqual([self.mailbox(name).count(b'Subject: hi') for name in ('hanako', 'jiro')], [1, 1])
        taro.write('list', 'hanako, "|true"\n')
        self.assertEqual(self.outcome('taro'), ('5.7.1', 'bounced', 'mail to command is restricted'))
        taro.forward(f':include:{taro.home}/none\n')
        self.assertEqual(self.outcome('taro')[:2], ('4.3.5', 'deferred'))
        self.ours.command('ekiqueue', '-d', 'ALL')

    def test_aliases_and_their_owners(self):
        members = self.scratch / 'members'
        members.write_text(''.join(f'taro+{number}\n' for number in range(1000)) + 'hanako\n')
        self.build_aliases({'prog': f'"|env > {self.scratch}/env; id -u > {self.scratch}/id"', 'archive': f'{self.scratch}/archive',
                            'list': f':include:{members}, "|cat > {self.scratch}/list.in"', 'owner-list': 'jiro',
                            'boss': '\\taro', 'a': 'b', 'b': 'a'})
        waiting.until(lambda: self.known('boss'), 'the router knows the aliases')
        nobody = pwd.getpwnam('nobody').pw_uid
        self.assertEqual(self.outcome('prog+x')[:2], ('2.0.0', 'sent'))
        self.assertEqual(int((self.scratch / 'id').read_text()), nobody)
        environment = (self.scratch / 'env').read_text()
        self.assertIn('USER=prog\n', environment)
        self.assertIn('EXTENSION=x\n', environment)
        self.assertNotIn('HOME=', environment)
        self.assertEqual(self.outcome('archive'), ('2.0.0', 'sent', f'delivered to file: {self.scratch}/archive'))
        self.assertEqual((self.scratch / 'archive').stat().st_uid, nobody)
        USERS['taro'].forward('hanako\n')
        self.assertEqual(self.outcome('boss'), ('2.0.0', 'sent', 'delivered to mailbox'))
        USERS['taro'].remove('.forward')
        self.send('list')
        waiting.until(lambda: self.mailbox('taro').count(b'Subject: hi') == 1001 and self.mailbox('hanako'),
                      'a thousand members have it', 120)
        self.assertIn(b'From owner-list@local.test  ', self.mailbox('hanako'))
        self.assertEqual(self.mailbox('hanako').count(b'Delivered-To: list@local.test\n'), 1)
        self.assertIn(b'Return-Path: <owner-list@local.test>\n', (self.scratch / 'list.in').read_bytes())
        waiting.until(self.ours.queue_is_empty, 'all is done')
        lines = self.send('a')
        self.assertTrue(any('dsn=5.4.6' in line for line in lines), lines)

    def built_by(self, tool, kind, suffix):
        """A table of that type, of taro's; its path."""
        subprocess.run([tool, '-c', self.etc_of[tool], f'{kind}:{self.aliases}'], check=True, timeout=30)
        path = self.aliases.with_name(f'aliases{suffix}')
        os.chown(path, USERS['taro'].uid, USERS['taro'].gid)
        return path

    def test_tables_of_users(self):
        """Commands and files of an alias table run as its owner; of an owner whom nobody knows nothing runs."""
        binaries = pathlib.Path(self.ours.facts['commands']['ekiden'][0]).parent
        private = self.scratch / 'postfix'
        private.mkdir()
        (private / 'main.cf').write_text('compatibility_level = 3.6\n')
        self.etc_of = {str(binaries / 'ekialias'): str(self.ours.folder / 'etc'), '/usr/sbin/postalias': str(private)}
        ids, box = self.scratch / 'ids', self.scratch / 'box'
        self.build_aliases({'prog': f'"|id -u > {ids}"', 'box': str(box)})
        for tool, kind, suffix in ((str(binaries / 'ekialias'), 'hash', '.db'), (str(binaries / 'ekialias'), 'cdb', '.cdb'),
                                   ('/usr/sbin/postalias', 'lmdb', '.lmdb')):
            with self.subTest(kind=kind):
                path = self.built_by(tool, kind, suffix)
                self.ours.restart(alias_maps=f'{kind}:{self.aliases}')
                self.assertEqual(self.outcome('prog')[:2], ('2.0.0', 'sent'))
                self.assertEqual(int(ids.read_text()), USERS['taro'].uid)
                self.assertEqual(self.outcome('box')[:2], ('2.0.0', 'sent'))
                self.assertEqual(box.stat().st_uid, USERS['taro'].uid)
                ids.unlink()
                box.unlink()
                os.chown(path, 61999, 61999)
                lines = self.send('prog')
                self.assertRegex(lines[-1], rf'status=deferred .*{kind}:{self.aliases}: cannot find its owner: '
                                            'no user of this host has uid 61999')
                self.ours.command('ekiqueue', '-d', 'ALL')
                self.assertFalse(ids.exists())
                path.unlink()
        self.build_aliases({})
        self.ours.restart(alias_maps=f'hash:{self.aliases}')

    def test_lists_have_a_bound(self):
        members = self.scratch / 'many'
        self.build_aliases({'many': f':include:{members}'})
        waiting.until(lambda: self.known('many'), 'the router knows it')
        for content, what in (('hanako\n' * 10_001, 'more than 10000 destinations'),
                              ('hanako\n' + '#' * 1024 * 1024, 'longer than 1048576 octets')):
            members.write_text(content)
            dsn, status, text = self.outcome('many')
            self.assertEqual(status, 'deferred', text)
            self.assertIn(what, text)
            self.ours.command('ekiqueue', '-d', 'ALL')
        self.assertEqual(self.mailbox('hanako'), b'', 'nobody has it')
        members.write_text('hanako\n' + '#' * (1024 * 1024 - 7))
        self.send('many')
        waiting.until(lambda: self.mailbox('hanako'), 'a file as long as may be')

    def test_nothing_for_root_and_local_users(self):
        self.assertEqual(self.outcome('root')[:2], ('4.3.5', 'deferred'))
        dsn, status, text = self.outcome('clerk')
        self.assertEqual((dsn, status), ('4.3.5', 'deferred'))
        self.assertIn('local_minimum_uid', text)
        self.assertIn('alias_maps', text)
        self.assertEqual(list(self.spool.iterdir()), [])
        self.ours.command('ekiqueue', '-d', 'ALL')


if AS_ROOT:
    main(AsRoot)
main(Mailbox, left_out='.forward files, homes, commands, files and lists of several users, and Postfix beside them')
