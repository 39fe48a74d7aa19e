"""Users of the host for a test, without touching the host: the test runs in a mount namespace of its own, in which
/etc/passwd and /etc/group are copies with further lines. Needs root.

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
    users, passwd, group = {}, pathlib.Path('/etc/passwd').read_text(), pathlib.Path('/etc/group').read_text()
    for uid, name in enumerate(names, FIRST_UID):
        users[name] = User(name, uid, base / 'home' / name)
        passwd += f'{name}:x:{uid}:{uid}::{users[name].home}:/bin/sh\n'
        group += f'{name}:x:{uid}:\n'
        users[name].home.mkdir(parents=True, mode=0o700)
        os.chown(users[name].home, uid, uid)
    for name, text in (('passwd', passwd + further), ('group', group)):
        (base / name).write_text(text)
        (base / name).chmod(0o644)
        subprocess.run(['/usr/bin/mount', '--bind', base / name, f'/etc/{name}'], check=True)
    return users
