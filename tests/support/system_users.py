"""Users of the system for one test: the files that name them, their passwords and PAM's rules are replaced in a mount name
space of the test's own, so that the machine's are not touched. Call in_own_mounts() first of all."""

import os
import pathlib
import shutil
import subprocess
import sys

FIRST_UID = 20001
PAM = 'auth required pam_unix.so\naccount required pam_unix.so\n'
FILES = {'passwd': 0o644, 'group': 0o644, 'shadow': 0o640}


def in_own_mounts():
    """Begin this program again in a mount name space of its own (as root; else go on)."""
    if os.geteuid() == 0 and not os.environ.get('EKIDEN_OWN_MOUNTS'):
        os.execvpe('unshare', ['unshare', '--mount', '--propagation', 'private', sys.executable, *sys.argv],
                   {**os.environ, 'EKIDEN_OWN_MOUNTS': '1'})


def mount_over(source, target):
    subprocess.run(['mount', '--bind', source, target], check=True, timeout=30)


def hashed(password):
    done = subprocess.run(['openssl', 'passwd', '-6', '-stdin'], input=password, capture_output=True, text=True, check=True,
                          timeout=30)
    return done.stdout.strip()


class SystemUsers:
    """SystemUsers(folder, {'taro': 'secret', ...}): with homes below `folder`; `root` as a name gives root a password."""

    def __init__(self, folder, passwords):
        self.folder = pathlib.Path(folder)
        self.uids = {name: 0 if name == 'root' else FIRST_UID + number for number, name in enumerate(passwords)}
        etc = self.folder / 'etc'
        etc.mkdir(parents=True)
        (self.folder / 'home').mkdir()
        (self.folder / 'home').chmod(0o755)    # whatever the umask
        lines = {name: (pathlib.Path('/etc') / name).read_text().splitlines() for name in FILES}
        for name, password in passwords.items():
            if name == 'root':
                lines['shadow'] = [line for line in lines['shadow'] if not line.startswith('root:')]
            else:
                self.add(name, lines)
            lines['shadow'].append(f'{name}:{hashed(password)}:19000:0:99999:7:::')
        for name, mode in FILES.items():
            (etc / name).write_text('\n'.join(lines[name]) + '\n')
            (etc / name).chmod(mode)
            mount_over(etc / name, f'/etc/{name}')
        shutil.copytree('/etc/pam.d', etc / 'pam.d')
        (etc / 'pam.d' / 'ekiden').write_text(PAM)
        mount_over(etc / 'pam.d', '/etc/pam.d')

    def add(self, name, lines):
        uid = self.uids[name]
        home = self.home(name)
        home.mkdir(mode=0o700)
        os.chown(home, uid, uid)
        lines['passwd'].append(f'{name}:x:{uid}:{uid}::{home}:/bin/sh')
        lines['group'].append(f'{name}:x:{uid}:')

    def home(self, name):
        return self.folder / 'home' / name

    def own(self, name, path):
        """Give a file or folder, with all in it, to the user."""
        for each in [path, *path.rglob('*')] if path.is_dir() else [path]:
            os.chown(each, self.uids[name], self.uids[name], follow_symlinks=False)
