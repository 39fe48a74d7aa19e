"""What the house-rule programs share: the list of the project's files, and how a finding is reported."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def files(*suffixes):
    """The project's files (tracked or about to be), as paths relative to the root, sorted."""
    listed = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard', '-z'], cwd=ROOT, check=True,
                            capture_output=True).stdout.decode().split('\0')
    found = {pathlib.PurePosixPath(name) for name in listed if name and (ROOT / name).is_file()}
    return sorted(path for path in found if not suffixes or path.suffix in suffixes)


def text(path):
    return (ROOT / path).read_text(encoding='utf-8', errors='replace')


def without_comments(source):
    """C++ source with // comments blanked; lines keep their numbers. Strings that hold // survive badly, but only
    names are looked for in the result."""
    return '\n'.join(line.split('//', 1)[0] if '"' not in line.split('//', 1)[0] else line
                     for line in source.split('\n'))


def finish(findings, checked):
    """Print the findings and leave with CTest's status."""
    for finding in findings:
        print(finding)
    print(f'{checked}: {len(findings)} findings')
    sys.exit(1 if findings else 0)
