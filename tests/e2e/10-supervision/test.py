"""Master in trouble: a program that dies at once is started again with growing pauses, addresses that cannot be bound
are named with their line, and without descriptors or processes master waits, says so, and goes on when there are
some."""

import collections
import datetime
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time

import waiting
from house_test import HouseTest, main
from instance import ROOT, Instance, scratch

MOST_LISTENERS = 63
DYING = '#!/usr/bin/python3 -IS\nimport os\nos.kill(os.getpid(), 15)\n'
Event = collections.namedtuple('Event', 'name when fields')


class Supervised(HouseTest):
    LONGEST_PAUSE = 1    # seconds

    @classmethod
    def prepare(cls):
        cls.folder = cls.use(scratch('programs'))
        cls.ours = cls.use(Instance('supervision', service_throttle_time=f'{cls.LONGEST_PAUSE}s', maillog_json='yes'))
        cls.alice = cls.ours.account(0)
        cls.main_cf, cls.master_cf = (cls.ours.folder / 'etc' / name for name in ('main.cf', 'master.cf'))
        cls.texts = cls.main_cf.read_text(), cls.master_cf.read_text()

    def tearDown(self):
        self.main_cf.write_text(self.texts[0])
        self.master_cf.write_text(self.texts[1])
        since = len(self.ours.log())
        self.ekiden('reload')
        waiting.until(lambda: self.events('reloaded', since), 'the log tells of it: the next test looks for its own')

    def ekiden(self, *arguments, check=True):
        argv = [*self.ours.facts['commands']['ekiden'], *arguments]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=90)
        self.assertTrue(not check or done.returncode == 0, done.stdout + done.stderr)
        return done

    def events(self, name, since=0):
        """Master's events of that name, behind that octet of the log."""
        found = []
        for line in self.ours.log()[since:].split('\n'):
            if f'"event":"{name}"' in line:
                fields = json.loads(line)
                when = datetime.datetime.strptime(fields['time'], '%Y-%m-%dT%H:%M:%S.%fZ').timestamp()
                found.append(Event(name, when, fields))
        return found

    def assert_arrives(self):
        before = len(self.ours.messages(self.alice['address']))
        self.ours.assert_serves()
        self.ours.wait_for_messages(self.alice['address'], before + 1)


