"""The figures: gathered, printed as a table of medians with ratios, and kept as JSON."""

import json
import statistics

LABELS = {    # measure: label, better ('more', 'less', or '' for what only explains)
    'rate': ('{unit}/s', 'more'),
    'cpu_ms': ('CPU ms', 'less'),
    'p50_ms': ('p50 ms', 'less'),
    'p99_ms': ('p99 ms', 'less'),
    'delay_p50_ms': ('delay p50 ms', 'less'),
    'peak_mib': ('memory at peak, MiB', 'less'),
    'idle_mib': ('memory idle, MiB', 'less'),
    'kib_each': ('KiB a connection', 'less'),
    'open_cpu_ms': ('CPU ms to open one', 'less'),
    'manager_mib': ('of it the queue manager, MiB', 'less'),
    'first_line_s': ('mailq, first line, s', 'less'),
    'whole_s': ('mailq, whole, s', 'less'),
    'greeting_s': ('restart to greeting, s', 'less'),
    'first_delivery_s': ('restart to first delivery, s', 'less'),
    'flush_rate': ('flush, messages/s', 'more'),
    'flush_cpu_ms': ('flush, CPU ms', 'less'),
    'start_s': ('start to first greeting, s', 'less'),
    'build_s': ('build from clean, s', 'less'),
}
HIDDEN = {'own_share', 'strange_share'}
BUSY_GENERATOR = 0.8
STRANGE = 0.10


def number(value):
    if value is None:
        return ''
    size = abs(value)
    return f'{value:,.{0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3}f}'


class Table:
    def __init__(self):
        self.cases = []

    def add(self, row, case, values, unit='messages', limit=None):
        """`values`: {measure: {side: [value of each run]}}, our side first; `limit`: (what, rate)."""
        entry = {'row': row, 'case': case, 'unit': unit, 'values': values}
        if limit and limit[1]:
            entry['limit'] = {'what': limit[0], 'rate': limit[1]}
        self.cases.append(entry)
        print('\n'.join(self.lines(entry)), flush=True)

    def lines(self, entry):
        values = entry['values']
        sides = list(next(iter(values.values())))
        width = [max(12, len(side)) for side in sides]
        heading = f'{entry["row"]}: {entry["case"]}'
        yield ''
        yield f'{heading:<44}' + ''.join(f'  {side:>{w}}' for side, w in zip(sides, width)) + '   times better'
        for measure, by_side in values.items():
            if measure in HIDDEN:
                continue
            label, better = LABELS[measure]
            median = {side: statistics.median(by_side[side]) if by_side.get(side) else None for side in sides}
            ours, ratios = median[sides[0]], []
            for side in sides[1:]:
                theirs = median[side]
                if better and ours and theirs:
                    ratios.append(f'{ours / theirs if better == "more" else theirs / ours:.2f}')
            cells = ''.join(f'  {number(median[side]):>{w}}' for side, w in zip(sides, width))
            yield f'  {label.format(unit=entry["unit"]):<42}{cells}   {", ".join(ratios)}'
        if 'limit' in entry and 'rate' in values:
            ours = statistics.median(values['rate'][sides[0]])
            what, rate = entry['limit']['what'], entry['limit']['rate']
            yield f'  limit: {what}, {number(rate)}/s; {sides[0]} reaches {ours / rate:.0%} of it'
        yield from self.doubts(values)

    @staticmethod
    def doubts(values):
        for side, shares in values.get('own_share', {}).items():
            if max(shares) > BUSY_GENERATOR:
                yield f'  ! the generator used {max(shares):.0%} of a core against {side}: it may have been the limit'
        for side, shares in values.get('strange_share', {}).items():
            if statistics.median(shares) > STRANGE:
                yield f'  ! other programs used {statistics.median(shares):.0%} of the machine beside {side}'

    def save(self, path, facts):
        medians = [{**entry, 'medians': {measure: {side: statistics.median(runs) for side, runs in by_side.items()}
                                         for measure, by_side in entry['values'].items()}} for entry in self.cases]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**facts, 'cases': medians}, indent=1))
