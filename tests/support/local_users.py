"""Users of the host for a test, without touching the host: the test runs in a mount namespace of its own, in which
/etc is a copy whose passwd and group have further lines. Needs root.

    USERS = local_users.enter('taro', 'hanako')    # first thing in test.py
    USERS['taro'].home ..."""

import atexit
import os
import pathlib
import shutil
import subprocess
import sys

from instance import new_folder

FIRST_UID = 61000


class User:
    def __init__(self, name, uid, home):
        self.name, self.uid, self.gid, self.home = name, uid, uid, pathlib.Path(home)

    def write(self, name, text, mode=0o644, owner=None):
        """A file below the home."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(mode)
        os.chown(path, self.uid if owner is None else owner, self.gid)
        return path

    def forward(self, text, **how):
        return self.write('.forward', text, **how)

    def remove(self, name):
        (self.home / name).unlink(missing_ok=True)


def enter(*names, further=''):
    """{name: User}, each with a home of mode 0700; `further` are lines of passwd(5). Begins the program anew in the
    namespace."""
    if os.environ.get('EKIDEN_TEST_NAMESPACE') != '1':
        os.execvpe('/usr/bin/unshare', ['unshare', '-m', '--propagation', 'private', sys.executable, *sys.argv],
                   {**os.environ, 'EKIDEN_TEST_NAMESPACE': '1'})
    base = new_folder('users')
    atexit.register(shutil.rmtree, base, ignore_errors=True)
    subprocess.run(['/usr/bin/cp', '-a', '/etc', base / 'etc'], check=True)
    subprocess.run(['/usr/bin/mount', '--bind', base / 'etc', '/etc'], check=True)
    users = {name: add(name, uid, base / 'home' / name) for uid, name in enumerate(names, FIRST_UID)}
    append('passwd', further)
    return users


def add(name, uid, home):
    """A further user, as useradd makes one: a new file takes the old one's place."""
    user = User(name, uid, home)
    user.home.mkdir(parents=True, mode=0o700)
    os.chown(user.home, uid, uid)
    append('group', f'{name}:x:{uid}:\n')
    append('passwd', f'{name}:x:{uid}:{uid}::{home}:/bin/sh\n')
    return user


def append(name, lines):
    path = pathlib.Path('/etc', name)
    new = path.with_name(name + '+')
    new.write_text(path.read_text() + lines)
    new.chmod(0o644)
    new.rename(path)