class DyingPrograms(Supervised):
    """relay's program is exchanged for another one; all other services go on meanwhile."""
    LONGEST_PAUSE = 3

    def exchange(self, make):
        """make(path) puts a program in relay's place, in one step."""
        make(self.folder / 'next')
        os.replace(self.folder / 'next', self.folder / 'relay')

    def run_from_folder(self):
        """The real program, from where it can be exchanged: a reload refuses one that does not start."""
        self.exchange_for_real_one()
        self.master_cf.write_text(self.with_exchanged())
        self.ekiden('reload')
        waiting.until(lambda: len(self.ours.pids('relay')) == 1 and self.relay_is_ready(), 'one relay serves')

    def break_down(self, make):
        """The one that runs is killed, and make(path) puts in its place what comes next."""
        self.run_from_folder()
        self.exchange(make)
        os.kill(self.ours.pids('relay')[0], signal.SIGKILL)

    def with_exchanged(self):
        return re.sub(r'(?m)^(relay .*)$', rf'\1 -o daemon_directory={self.folder}', self.texts[1])

    @staticmethod
    def make_dying(path):
        path.write_text(DYING)
        path.chmod(0o755)

    def exchange_for_real_one(self):
        real = f'{self.ours.facts["paths"]["bin"]}/relay'
        self.exchange(lambda path: path.symlink_to(real))

    def relay_is_ready(self):
        line = re.search(r'(?m)^relay .*$', self.ekiden('status').stdout)
        return line and '(starting)' not in line.group(0)

    def pauses(self, since):
        return [event for event in self.events('restart_paused', since) if event.fields['child'] == 'relay']

    def test_pauses_grow_to_their_bound(self):
        since = len(self.ours.log())
        self.break_down(lambda path: path.symlink_to('/usr/bin/false'))
        waiting.until(lambda: len(self.pauses(since)) >= 4, 'four pauses of a second and more', 60, pause=0.1)
        self.assert_arrives()
        announced = self.pauses(since)
        seconds = [event.fields['pause'] for event in announced]
        self.assertEqual(seconds, sorted(seconds))
        self.assertLess(seconds[0], seconds[-1])
        self.assertLessEqual(seconds[-1], self.LONGEST_PAUSE)
        ends = [event for event in self.events('process_exit', since) if event.fields['status'] == 1]
        self.assertGreater(len(ends), len(announced), 'the first ones come after shorter pauses')
        for event in announced[:-1]:
            following = next(end for end in ends if end.when > event.when)
            self.assertGreaterEqual(following.when - event.when, event.fields['pause'] - 0.01)
        self.exchange_for_real_one()
        waiting.until(self.relay_is_ready, 'relay is back without a reload', self.LONGEST_PAUSE + 20)

    def test_who_lived_a_while_comes_back_at_once(self):
        self.run_from_folder()
        pid = self.ours.pids('relay')[0]
        born = time.monotonic()
        waiting.until(lambda: time.monotonic() - born > 1.1, 'it has lived for more than a second')
        since = len(self.ours.log())
        os.kill(pid, signal.SIGKILL)
        killed = waiting.until(lambda: self.events('process_killed', since), 'the log tells it')
        self.assertEqual([(event.fields['child_pid'], event.fields['signal']) for event in killed], [(pid, signal.SIGKILL)])
        waiting.until(lambda: set(self.ours.pids('relay')) - {pid} and self.relay_is_ready(), 'relay serves again')
        self.assertEqual(self.pauses(since), [])

    def test_the_signal_is_told(self):
        since = len(self.ours.log())
        self.break_down(self.make_dying)
        waiting.until(lambda: len([event for event in self.events('process_killed', since)
                                   if event.fields['signal'] == signal.SIGTERM]) >= 2, 'two deaths by a signal', 30)
        self.assert_arrives()

    def test_a_start_that_cannot_succeed(self):
        """It is told at once, by whom and why, and nothing of the suite stays."""
        self.ours.down()
        for make, why in ((lambda path: path.symlink_to('/usr/bin/false'), 'exit status 1'),
                          (self.make_dying, 'killed by signal 15')):
            make(self.folder / 'next')
            os.replace(self.folder / 'next', self.folder / 'relay')
            self.master_cf.write_text(self.with_exchanged())
            begun = time.monotonic()
            done = self.ekiden('start', check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(f'{why} before it served', done.stderr)
            self.assertIn('ekiden/smtp', done.stderr)
            self.assertLess(time.monotonic() - begun, 50, 'the patience of the starter is 60 s')
            waiting.until(lambda: not self.ours.pids(), 'all have ended', 40)
        self.master_cf.write_text(self.texts[1])
        self.ekiden('start')
        self.assert_arrives()

    def test_no_such_program(self):
        since = len(self.ours.log())
        self.break_down(lambda path: path.symlink_to('/nonexistent'))
        waiting.until(lambda: [event for event in self.events('process_exit', since) if event.fields['status'] == 127],
                      'it cannot be executed', 30)
        self.assert_arrives()


class Addresses(Supervised):
    def assert_refused(self, done, text):
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(text, done.stdout + done.stderr)

    def listen_on(self, count):
        addresses = ', '.join(f'127.0.0.{number}' for number in range(1, count + 1))
        self.main_cf.write_text(re.sub(r'(?m)^inet_interfaces.*$', f'inet_interfaces = {addresses}', self.texts[0]))
        return self.ekiden('reload', check=False)

    def test_too_many_addresses(self):
        port = self.ours.port('smtp')
        since = len(self.ours.log())
        text = (f'master.cf: line 2: service {port}: {MOST_LISTENERS + 1} addresses to listen on, at most '
                f'{MOST_LISTENERS} are possible: name fewer in inet_interfaces')
        self.assert_refused(self.listen_on(MOST_LISTENERS + 1), text)
        refused = waiting.until(lambda: self.events('reload_refused', since), 'the log tells it too')
        self.assertIn(text, json.dumps(refused[0].fields))
        self.ours.assert_serves()

    def test_as_many_as_possible(self):
        done = self.listen_on(MOST_LISTENERS)
        self.assertEqual(done.returncode, 0, done.stderr)
        for number in (1, 2, MOST_LISTENERS):
            with socket.create_connection((f'127.0.0.{number}', self.ours.port('smtp')), 30) as client:
                self.assertTrue(client.recv(100).startswith(b'220 '))

    def test_an_address_in_use(self):
        with socket.create_server(('127.0.0.1', 0)) as other:
            where = f'127.0.0.1:{other.getsockname()[1]}'
            self.master_cf.write_text(self.texts[1] + f'{where} inet n - y - 1 smtpd\n')
            line = len(self.master_cf.read_text().split('\n')) - 1
            text = f'master.cf: line {line}: service {where}: bind {where}: Address already in use'
            self.assert_refused(self.ekiden('reload', check=False), text)
            self.ours.assert_serves()
            self.ours.down()
            self.assert_refused(self.ekiden('start', check=False), text)
            waiting.until(lambda: not self.ours.pids(), 'master has ended')
        self.ekiden('start')
        self.ours.refresh()
        with socket.create_connection(('127.0.0.1', int(where.split(':')[1])), 30) as client:
            self.assertTrue(client.recv(100).startswith(b'220 '))


WORKERS = {'logger': 1, 'router': 1, 'smtpd': 3}    # in the instance's master.cf


class NoDescriptors(Supervised):
    """From none left to nearly enough: whichever descriptor cannot be made, all is well when there is room again."""

    def setUp(self):
        self.master = self.ours.pids('master')[0]
        self.plenty = resource.prlimit(self.master, resource.RLIMIT_NOFILE)[0]

    def limit(self, descriptors):
        """The soft limit of master's; what it has open stays open."""
        subprocess.run(['prlimit', '--pid', str(self.master), f'--nofile={descriptors}:'], check=True)

    def leave_room_for(self, room):
        """So many more descriptors can be made, in the gaps of those in use."""
        used = {int(name) for name in os.listdir(f'/proc/{self.master}/fd')}
        self.limit([number for number in range(len(used) + room + 1) if number not in used][room])

    def assert_all_serve(self):
        """Each service on each of its addresses, behind a fresh connection."""
        def greets(address, port):
            with socket.create_connection((address, port), 10) as client:
                return client.recv(100)[:3] in (b'220', b'+OK')

        def all_greet():
            try:
                return all(greets(address, self.ours.port(name)) for address in self.ours.facts['addresses']
                           for name in ('smtp', 'smtp_alt', 'submission', 'pop3'))
            except OSError:
                return False
        waiting.until(all_greet, 'every address is served', 30)
        waiting.until(self.ours.serves, 'mail is taken and read', 60)
        self.assertEqual(self.ours.pids('master'), [self.master])

    def all_of(self, program):
        """Once none of them waits for its turn to be started again, or has not run its program yet."""
        waiting.until(lambda: len(self.ours.pids(program)) == WORKERS[program], f'each {program} runs', 90)
        return set(self.ours.pids(program))

    def wait_for_attempt(self, program, victims, since):
        """Until master has tried to replace them. Without a logger it can tell nobody that it failed."""
        def tried():
            return self.events('start_failed', since) or len(set(self.ours.pids(program)) - victims) == len(victims)
        if program == 'logger':
            waiting.until(lambda: not any(os.path.exists(f'/proc/{pid}') for pid in victims), 'master has noticed')
            waiting.reached(tried, 0.5)
        else:
            waiting.until(tried, 'it is told, or there was room enough')

    def sweep(self, program, rooms):
        """Kill `program` with room for so many descriptors in master; how often that was too few."""
        failures = 0
        for room in rooms:
            with self.subTest(room=room):
                since = len(self.ours.log())
                victims = self.all_of(program)
                self.leave_room_for(room)
                try:
                    for pid in victims:
                        os.kill(pid, signal.SIGKILL)
                    self.wait_for_attempt(program, victims, since)
                finally:
                    self.limit(self.plenty)
                waiting.until(lambda victims=victims: len(set(self.ours.pids(program)) - victims) == len(victims),
                              'there are new ones', 30)
                self.assert_all_serve()
                waiting.until(lambda since=since, victims=victims: victims <= {
                    event.fields['child_pid'] for event in self.events('process_killed', since)}, 'the log tells who died')
                failures += len(self.events('start_failed', since)) > 0
        reasons = {event.fields['why'] for event in self.events('start_failed')}
        self.assertEqual(reasons - {'Too many open files'}, set())
        return failures

    def test_for_the_router(self):
        self.assertGreater(self.sweep('router', range(0, 18)), 5)
        self.assert_arrives()

    def test_for_smtpd(self):
        self.assertGreater(self.sweep('smtpd', range(0, 24, 2)), 3)
        self.assert_arrives()

    def test_for_the_logger(self):
        """Master's own lines come through the new one."""
        self.sweep('logger', range(0, 10))

    def test_for_a_reload(self):
        """It happens whole or not at all."""
        outcomes = set()
        for room in (0, 5, *range(10, 24), 30, 60, 120, 240, 480):
            with self.subTest(room=room):
                since = len(self.ours.log())
                self.main_cf.write_text(f'{self.texts[0]}smtpd_banner = room for {room} ESMTP\n')
                self.leave_room_for(room)
                try:
                    os.kill(self.master, signal.SIGHUP)
                    told = waiting.until(lambda since=since: self.events('reloaded', since) or
                                         self.events('reload_refused', since), 'done or refused')[0]
                finally:
                    self.limit(self.plenty)
                outcomes.add(told.name)
                self.assert_all_serve()
                new = told.name == 'reloaded'
                waiting.until(lambda room=room, new=new: self.banners(f'room for {room} ') == {new},
                              f'everywhere the banner of {told.name}', 30)
                # the sockets of the administrator's tools are listeners of master's too
                self.assertIn('empty', waiting.reached(lambda: self.ours.queue_is_empty() and
                                                       self.ours.command('mailq'), 30) or '')
                self.ours.command('ekipop', 'list')
        self.assertEqual(outcomes, {'reloaded', 'reload_refused'})
        self.assert_arrives()

    def banners(self, text):
        """Whether it stands in the greetings of the SMTP services, on each of their addresses."""
        found = set()
        for address in self.ours.facts['addresses']:
            for name in ('smtp', 'smtp_alt', 'submission'):
                with socket.create_connection((address, self.ours.port(name)), 10) as client:
                    found.add(text in client.recv(200).decode())
        return found


class NoProcesses(Supervised):
    """Only for an ordinary user: the limit does not bind root."""

    def test_fork_fails(self):
        master = self.ours.pids('master')[0]
        before = resource.prlimit(master, resource.RLIMIT_NPROC)
        since = len(self.ours.log())
        subprocess.run(['prlimit', '--pid', str(master), '--nproc=1:'], check=True)
        try:
            os.kill(self.ours.pids('router')[0], signal.SIGKILL)
            told = waiting.until(lambda: self.events('start_failed', since), 'it is told')
            self.assertEqual(told[0].fields['why'], 'Resource temporarily unavailable')
        finally:
            subprocess.run(['prlimit', '--pid', str(master), f'--nproc={before[0]}:'], check=True)
        waiting.until(self.ours.serves, 'all is well again', self.LONGEST_PAUSE + 30)
        self.assertEqual(self.ours.pids('master'), [master])
        self.assert_arrives()


NOBODY = ['setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups', 'env', 'HOME=/nonexistent']


class NoProcessesForNobody(HouseTest):
    def test_as_an_ordinary_user(self):
        done = subprocess.run([*NOBODY, sys.executable, __file__, 'NoProcesses.'], capture_output=True, text=True,
                              timeout=200)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stderr, r'Ran 1 test\b')


def for_an_ordinary_user():
    """The classes that need one: this user, or nobody when this is root and nobody can read what is tested."""
    if os.geteuid() != 0:
        return [NoProcesses]
    needed = [__file__, os.path.join(os.environ.get('EKIDEN_BIN') or str(ROOT / 'build' / 'release' / 'bin'), 'master')]
    if any(subprocess.run([*NOBODY, 'head', '-c1', path], capture_output=True).returncode != 0 for path in needed):
        print('left out: fork that fails (the limit does not bind root, and nobody cannot read this tree)')
        return []
    return [NoProcessesForNobody]


main(DyingPrograms, Addresses, NoDescriptors, *for_an_ordinary_user())
