"""System calls made from inside another process, by ptrace: what a captured process could do, tried for real.

    with Inside(pid) as captured:
        captured.call('openat', AT_FDCWD, '/etc/hostname', 0)    # -> -13, or a descriptor

The process is stopped, one `syscall` instruction is run in it with its own registers put back afterwards, and it goes
on as if nothing had happened. A filter that kills instead of refusing shows as KILLED. x86-64 only. Needs root, or a
process of the caller's that lets itself be traced."""

import ctypes
import errno
import os
import signal

AT_FDCWD = -100
KILLED = 'killed'
NUMBERS = {'open': 2, 'socket': 41, 'connect': 42, 'clone': 56, 'execve': 59, 'kill': 62, 'ptrace': 101, 'mount': 165,
           'openat': 257, 'close': 3, 'bind': 49, 'setuid': 105, 'chroot': 161, 'process_vm_readv': 310, 'unshare': 272}
SEIZE, INTERRUPT, DETACH, SINGLESTEP, GETREGS, SETREGS = 0x4206, 0x4207, 17, 9, 12, 13
SYSCALL_INSTRUCTION = b'\x0f\x05'

NAMES = ('r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es '
         'fs gs').split()


class Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in NAMES]


libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, data=0):
    if libc.ptrace(request, pid, None, ctypes.cast(data, ctypes.c_void_p) if data else None) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f'ptrace {request:#x} of {pid}: {os.strerror(number)}')


class Inside:
    def __init__(self, pid):
        self.pid = pid
        self.alive = True
        self.replaced = False    # by execve: nothing of the old program is left to be put back

    def __enter__(self):
        ptrace(SEIZE, self.pid)
        ptrace(INTERRUPT, self.pid)
        os.waitpid(self.pid, 0x40000000)    # __WALL
        self.saved = Registers()
        ptrace(GETREGS, self.pid, ctypes.byref(self.saved))
        self.memory = os.open(f'/proc/{self.pid}/mem', os.O_RDWR)
        self.code = os.pread(self.memory, 2, self.saved.rip)
        os.pwrite(self.memory, SYSCALL_INSTRUCTION, self.saved.rip)
        return self

    def __exit__(self, *_):
        if self.alive and not self.replaced:
            os.pwrite(self.memory, self.code, self.saved.rip)
            ptrace(SETREGS, self.pid, ctypes.byref(self.saved))
        if self.alive:
            ptrace(DETACH, self.pid)
        os.close(self.memory)

    def call(self, name, *arguments):
        """The kernel's answer (negative errno when refused), or KILLED. Strings and bytes go to the stopped stack."""
        registers = Registers.from_buffer_copy(self.saved)
        scratch = (self.saved.rsp - 8192) & ~0xf
        values = []
        for argument in arguments:
            if isinstance(argument, (str, bytes)):
                content = argument.encode() + b'\0' if isinstance(argument, str) else argument
                os.pwrite(self.memory, content, scratch)
                argument, scratch = scratch, scratch + (len(content) + 15 & ~0xf)
            values.append(argument & 0xffffffffffffffff)
        for register, value in zip(('rdi', 'rsi', 'rdx', 'r10', 'r8', 'r9'), values + [0] * 6):
            setattr(registers, register, value)
        registers.rax = NUMBERS[name]
        registers.orig_rax = 0xffffffffffffffff    # no restart of the call that we interrupted
        ptrace(SETREGS, self.pid, ctypes.byref(registers))
        ptrace(SINGLESTEP, self.pid)
        _, status = os.waitpid(self.pid, 0x40000000)
        if os.WIFSIGNALED(status) or os.WIFEXITED(status) or os.WSTOPSIG(status) == signal.SIGSYS:
            self.alive = not (os.WIFSIGNALED(status) or os.WIFEXITED(status))
            return KILLED
        ptrace(GETREGS, self.pid, ctypes.byref(registers))
        answer = ctypes.c_longlong(registers.rax).value
        self.replaced = name == 'execve' and answer == 0
        return answer


def failed(answer):
    return answer == KILLED or (isinstance(answer, int) and -4096 < answer < 0)


def describe(answer):
    return answer if answer == KILLED else errno.errorcode.get(-answer, str(answer)) if answer < 0 else f'={answer}'
