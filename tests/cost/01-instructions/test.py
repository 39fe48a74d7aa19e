"""The steady measure: instructions that an operation costs the whole suite, counted by Valgrind (count.py). Rates and
times differ from machine to machine and hour to hour; this does not, so a change that costs more is seen in its own
commit. baseline.json holds the counts that were accepted; more than MARGIN away from one, in either direction, fails.
When the change is meant: EKIDEN_WRITE_BASELINE=1 ./dev test -R cost, and say why in the commit."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

from house_test import HouseTest, main
from instance import new_folder

HERE = pathlib.Path(__file__).resolve().parent
BASELINE = HERE / 'baseline.json'
MARGIN = 0.10


class Cost(HouseTest):
    @classmethod
    def prepare(cls):
        cls.folder = new_folder('cost')
        cls.stack.callback(shutil.rmtree, cls.folder, ignore_errors=True)
        # Debian's valgrind cannot read the debugging information that our compiler writes.
        for binary in pathlib.Path(os.environ['EKIDEN_BIN']).iterdir():
            subprocess.run(['strip', '-o', cls.folder / binary.name, binary], check=True)

    def count(self):
        done = subprocess.run([sys.executable, HERE / 'count.py', self.folder], capture_output=True, text=True, timeout=500)
        self.assertEqual(done.returncode, 0, done.stderr[-4000:])
        return json.loads(done.stdout)

    def test_instructions(self):
        found = self.count()
        for operation, programs in found.items():
            print(f'{operation}: {sum(programs.values()):,} instructions: '
                  + ', '.join(f'{program} {count:,}' for program, count in programs.items()), file=sys.stderr)
        if os.environ.get('EKIDEN_WRITE_BASELINE'):
            BASELINE.write_text(json.dumps(found, indent=2) + '\n')
        accepted = json.loads(BASELINE.read_text())
        for operation, programs in accepted.items():
            was, now = sum(programs.values()), sum(found[operation].values())
            with self.subTest(operation):
                self.assertLess(now, was * (1 + MARGIN), f'{operation} costs more than it did: {found[operation]}, '
                                f'not {programs}; see the head of this file')
                self.assertGreater(now, was * (1 - MARGIN), f'{operation} costs less than it did: write it down')


main(Cost)
