"""Attacks that want out: other processes, sockets, namespaces, files that stay, parts of the kernel."""

from __future__ import annotations

from functools import partial

from catalogue import Attack, in_call

attack = partial(Attack, "escaping", told="refused")

ATTACKS = (
    attack("exec", "a shell in the place of the interpreter", """
for path in ("/bin/sh", sys.executable, "/usr/bin/env"):
    attempt(path, lambda: os.execv(path, [path, "-c", f"touch /tmp/{MARK}"]))
"""),
    attack("fork", "a process that goes on when this one is killed", """
attempt("fork", os.fork)
attempt("vfork", lambda: checked(libc.vfork()))
attempt("forkpty", os.forkpty)
attempt("posix_spawn", lambda: os.posix_spawn("/bin/sleep", ["sleep", "60"], {}))
attempt("system", lambda: os.system(f"sleep 60; touch /tmp/{MARK}") and checked(-1))
"""),
    attack("subprocess and multiprocessing", "the same by Python's own ways", """
import multiprocessing, subprocess
attempt("popen", lambda: subprocess.Popen(["sleep", "60"]))
attempt("process", lambda: multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,)).start())
"""),
    attack("clone3", "a process whose flags lie in memory", """
flags = (ctypes.c_uint64 * 11)()
attempt("clone3", lambda: syscall("clone3", ctypes.byref(flags), 88))
attempt("clone", lambda: checked(libc.syscall(56 if os.uname().machine == "x86_64" else 220, 17, 0, 0, 0, 0)))
"""),
    attack("the internet", "TCP, UDP, raw and packet sockets", """
for family in (socket.AF_INET, socket.AF_INET6, getattr(socket, "AF_PACKET", 17), getattr(socket, "AF_NETLINK", 16),
               getattr(socket, "AF_VSOCK", 40), getattr(socket, "AF_ALG", 38), getattr(socket, "AF_BLUETOOTH", 31)):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        attempt(f"{family} {kind}", lambda: socket.socket(family, kind))
"""),
    attack("loopback and abstract sockets", "services of this machine", """
def server():
    end = socket.socket(socket.AF_UNIX)
    end.bind("\\0" + MARK)
    end.listen()
    return end
attempt("abstract", server)
attempt("pair", socket.socketpair)
attempt("connect", lambda: socket.create_connection(("127.0.0.1", 22), timeout=1))
attempt("server", lambda: socket.create_server(("127.0.0.1", 0)))
"""),
    attack("descriptors over the wire", "sendmsg with rights, out-of-band bytes, a filter on the socket", in_call("""
end = server()._channel._end
attempt("rights", lambda: socket.send_fds(end, [b"R"], [0, 1, 3] * 80))
attempt("urgent", lambda: end.send(b"!", socket.MSG_OOB))
attempt("sendto", lambda: syscall("sendto", 3, b"x", 1, 1, None, 0))
attempt("filter", lambda: end.setsockopt(socket.SOL_SOCKET, 26, b"\\0" * 16))
attempt("shut", lambda: end.shutdown(socket.SHUT_RDWR))
return mu
""")),
    attack("io_uring", "system calls that no filter sees", """
room = ctypes.create_string_buffer(256)
attempt("setup", lambda: syscall("io_uring_setup", 8, room))
"""),
    attack("signals", "to the parent, the group, everyone", """
for who in (os.getppid(), 0, -1, -os.getpgrp(), 1):
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, 0):
        attempt(f"{who} {number}", lambda: os.kill(who, number))
attempt("group", lambda: os.killpg(os.getpgid(os.getppid()), signal.SIGKILL))
attempt("queue", lambda: checked(libc.sigqueue(os.getppid(), 9, 0)))
attempt("owner", lambda: __import__("fcntl").fcntl(3, 8, os.getppid()))
"""),
    attack("pidfd signals", "the same through a descriptor", """
attempt("pidfd", lambda: syscall("pidfd_send_signal", syscall("pidfd_open", os.getppid(), 0), 9, None, 0))
attempt("kernel", lambda: syscall("pidfd_send_signal", 3, 9, None, 0))
"""),
    attack("modes and owners", "chmod, chown, utimes, extended attributes", """
path = torch.__file__
attempt("chmod", lambda: os.chmod(path, 0o777))
attempt("chown", lambda: os.chown(path, os.getuid(), os.getgid()))
attempt("utime", lambda: os.utime(path))
attempt("xattr", lambda: os.setxattr(path, "user." + MARK, b"x"))
descriptor = os.open(path, os.O_RDONLY)
attempt("fchmod", lambda: os.fchmod(descriptor, 0o777))
attempt("futimes", lambda: os.utime(descriptor))
attempt("fxattr", lambda: os.setxattr(descriptor, "user." + MARK, b"x"))
"""),
    attack("files that stay", "written, renamed, linked, made, cut in every folder one knows", """
places = ["/tmp", "/dev/shm", "/var/tmp", "/dev/mqueue", ".", "/run"]
places += [os.path.dirname(torch.__file__), os.path.expanduser("~")]
for place in places:
    path = f"{place}/{MARK}"
    attempt(path, lambda: open(path, "w").write("x"))
    attempt("exclusive", lambda: os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    attempt("unnamed", lambda: os.open(place, os.O_TMPFILE | os.O_RDWR))
    attempt("folder", lambda: os.mkdir(path))
    attempt("pipe", lambda: os.mkfifo(path))
    attempt("node", lambda: os.mknod(path))
    attempt("rename", lambda: os.rename(torch.__file__, path))
    attempt("unlink", lambda: os.unlink(torch.__file__))
attempt("truncate", lambda: os.truncate(torch.__file__, 0))
"""),
    attack("start-up files", ".pth, sitecustomize and bytecode for the next interpreter", """
import site
for folder in [*site.getsitepackages(), site.getusersitepackages(), *sys.path]:
    for name in (f"{MARK}.pth", "sitecustomize.py", "usercustomize.py", f"__pycache__/{MARK}.pyc", "torch.py"):
        attempt(name, lambda: open(os.path.join(folder, name), "w"))
"""),
    attack("preloaded libraries", "LD_PRELOAD and an own library from memory", """
os.environ["LD_PRELOAD"] = f"/tmp/{MARK}.so"
attempt("memory file", lambda: os.memfd_create(MARK))
attempt("secret memory", lambda: syscall("memfd_secret", 0))
attempt("shared", lambda: __import__("multiprocessing.shared_memory").shared_memory.SharedMemory(MARK, True, 4096))
attempt("library", lambda: ctypes.CDLL(f"/tmp/{MARK}.so"))
"""),
    attack("mounts and roots", "another view of the files", """
attempt("mount", lambda: checked(libc.mount(b"none", b"/tmp", b"tmpfs", 0, 0)))
attempt("unmount", lambda: checked(libc.umount2(b"/tmp", 2)))
attempt("chroot", lambda: os.chroot("/tmp"))
attempt("pivot", lambda: checked(libc.pivot_root(b"/tmp", b"/tmp")))
attempt("fsopen", lambda: syscall("fsopen", b"tmpfs", 0))
"""),
    attack("namespaces", "user, network, process and mount namespaces", """
for flag in (0x10000000, 0x40000000, 0x20000000, 0x00020000, 0x04000000, 0x08000000, 0x02000000):
    attempt(hex(flag), lambda: checked(libc.unshare(flag)))
attempt("setns", lambda: syscall("setns", 3, 0))
"""),
    attack("becoming somebody", "users, groups, sessions, capabilities", """
for name in ("setuid", "setgid", "seteuid"):
    attempt(name, lambda: getattr(os, name)(0))
attempt("groups", lambda: os.setgroups([0]))
attempt("session", os.setsid)
attempt("group", lambda: os.setpgid(0, os.getppid()))
header, all_of_them = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(*[2**32 - 1] * 6)
attempt("capabilities", lambda: checked(libc.capset(header, all_of_them)))
"""),
    attack("keys", "the kernel's keyrings, which outlive processes", """
attempt("add", lambda: syscall("add_key", b"user", MARK.encode(), b"x", 1, -3))
attempt("keyctl", lambda: syscall("keyctl", 0, -4, 1))
"""),
    attack("shared memory and semaphores of System V", "what nobody removes", """
attempt("memory", lambda: checked(libc.shmget(0x1007, 4096, 0o1666)))
attempt("semaphore", lambda: checked(libc.semget(0x1007, 1, 0o1666)))
attempt("queue", lambda: checked(libc.msgget(0x1007, 0o1666)))
attempt("posix", lambda: checked(libc.shm_open(b"/" + MARK.encode(), os.O_CREAT | os.O_RDWR, 0o666)))
attempt("posix queue", lambda: checked(libc.mq_open(b"/" + MARK.encode(), 0o102, 0o666, None)))
"""),
    attack("observing the kernel", "perf, bpf, userfaultfd, fanotify, inotify, quotas", """
room = ctypes.create_string_buffer(128)
attempt("perf", lambda: syscall("perf_event_open", room, 0, -1, -1, 0))
attempt("bpf", lambda: syscall("bpf", 5, room, 72))
attempt("faults", lambda: syscall("userfaultfd", 1))
attempt("fanotify", lambda: syscall("fanotify_init", 0, 0))
attempt("inotify", lambda: checked(libc.inotify_init()))
attempt("dnotify", lambda: __import__("fcntl").fcntl(os.open(os.path.dirname(torch.__file__), os.O_RDONLY), 1026, 2))
attempt("lease", lambda: __import__("fcntl").fcntl(os.open(torch.__file__, os.O_RDONLY), 1024, 0))
attempt("quota", lambda: syscall("quotactl", 0, b"/", 0, room))
"""),
    attack("undoing the layers", "dumpable again, no death with the parent, another personality, higher limits", """
import resource
for option, value in ((4, 1), (1, 0), (8, 1), (36, 1), (35, 1), (0x59616d61, -1), (28, 0)):
    attempt(f"prctl {option}", lambda: checked(libc.prctl(option, value, 0, 0, 0)))
attempt("personality", lambda: checked(libc.personality(0x0040000)))
for kind in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU):
    attempt(f"limit {kind}", lambda: resource.setrlimit(kind, (2**40, 2**40)))
attempt("parent's limit", lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1)))
attempt("priority", lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19))
attempt("affinity", lambda: os.sched_setaffinity(os.getppid(), {0}))
"""),
    attack("system calls of x32", "numbers that a filter for x86-64 may not know", in_call("""
libc.syscall(ctypes.c_long(0x40000000 + 57))
return mu
"""), told="not allowed here"),
    attack("code written by hand", "machine code in writable memory: the 32-bit calls of x86", in_call("""
code = bytes([0xB8, 2, 0, 0, 0, 0xCD, 0x80, 0xC3])  # mov eax, fork; int 0x80; ret
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
return mu
"""), told="not allowed here"),
    attack("a terminal", "typing into whoever watches", """
import fcntl
for number in (0, 1, 2, 3):
    for request in (0x5412, 0x540E, 0x541D, 0x541C, 0x8901):
        attempt(f"{number} {request:x}", lambda: fcntl.ioctl(number, request, b"x"))
attempt("open", lambda: os.open("/dev/tty", os.O_RDWR))
attempt("posix pty", lambda: os.openpty())
"""),
    attack("clocks and the machine", "time, names, reboot, modules, swap", """
attempt("clock", lambda: time.clock_settime(time.CLOCK_REALTIME, 0))
attempt("name", lambda: socket.sethostname(MARK))
attempt("reboot", lambda: checked(libc.reboot(0)))
attempt("module", lambda: checked(libc.init_module(b"", 0, b"")))
attempt("swap", lambda: checked(libc.swapoff(b"/")))
attempt("accounting", lambda: checked(libc.acct(b"/tmp/x")))
"""),
)  # fmt: skip
