"""The auditor of the crash tests sees what it has to see: each way to break the promise, and nothing where all is well."""

from auditor import audit
from house_test import HouseTest, main

GOOD = ['try m1 alice=local carol=remote', 'given 1', 'yes m1', 'remote m1 carol', 'crash', 'queued m1 ready', 'looked',
        'next 2', 'remote m1 carol', 'copy m1 alice local', 'recovered']
IN_FLIGHT = ['try m1 alice=local', 'given 1', 'crash', 'looked', 'next 2', 'recovered']
HELD = ['try m1 alice=local', 'given 1', 'yes m1', 'holding m1', 'held m1', 'crash', 'queued m1 hold', 'looked', 'next 2',
        'copy m1 alice local', 'recovered']
NO_CRASH = ['try m1 alice=local', 'given 1', 'yes m1', 'removed m1', 'over', 'stopped', 'looked', 'next 2',
            'copy m1 alice local', 'recovered']


def changed(ledger, **lines):
    """The ledger with some of its lines, counted from 0 (`at3`), replaced: '' takes one out."""
    new = list(ledger)
    for place, line in lines.items():
        new[int(place[2:])] = line
    return [line for line in new if line]


BROKEN = [    # ledger, a part of what has to be said of it
    (changed(GOOD, at9=''), 'm1 for alice was answered with 250 and is lost'),
    (changed(GOOD, at9='copy m1 alice bounced'), 'is to be local'),
    (changed(GOOD, at10=''), 'did not come to its end'),
    (changed(GOOD, at7='next 1'), 'number 1 is given again'),
    ([*GOOD, 'copy m1 alice local'], '2 copies local'),
    ([*GOOD, 'remote m1 carol'], '3 copies remote'),
    ([*GOOD, 'copy m2 alice local'], 'nobody has handed it in'),
    ([*GOOD, 'bad a torn file'], 'a torn file'),
    (changed(GOOD, at3='removed m1'), 'sent again after the queue was done with it'),
    (changed(GOOD, at3='removed m1'), 'in the queue again'),
    (changed(GOOD, at3='', at5='', at8='', at9=''), 'neither in the queue nor delivered'),
    (changed(GOOD, at2='no m1 full'), 'refused and is delivered'),
    ([*GOOD[:5], 'queued m1 ready', *GOOD[5:]], 'in the queue twice'),
    (changed(HELD, at6='queued m1 ready'), 'was put on hold, found ready'),
    (changed(HELD, at3='deleting m1', at4='deleted m1'), 'deleted by an operator and is delivered'),
    (changed(HELD, at3='deleting m1', at4='deleted m1'), 'was deleted, found hold'),
    (changed(HELD, at3='releasing m1', at4='released m1'), 'was released, found on hold'),
    (changed(NO_CRASH, at4=''), 'nothing crashed'),
]


class Auditor(HouseTest):
    def test_a_good_state_has_no_findings(self):
        for ledger in (GOOD, IN_FLIGHT, HELD, NO_CRASH, [*IN_FLIGHT, 'copy m1 alice local']):
            self.assertEqual(audit(ledger), [], ledger)

    def test_each_broken_promise_is_seen(self):
        for ledger, wanted in BROKEN:
            self.assertTrue(any(wanted in finding for finding in audit(ledger)), f'{wanted}: {ledger}: {audit(ledger)}')


main(Auditor)
