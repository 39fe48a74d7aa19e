#!/usr/bin/python3
"""bench/markdown.py FILE.json...: the figures of runs of ./dev bench as the tables of docs/performance.md."""

import json
import os
import pathlib
import statistics
import sys

from table import HIDDEN, LABELS, STRANGE, number

COMPACT = ('rate', 'cpu_ms', 'p50_ms', 'peak_mib')
LEFT_OUT = HIDDEN | {'p50_ms', 'p99_ms'}    # of the long form


def better(measure, ours, theirs):
    if not ours or not theirs:
        return ''
    return f'{ours / theirs if LABELS[measure][1] == "more" else theirs / ours:.1f}'


def compact(cases):
    """One line for a case and a peer: ours, the peer's, times better."""
    yield '| | peer | rate /s | | CPU ms | | p50 ms | | peak MiB |'
    yield '|---|---|---:|---:|---:|---:|---:|---:|---:|'
    for case in cases:
        ours = next(iter(case['medians']['rate']))
        for peer in [side for side in case['medians']['rate'] if side != ours]:
            cells = []
            for measure in COMPACT:
                pair = case['medians'][measure][ours], case['medians'][measure][peer]
                cells.append(f'{number(pair[0])} : {number(pair[1])}')
                if measure != 'peak_mib':
                    cells.append(f'**{better(measure, *pair)}**')
            yield f'| {case["row"]}, {case["case"]} | {peer} | ' + ' | '.join(cells) + ' |'


def long(cases):
    """Each measure of a case on a line of its own."""
    for case in cases:
        sides = list(next(iter(case['medians'].values())))
        yield f'\n| {case["row"]}: {case["case"]} | ' + ' | '.join(sides) + ' | times better |'
        yield '|---|' + '---:|' * (len(sides) + 1)
        for measure, by_side in case['medians'].items():
            if measure in LEFT_OUT:
                continue
            cells = [number(by_side.get(side)) for side in sides]
            ratios = [better(measure, by_side[sides[0]], by_side.get(side)) for side in sides[1:]]
            label = LABELS[measure][0].format(unit=case['unit'])
            yield f'| {label} | ' + ' | '.join(cells) + f' | {", ".join(ratios)} |'


def near(cases):
    """How near each rate is to the machine's limit."""
    yield '\n| limit | /s | how near we are |'
    yield '|---|---:|---|'
    limits = {}
    for case in cases:
        if 'limit' in case:
            ours = next(iter(case['medians']['rate'].values()))
            limits.setdefault((case['limit']['what'], case['limit']['rate']), []).append(
                f'{case["row"]}, {case["case"]}: {ours / case["limit"]["rate"]:.0%}')
    for (what, rate), reached in limits.items():
        yield f'| {what} | {number(rate)} | {"; ".join(reached)} |'


def main():
    runs = [json.loads(pathlib.Path(name).read_text()) for name in sys.argv[1:]]
    cases = [case for run in runs for case in run['cases']]
    short = [case for case in cases if set(COMPACT) <= set(case['medians']) and case['row'] != 'queue']
    print('\n'.join([*compact(short), *near(cases), *long(case for case in cases if case not in short)]))
    strange = [share for case in cases for runs in case['values'].get('strange_share', {}).values() for share in runs]
    if strange and statistics.median(strange) > STRANGE:
        print(f'\nOther programs used {statistics.median(strange):.0%} of the machine (median of all runs).')


if __name__ == '__main__':
    try:
        main()
    except BrokenPipeError:
        os._exit(1)
