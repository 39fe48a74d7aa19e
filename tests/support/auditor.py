"""The queue's promise (docs/queue-states.md section 1) as rules over a ledger: what was promised before a crash or a
failure, and what was found afterwards. Every crash test brings its ledger here; there is no second set of rules.

A ledger is a list of lines, in the order in which things happened:

    try MARK NAME=FATE …     a client hands in a message; each recipient's mail belongs to FATE: local (a mailbox),
                             bounced (a notice in the sender's mailbox) or remote (another host)
    yes MARK | no MARK …     it read 250, or 4xx
    given N                  a queue id with this sequence number was given away
    removed MARK             the queue says that it is done with the message
    holding|held, releasing|released, deleting|deleted, requeueing|requeued MARK    an operator's command: given, done
    remote MARK NAME         the other host took a copy
    crash                    the end of all processes at this instant
    stopped                  an end in good order
    bad TEXT                 something that must not be, seen where the ledger was written
    queued MARK ready|hold   found in the queue at the first look after a crash; `looked` ends the list
    next N                   a queue id given after the crash
    copy MARK NAME FATE      found at the end, in a mailbox, a notice
    recovered                the end was reached

What was in flight when the crash came may be there or not; everything else is certain."""

import collections


class Ledger:
    def __init__(self, lines):
        self.fates = {}                         # (mark, name) -> fate
        self.answered, self.refused, self.settled = set(), set(), set()
        self.doing = collections.defaultdict(list)    # mark -> what an operator did, in order
        self.copies = collections.Counter()     # (mark, name, fate)
        self.late = collections.Counter()       # taken by the other host after the queue was done with it
        self.looks = []                         # after each crash: mark -> ready or hold
        self.given, self.findings = 0, []
        self.crashes, self.recovered, self.over = 0, False, False
        look = {}
        for line in lines:
            word, _, rest = line.partition(' ')
            words = rest.split()
            if word == 'try':
                for unit in words[1:]:
                    name, fate = unit.split('=')
                    self.fates[words[0], name] = fate
            elif word == 'yes':
                self.answered.add(rest)
            elif word == 'no':
                self.refused.add(words[0])
            elif word in ('given', 'next'):
                number = int(rest)
                if word == 'next' and number <= self.given:
                    self.findings.append(f'number {number} is given again, {self.given} was given before')
                self.given = max(self.given, number)
            elif word == 'removed':
                self.settled.add(rest)
            elif word in ('holding', 'held', 'releasing', 'released', 'deleting', 'deleted', 'requeueing', 'requeued'):
                self.doing[rest].append(word)
            elif word == 'remote':
                self.copies[words[0], words[1], 'remote'] += 1
                if words[0] in self.settled:
                    self.late[words[0], words[1]] += 1
            elif word == 'copy':
                self.copies[tuple(words)] += 1
            elif word == 'queued':
                if words[0] in look:
                    self.findings.append(f'{words[0]} is in the queue twice')
                look[words[0]] = words[1]
            elif word == 'looked':
                self.looks.append(look)
                look = {}
            elif word in ('crash', 'stopped'):
                self.crashes += word == 'crash'
                look = {}
                for unit in [unit for unit in self.copies if unit[2] != 'remote']:
                    del self.copies[unit]    # what was found is looked for again
            elif word == 'bad':
                self.findings.append(rest)
            elif word == 'over':
                self.over = True
            elif word == 'recovered':
                self.recovered = True


def audit(lines):
    """What breaks the promise, in words; an empty list is a good state."""
    ledger = Ledger(lines)
    findings = list(ledger.findings)
    if not ledger.recovered:
        findings.append('the recovery did not come to its end')
    if not ledger.over and ledger.crashes == 0:
        findings.append('nothing crashed, and yet the work did not come to its end')
    for (mark, name), fate in ledger.fates.items():
        findings.extend(audit_recipient(ledger, mark, name, fate))
    known = set(ledger.fates)
    for mark, name, fate in ledger.copies:
        if (mark, name) not in known:
            findings.append(f'{mark} for {name} is {fate}, and nobody has handed it in')
    findings.extend(audit_operator(ledger))
    return findings


def audit_recipient(ledger, mark, name, fate):
    copies = {place: ledger.copies[mark, name, place] for place in ('local', 'bounced', 'remote')}
    total = sum(copies.values())
    deeds = ledger.doing.get(mark, [])
    if mark in ledger.answered and total == 0 and 'deleting' not in deeds:
        yield f'{mark} for {name} was answered with 250 and is lost'
    if mark in ledger.refused and total > 0:
        yield f'{mark} for {name} was refused and is delivered'
    if 'deleted' in deeds and total > 0:
        yield f'{mark} for {name} was deleted by an operator and is delivered'
    if total > copies[fate]:
        yield f'{mark} for {name} is to be {fate}, found {copies}'
    # Only the other host may have a second copy: one for each crash between its 250 and our record of that.
    allowed = 1 + ledger.crashes if fate == 'remote' else 1
    if copies[fate] > allowed:
        yield f'{mark} for {name}: {copies[fate]} copies {fate}'
    if ledger.late[mark, name]:
        yield f'{mark} for {name} was sent again after the queue was done with it'


def audit_operator(ledger):
    """What the first look after the first crash has to show of commands that were done."""
    if not ledger.looks:
        return
    look = ledger.looks[0]
    for mark, deeds in ledger.doing.items():
        if deeds[-1] == 'held' and look.get(mark) != 'hold':
            yield f'{mark} was put on hold, found {look.get(mark)}'
        if deeds[-1] == 'deleted' and mark in look:
            yield f'{mark} was deleted, found {look[mark]}'
        if deeds[-1] in ('released', 'requeued') and look.get(mark) == 'hold':
            yield f'{mark} was released, found on hold'
    for mark in ledger.answered:
        if mark not in look and mark not in ledger.settled and mark not in ledger.doing and ledger.crashes \
                and not any(copy[0] == mark for copy in ledger.copies):
            yield f'{mark} was answered with 250 and is neither in the queue nor delivered'
    for mark in ledger.settled & set(look):
        yield f'{mark} was done with, and is in the queue again'
