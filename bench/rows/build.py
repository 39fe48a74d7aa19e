"""`./dev build` from clean: the committed tree unpacked in a folder of its own, no compiler cache."""

import os
import pathlib
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def run(house):
    tree = house.folder / 'tree'
    tree.mkdir()
    archive = subprocess.run(['git', 'archive', 'HEAD'], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(['tar', '-x', '-C', str(tree)], input=archive, check=True)
    begun = time.monotonic()
    subprocess.run([str(tree / 'dev'), 'build'], check=True, env={**os.environ, 'CCACHE_DISABLE': '1'},
                   stdout=subprocess.DEVNULL)
    house.table.add('build', f'dev preset, {os.cpu_count()} jobs',
                    {'build_s': {'Ekiden': [time.monotonic() - begun]}})
