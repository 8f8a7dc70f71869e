"""What a confined process can no longer do: taken away by itself, for good, once all that it needs has been imported.

Limits hold on every system: no new process, no byte in any file, no more memory than is given (Linux), and one more
descriptor, which is the file to work on. On Linux a system call filter (seccomp) comes on top: no file is opened, no
socket made, no other process touched, as if the kernel had never heard of it. Numbers: Linux,
arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h; layout: Documentation/userspace-api/
seccomp_filter.rst.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from collections.abc import Mapping
from types import MappingProxyType

MEMORY_BYTES = 192 * 1024 * 1024
"""What a healthy file never reaches."""

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_ALLOWED: Mapping[str, tuple[int, int]] = MappingProxyType({
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "newfstatat": (262, 79), "lseek": (8, 62),
    "pread64": (17, 67), "sendto": (44, 206), "recvfrom": (45, 207), "sendmsg": (46, 211), "recvmsg": (47, 212),
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "mremap": (25, 216),
    "madvise": (28, 233), "futex": (202, 98), "sched_yield": (24, 124), "sched_getaffinity": (204, 123),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "restart_syscall": (219, 128),
    "alarm": (37, 103), "setitimer": (38, 103), "clock_gettime": (228, 113), "gettimeofday": (96, 169),
    "getpid": (39, 172), "gettid": (186, 178), "getrandom": (318, 278), "exit": (60, 93), "exit_group": (231, 94),
})  # fmt: skip
"""The system calls that are left, with their numbers on x86_64 and on aarch64 (which has no `alarm`)."""

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38
_MODE_FILTER = 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06  # BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
_NUMBER, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


def confine(memory_bytes: int = MEMORY_BYTES) -> str:
    """Give up all but answering. Returns why there is no system call filter, empty where there is one."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    one_more = _lowest_free_descriptor() + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (one_more, one_more))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    return _filter_system_calls()


def _lowest_free_descriptor() -> int:
    free = os.dup(0)
    os.close(free)
    return free


def _filter_system_calls() -> str:
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _AUDIT_ARCH:
        return f"no filter is known for {sys.platform} on {machine}"
    program = _program(machine)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    # struct sock_fprog: how many instructions, and where they are.
    instructions = ctypes.create_string_buffer(program)
    described = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(instructions)))
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or prctl(_PR_SET_SECCOMP, _MODE_FILTER, described, 0, 0):
        return f"the kernel takes no filter: {os.strerror(ctypes.get_errno())}"
    return ""


def _program(machine: str) -> bytes:
    """The filter: of another architecture nothing is allowed, of this one what the table says."""
    column = list(_AUDIT_ARCH).index(machine)
    numbers = sorted({numbers[column] for numbers in _ALLOWED.values()})
    refuse = _ERRNO | errno.ENOSYS
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_IF_EQUAL, 0, len(numbers) + 1, _AUDIT_ARCH[machine]),
        (_LOAD, 0, 0, _NUMBER),
        *((_JUMP_IF_EQUAL, len(numbers) - at, 0, number) for at, number in enumerate(numbers)),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
