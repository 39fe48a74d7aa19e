"""ekisuper and ekicat on a queue of held and deferred mail, with the manager running and without it; as root also beside
Postfix's postsuper and postcat, with the same commands on a private instance of it."""

import fcntl
import gzip
import os
import re
import subprocess
import threading

import waiting
from house_test import HouseTest, main
from instance import Instance, scratch
from peers import Sink

NEVER = '6h'
BODY = (b'From: A <a@example.test>\r\nSubject: hello\r\n continued\r\n\r\nbody one\r\n.dot: x\r\n\r\n' +
        b'x' * 500 + b'\r\nlast\r\n')
LARGE = b'Subject: large\r\n\r\n' + b'0123456789 large line of a large message\r\n' * 5000


class Administration(HouseTest):
    @classmethod
    def prepare(cls):
        cls.sink = cls.use(Sink('127.0.0.6', decide=lambda recipient: '451 4.7.1 not now'))
        cls.ours = cls.use(Instance('administration', mynetworks='127.0.0.0/8', relayhost=f'[127.0.0.6]:{cls.sink.port}',
                                    minimal_backoff_time=NEVER, maximal_backoff_time=NEVER, queue_run_delay=NEVER))
        cls.sender = cls.ours.account(0)['address']

    def setUp(self):
        self.super('-d', 'ALL')

    def run_tool(self, name, *arguments, text=None, status=0):
        argv = [*self.ours.facts['commands'][name], *arguments]
        done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, status, f'{argv}: {done.stdout}{done.stderr}')
        return done

    def super(self, *arguments, text=None, status=0):
        done = self.run_tool('ekisuper', *arguments, text=text, status=status)
        self.assertEqual(done.stdout, '')
        return done.stderr

    def cat(self, *arguments, status=0):
        return self.run_tool('ekicat', *arguments, status=status).stdout

    def deferred(self, recipient='b@one.test', content=BODY):
        with self.ours.smtp() as client:
            code, text = client.mail(self.sender, [recipient], content)
        self.assertEqual(code, 250, text)
        queue_id = re.search(r'queued as (\S+)', text).group(1)
        waiting.until(lambda: 'not now' in self.listing(queue_id), f'{queue_id} is deferred')
        return queue_id

    def listing(self, queue_id):
        """The paragraph of mailq about it, or nothing."""
        found = [part for part in self.run_tool('ekiqueue', '-p').stdout.split('\n\n') if queue_id in part]
        return found[0] if found else ''

    # --- ekisuper ---
    def orders(self):
        first, second, third = self.deferred(), self.deferred(), self.deferred()
        self.assertEqual(self.super('-h', first), f'ekisuper: {first}: placed on hold\n'
                         'ekisuper: Placed on hold: 1 message\n')
        self.assertIn(f'{first}!', self.listing(first))
        self.assertEqual(self.super('-h', first), 'ekisuper: Placed on hold: 0 messages\n')
        self.assertEqual(self.super('-d', 'ALL', 'active'), 'ekisuper: Deleted: 0 messages\n')
        self.assertEqual(self.super('-f', first), f'ekisuper: {first}: expired\nekisuper: Force-expired: 1 message\n'
                         f'ekisuper: {first}: released from hold\nekisuper: Released from hold: 1 message\n')
        self.assertEqual(self.super('-e', second, '-d', third), f'ekisuper: {third}: removed\n'
                         f'ekisuper: Deleted: 1 message\nekisuper: {second}: expired\n'
                         'ekisuper: Force-expired: 1 message\n')
        self.assertIn(f'{second}#', self.listing(second))
        self.assertEqual(self.super('-d', '-', text=f'{second}\n3Xv4Gc2kPQz1B\n'),
                         f'ekisuper: {second}: removed\nekisuper: Deleted: 1 message\n')
        return first, second, third

    def test_orders_while_it_runs(self):
        first, second, third = self.orders()
        for queue_id, what in ((first, 'placed on hold'), (second, 'expired'), (third, 'removed')):
            waiting.until(lambda line=f'{queue_id}: {what}': line in self.ours.log(), f'{queue_id}: {what} is in the log')
        self.assertRegex(self.ours.log(), r'ekiden/ekisuper\[\d+\]: Deleted: 1 message\n')

    def test_expired_mail_goes_back(self):
        queue_id = self.deferred()
        self.super('-e', queue_id)
        self.run_tool('ekiqueue', '-i', queue_id)
        waiting.until(lambda: self.listing(queue_id) == '', 'it leaves the queue')
        self.assertIn(f'{queue_id}: from=<{self.sender}>, status=expired, returned to sender', self.ours.log())

    def attempts(self, queue_id):
        return len(re.findall(rf'/smtp\[\d+\]: {queue_id}: to=<', self.ours.log()))

    def test_requeued_mail_is_tried_again(self):
        first, second = self.deferred(), self.deferred()
        self.assertEqual((self.attempts(first), self.attempts(second)), (1, 1))
        self.assertEqual(self.super('-r', first), f'ekisuper: {first}: requeued\nekisuper: Requeued: 1 message\n')
        waiting.until(lambda: self.attempts(first) == 2, 'the one is tried again')
        waiting.until(lambda: f'{first}: requeued' in self.ours.log(), 'it is in the log')
        self.assertEqual(self.super('-r', '3Xv4Gc2kPQz1B'), 'ekisuper: Requeued: 0 messages\n')
        self.ours.down()
        try:
            self.assertEqual(self.super('-r', second), f'ekisuper: {second}: requeued\nekisuper: Requeued: 1 message\n')
            self.assertEqual(self.super('-r', 'ALL'), 'ekisuper: Requeued: 2 messages\n')
        finally:
            self.ours.up()
        waiting.until(lambda: (self.attempts(first), self.attempts(second)) == (3, 2), 'both are tried')

    def test_ekiden_shows_and_says_more_with_no_option(self):
        """-D and -v are taken, as postfix(1) has them, in front of each command."""
        for command in ('check', 'status'):
            plain, chatty = self.run_tool('ekiden', command), self.run_tool('ekiden', '-D', '-v', command)
            self.assertEqual(chatty.stderr, plain.stderr)
            self.assertEqual(bool(chatty.stdout), bool(plain.stdout))
        self.run_tool('ekiden', '-vD', 'reload')
        self.run_tool('ekiden', '-x', 'check', status=64)

    def test_while_it_is_down(self):
        ids = [self.deferred() for _ in range(3)]
        large = self.deferred(content=LARGE)
        self.ours.down()
        try:
            self.assertEqual(self.super('-h', ids[0]), f'ekisuper: {ids[0]}: placed on hold\n'
                             'ekisuper: Placed on hold: 1 message\n')
            self.assertEqual(self.super('-d', ids[1]), f'ekisuper: {ids[1]}: removed\nekisuper: Deleted: 1 message\n')
            self.assertRegex(self.ours.log(), rf'ekiden/ekisuper\[\d+\]: {ids[1]}: removed\n')
            self.assertTrue(self.cat('-qh', ids[0]).endswith('Subject: hello\n continued\n'))
            self.assertEqual(self.cat('-qb', large), '\n' + LARGE.split(b'\r\n\r\n', 1)[1].decode().replace('\r\n', '\n'))
            self.assertEqual(self.super(), '')
            content = self.ours.folder / 'spool' / 'queue' / 'content'
            os.truncate(content / large, 100)
            self.assertRegex(self.super('-s'), rf'{large}: content/{large} has 100 octets instead of \d+: placed on hold')
        finally:
            self.ours.up()
        self.assertIn(f'{ids[0]}!', self.listing(ids[0]))
        self.assertIn(f'{large}!', self.listing(large))
        self.assertEqual(self.listing(ids[1]), '')

    def test_structure_while_it_runs(self):
        queue_id, large = self.deferred(), self.deferred(content=LARGE)
        self.assertEqual(self.super(), '')
        self.assertIn('2 messages looked at, 0 findings', self.super('-s', '-v'))
        content = self.ours.folder / 'spool' / 'queue' / 'content'
        (content / large).rename(content / 'aside')
        (content / '000000000z1').write_text('of nobody')
        said = self.super('-s', '-p')
        self.assertIn(f'ekisuper: warning: {large}: content/{large} is missing: placed on hold\n', said)
        self.assertRegex(said, 'content: [12] files without a message: removed')
        self.assertNotIn(queue_id, said)
        self.assertEqual(list(content.iterdir()), [])
        self.assertEqual(self.super('-s', '-p'), '')

    def test_mistakes(self):
        self.assertEqual(self.super('-d', '3Xv4Gc2kPQz1B'), 'ekisuper: Deleted: 0 messages\n')
        self.assertEqual(self.super('-d', '../x'), 'ekisuper: warning: invalid mail queue id: ../x\n'
                         'ekisuper: Deleted: 0 messages\n')
        self.assertEqual(self.super('nosuch', status=1), 'ekisuper: fatal: invalid directory name: nosuch\n')
        self.assertIn('usage: ekisuper', self.super('-x', status=1))
        self.assertIn('open queue file 3Xv4Gc2kPQz1B: No such file or directory',
                      self.run_tool('ekicat', '-q', '3Xv4Gc2kPQz1B', status=1).stderr)
        self.assertIn('bad mail queue ID: ../x', self.run_tool('ekicat', '-q', '../x', status=1).stderr)

    # --- ekiden ---
    def test_flush(self):
        self.deferred('flush@one.test')
        seen = self.ours.log().count('to=<flush@one.test>')
        self.run_tool('ekiden', 'flush')
        waiting.until(lambda: self.ours.log().count('to=<flush@one.test>') > seen, 'it is tried again')

    def set_aside(self):
        """{name: content} of the logs that were set aside, uncompressed."""
        folder = self.ours.folder / 'log'
        return {path.name: gzip.decompress(path.read_bytes()) if path.suffix == '.gz' else path.read_bytes()
                for path in folder.glob('mail.log.*')}

    def configured(self, text):
        main_cf = self.ours.folder / 'etc' / 'main.cf'
        before = main_cf.read_text()
        self.addCleanup(main_cf.write_text, before)
        main_cf.write_text(before + text)

    def test_logrotate(self):
        log = self.ours.folder / 'log' / 'mail.log'
        before = log.read_bytes()
        owner = log.stat()
        self.assertEqual(self.run_tool('ekiden', 'logrotate').stderr, '')
        (name, content), = self.set_aside().items()
        self.assertRegex(name, r'^mail\.log\.\d{8}-\d{6}\.gz$')
        self.assertTrue(content.startswith(before))
        self.assertEqual((log.stat().st_uid, log.stat().st_gid, log.stat().st_mode), (owner.st_uid, owner.st_gid, owner.st_mode))
        self.assertIn(self.deferred(), self.ours.log())

    def test_logrotate_loses_no_line_under_load(self):
        self.configured('maillog_file_rotate_suffix = %s\n')
        senders = [f'line{number}@example.test' for number in range(600)]
        done = threading.Event()

        def send(part):
            with self.ours.smtp() as client:
                for sender in senders[part::3]:
                    assert client.mail(sender, [self.sender], b'Subject: x\r\n\r\nx\r\n')[0] == 250

        threads = [threading.Thread(target=send, args=(part,)) for part in range(3)]
        before = set(self.set_aside())
        for thread in threads:
            thread.start()
        rotations = 0
        while any(thread.is_alive() for thread in threads) or rotations < 2:
            # A second rotation within a second would have the first one's name: it is refused, and nothing lost.
            rotations += self.run_rotation() == 0
        for thread in threads:
            thread.join()

        def missing():
            text = b''.join(content for name, content in self.set_aside().items() if name not in before).decode() + self.ours.log()
            return [sender for sender in senders if f'from=<{sender}>' not in text]
        waiting.reached(lambda: not missing())
        self.assertEqual(missing(), [])
        self.assertEqual(len(set(self.set_aside()) - before), rotations)

    def run_rotation(self):
        argv = [*self.ours.facts['commands']['ekiden'], 'logrotate']
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        self.assertIn(done.returncode, (0, 73), done.stderr)
        return done.returncode

    def test_logrotate_as_it_is_configured(self):
        self.configured('maillog_file_compressor = gzip -1 -S .z\nmaillog_file_rotate_suffix = old.%Y\n')
        self.run_tool('ekiden', 'logrotate')
        aside, = (self.ours.folder / 'log').glob('mail.log.old.*')
        self.assertRegex(aside.name, r'^mail\.log\.old\.\d{4}\.z$')
        self.assertGreater(len(gzip.decompress(aside.read_bytes())), 0)
        self.configured('maillog_file_compressor =\nmaillog_file_rotate_suffix = plain\n')
        self.run_tool('ekiden', 'logrotate')
        plain = self.ours.folder / 'log' / 'mail.log.plain'
        self.assertTrue(plain.exists())
        # The same name again: what was set aside stays.
        self.assertIn('set aside under this name before', self.run_tool('ekiden', 'logrotate', status=73).stderr)
        self.configured('maillog_file_compressor = false\nmaillog_file_rotate_suffix = %Y-broken\n')
        self.assertIn('maillog_file_compressor', self.run_tool('ekiden', 'logrotate', status=75).stderr)
        for suffix in ('', '../%Y'):
            self.configured(f'maillog_file_rotate_suffix = {suffix}\n')
            self.assertIn('maillog_file_rotate_suffix', self.run_tool('ekiden', 'logrotate', status=78).stderr)

    def test_logrotate_while_another_tool_writes(self):
        """What is set aside is compressed when nobody has it open any longer."""
        self.configured('maillog_file_compressor =\nmaillog_file_rotate_suffix = held\n')
        log = self.ours.folder / 'log' / 'mail.log'
        with log.open('a') as held:
            fcntl.flock(held, fcntl.LOCK_SH)
            argv = [*self.ours.facts['commands']['ekiden'], 'logrotate']
            with subprocess.Popen(argv, stderr=subprocess.PIPE) as rotation:
                waiting.until((log.parent / 'mail.log.held').exists, 'it is set aside')
                queue_id = self.deferred()
                self.assertIn(queue_id, log.read_text())
                self.assertIsNone(rotation.poll())
                held.close()
                self.assertEqual(rotation.wait(60), 0)

    def test_logrotate_is_woken_by_the_lock_alone(self):
        """Of a reader, too, who lets the lock go and closes nothing."""
        self.configured('maillog_file_compressor =\nmaillog_file_rotate_suffix = read\n')
        log = self.ours.folder / 'log' / 'mail.log'
        with log.open() as held:
            fcntl.flock(held, fcntl.LOCK_SH)
            argv = [*self.ours.facts['commands']['ekiden'], 'logrotate']
            with subprocess.Popen(argv, stderr=subprocess.PIPE) as rotation:
                waiting.until((log.parent / 'mail.log.read').exists, 'it is set aside')
                fcntl.flock(held, fcntl.LOCK_UN)
                self.assertEqual(rotation.wait(60), 0)

    def test_logrotate_after_one_that_was_cut_short(self):
        """Before the new file had its name: the log has two."""
        self.configured('maillog_file_rotate_suffix = short\n')
        log = self.ours.folder / 'log' / 'mail.log'
        before = log.read_bytes()
        os.link(log, log.parent / 'mail.log.short')
        (log.parent / 'mail.log.new').touch()
        self.assertEqual(self.run_tool('ekiden', 'logrotate').stderr, '')
        self.assertTrue(self.set_aside()['mail.log.short.gz'].startswith(before))
        self.assertNotIn('mail.log.short', self.set_aside())
        self.assertEqual([path.name for path in log.parent.iterdir() if path.name.endswith(('.new', '.rotating'))], [])

    def test_abort_and_the_commands_of_one_that_is_down(self):
        queue_id = self.deferred()
        self.run_tool('ekiden', 'abort')
        waiting.until(lambda: self.run_down('status') != 0, 'it is down')
        self.assertEqual([self.run_down(command) for command in ('stop', 'abort', 'flush', 'reload')], [69] * 4)
        self.ours.up()
        self.assertIn(queue_id, self.listing(queue_id))

    def test_grants_while_it_is_down(self):
        grants = (['list'], ['flush'], ['revoke', '127.0.0.9'], ['add', '127.0.0.9', self.sender])
        mistakes = ([], ['nosuch'], ['list', 'x'], ['revoke'], ['add', '127.0.0.9'])

        def usage():
            for words in mistakes:
                self.assertTrue(self.run_tool('ekipop', *words, status=64).stderr.startswith('usage: ekipop '), words)
        usage()
        self.ours.down()
        try:
            for words in grants:
                done = self.run_tool('ekipop', *words, status=69)
                self.assertRegex(done.stderr, r'^ekipop: the mail system is down, and only it knows the grants '
                                 r'\(connect to .*\): start it with ekiden start\n$')
            usage()
        finally:
            self.ours.up()
        if os.geteuid() != 0:
            print('left out, for it needs root: what another user is told')
        else:
            (self.ours.folder / 'etc').chmod(0o755)
            argv = [*self.ours.facts['commands']['ekipop'], 'list']
            done = subprocess.run(argv, user='nobody', extra_groups=[], capture_output=True, text=True, timeout=60, cwd='/')
            self.assertEqual((done.returncode, done.stderr),
                             (77, 'ekipop: use of this command is reserved for the superuser\n'))

    def run_down(self, command):
        argv = [*self.ours.facts['commands']['ekiden'], command]
        return subprocess.run(argv, capture_output=True, timeout=60).returncode

    # --- ekicat ---
    def test_a_large_message_comes_whole(self):
        queue_id = self.deferred(content=LARGE)
        body = self.cat('-qb', queue_id)
        self.assertEqual(body, '\n' + LARGE.split(b'\r\n\r\n', 1)[1].decode().replace('\r\n', '\n'))

    def test_form(self):
        queue_id = self.deferred()
        self.super('-h', queue_id)
        text = self.cat('-q', queue_id)
        self.assertTrue(text.startswith(f'*** ENVELOPE RECORDS hold/{queue_id} ***\nmessage_size: '))
        self.assertIn(f'sender: {self.sender}\n', text)
        self.assertIn('original_recipient: b@one.test\nrecipient: b@one.test\n*** MESSAGE CONTENTS', text)
        self.assertTrue(text.endswith(f'last\n*** HEADER EXTRACTED hold/{queue_id} ***\n'
                                      f'*** MESSAGE FILE END hold/{queue_id} ***\n'))
        self.assertEqual(self.cat('-qh', queue_id) + self.cat('-qb', queue_id), self.cat('-qbh', queue_id))

    def test_beside_postfix(self):
        if os.geteuid() != 0:
            print('left out, for it needs root: the comparison with Postfix')
            return
        from postfix import Postfix
        with scratch('administration-postfix') as folder:
            settings = {'enable_long_queue_ids': 'yes', 'smtpd_relay_restrictions': 'permit_mynetworks, reject',
                        'defer_transports': 'smtp'}
            with Postfix(folder, 'peer.test', '127.0.0.7', port=2525, settings=settings) as peer:
                peer.submit(self.sender, ['b@one.test'], BODY)
                found = waiting.until(lambda: self.peer_deferred(peer), 'Postfix has deferred it')
                self.compare(peer, found.group(1), self.deferred())

    @staticmethod
    def peer_deferred(peer):
        done = subprocess.run(['/usr/sbin/postqueue', '-c', str(peer.etc), '-p'], capture_output=True, text=True, timeout=60)
        return re.search(r'(?m)^([0-9A-Za-z]+) .*\n *\(deferred transport\)', done.stdout)    # without the mark of the active

    def compare(self, peer, theirs, mine):
        """The same words for the same commands, each with its own id and name."""
        def both(tool, *arguments):
            names = {'ekisuper': '/usr/sbin/postsuper', 'ekicat': '/usr/sbin/postcat'}
            argv = [names[tool], '-c', str(peer.etc), *(word.format(id=theirs) for word in arguments)]
            other = subprocess.run(argv, capture_output=True, text=True, timeout=60)
            ours = self.run_tool(tool, *(word.format(id=mine) for word in arguments), status=other.returncode)
            return (self.same(other.stdout + other.stderr, theirs), self.same(ours.stdout + ours.stderr, mine))

        for arguments in (('-h', '{id}'), ('-h', '{id}'), ('-H', '{id}'), ('-H', 'ALL'), ('-h', 'ALL', 'deferred'),
                          ('-d', '3Xv4Gc2kPQz1B'), ('-d', 'all'), ('-d', '../x'), ('-h', 'ALL', 'nosuch'), ()):
            other, ours = both('ekisuper', *arguments)
            self.assertEqual(ours, other, arguments)
        for arguments in (('-qb', '{id}'), ('-q', '3Xv4Gc2kPQz1B'), ('-q', '../x')):
            other, ours = both('ekicat', *arguments)
            self.assertEqual(ours, other, arguments)
        other, ours = both('ekicat', '-q', '{id}')
        markers = r'(?m)^\*\*\* .* \*\*\*$|^(?:sender|original_recipient|recipient): .*$|^named_attribute: helo_name='
        self.assertEqual(re.findall(markers, ours), re.findall(markers, other))
        columns = r'(?m)^message_size:(?: +\d+){6}$'
        for text in (ours, other):
            line = re.search(columns, text).group(0)
            self.assertEqual(len(line), len('message_size: ') + 6 * 15 + 5)
        keys = [{line.split(':')[0] for line in text.split('*** MESSAGE CONTENTS')[0].split('\n')[1:]} for text in (ours, other)]
        self.assertEqual(*keys)
        for arguments in (('-e', '{id}'), ('-f', '{id}'), ('-d', '{id}')):
            other, ours = both('ekisuper', *arguments)
            self.assertEqual(sorted(ours.split('\n')), sorted(other.split('\n')), arguments)

    @staticmethod
    def same(text, queue_id):
        text = re.sub(r'\b(?:deferred/./|deferred/|hold/)?' + queue_id, 'ID', text)
        return re.sub(r'(?m)^(?:/usr/sbin/)?(?:postsuper|postcat|ekisuper|ekicat):', 'TOOL:', text)


main(Administration)
