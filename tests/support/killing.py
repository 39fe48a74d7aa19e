"""SIGKILL for the processes of an instance, as the crash tests deal it out: to one by lot, now and then to all, and what an
init system does afterwards."""

import collections
import os
import signal
import sys
import time

import waiting

ALL_EVERY = 20          # every so many rounds all processes die at once


def is_zombie(pid):
    try:
        with open(f'/proc/{pid}/stat') as stat:
            return stat.read().rsplit(')', 1)[1].split()[0] == 'Z'
    except (FileNotFoundError, ProcessLookupError):
        return True


class Killer:
    """`kills` keeps (when, by the monotonic clock; whom): a process's name, or 'all'."""

    def __init__(self, instance, chance):
        self.instance, self.chance = instance, chance
        self.kills = []

    def strike(self, number):
        """Round `number`: who died is started again by master, or, where that died too, by us."""
        everyone = self.instance.pids()
        victim = self._kill(number)
        if victim in ('all', 'master'):
            self._bring_back(everyone)
        return victim

    def _kill(self, number):
        rows = self.instance.refresh()['processes']
        if not rows:
            return 'nothing'
        victims = [self.chance.choice(rows)['pid']]
        if number % ALL_EVERY == 0:
            victims = [row['pid'] for row in rows]
            self.chance.shuffle(victims)
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        names = {row['pid']: row['name'] for row in rows}
        victim = 'all' if len(victims) > 1 else names[victims[0]]
        self.kills.append((time.monotonic(), victim))
        return victim

    def _bring_back(self, everyone):
        waiting.until(lambda: not self.instance.refresh()['processes'], 'no orphan survives master', 20)
        for pid in everyone:
            waiting.until(lambda pid=pid: not os.path.exists(f'/proc/{pid}') or is_zombie(pid),
                          f'process {pid} ends with master', 20)
        self.instance.up()

    def strike_under(self, loads, rounds, most, seconds):
        """That many rounds while the loads (threads that note in `accepted` what was taken, until `over`) go on: each strike
        comes when up to `most` messages more were taken. How often who died."""
        def taken():
            return sum(len(load.accepted) for load in loads)

        killed = collections.Counter()
        for load in loads:
            load.start()
        for number in range(1, rounds + 1):
            goal = taken() + self.chance.randrange(1, most)
            waiting.reached(lambda goal=goal: taken() >= goal, 8, pause=0.005)
            killed[self.strike(number)] += 1
        for load in loads:
            load.over.set()
        for load in loads:
            load.join(seconds)
        print(f'killed: {dict(killed)}', file=sys.stderr)
        return killed

    def drain(self):
        """Until the queue is empty."""
        def drained():
            self.instance.command('flush', check=False)
            return self.instance.queue_is_empty()
        waiting.until(drained, 'the queue is empty', 120, pause=0.5)
