"""What the house-rule programs share: the list of the project's files, and how a finding is reported."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def listed_files():
    """Tracked files and those about to be; in an unpacked archive everything but what is built."""
    done = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard', '-z'], cwd=ROOT, capture_output=True)
    if done.returncode == 0:
        return done.stdout.decode().split('\0')
    return [str(path.relative_to(ROOT)) for path in ROOT.rglob('*')
            if path.is_file() and not {'build', '.git', '__pycache__'} & set(path.relative_to(ROOT).parts)]


def files(*suffixes):
    """The project's files as paths relative to the root, sorted; only those with one of the suffixes."""
    listed = listed_files()
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
