"""Attacks that want to see what is not theirs: solutions, checks, other students, the machine, other memory."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from catalogue import Attack, in_call

attack = partial(Attack, "reading", told="refused")

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = f"ROOT = {str(REPOSITORY)!r}\n"

ATTACKS = (
    attack("solutions", "the right answers", FOLDER + """
for name in ("solutions/exercise1_reparameterization.py", "exercises/exercise1_reparameterization.py"):
    attempt(name, lambda: open(f"{ROOT}/{name}").read())
attempt("list", lambda: os.listdir(f"{ROOT}/solutions"))
"""),
    attack("check files", "the references", FOLDER + """
for name in ("checks/exercise1_reparameterization.py", "checks/datasets.py", "core.py", "sandbox/wire.py"):
    attempt(name, lambda: open(f"{ROOT}/grader/{name}").read())
attempt("compiled", lambda: os.listdir(f"{ROOT}/grader/checks/__pycache__"))
"""),
    attack("an import of the checks", "the same through the import system", """
def load():
    import importlib
    try: module = importlib.import_module("grader.checks.exercise1_reparameterization")
    except ImportError as error: raise RuntimeError(error)
    return module.reparameterize
attempt("import", load)
"""),
    attack("sources through inspect", "linecache and inspect, for modules that are in memory", """
import linecache
import grader.plugin
attempt("inspect", lambda: inspect.getsource(grader.plugin))
attempt("lines", lambda: linecache.getlines(grader.plugin.__file__)[0] if linecache.getlines(grader.plugin.__file__)
        else checked(-1))
attempt("loader", lambda: grader.plugin.__loader__.get_data(grader.plugin.__file__))
"""),
    attack("leftovers in memory", "checks, tasks and sources that a fork brought along", """
def found():
    for thing in gc.get_objects():
        name = type(thing).__name__
        if name in ("Suite", "Grading", "Task", "CheckResult", "Submission", "Client", "Misconception"):
            return name, thing
    for name in sys.modules:
        if name.startswith("grader.checks."): return name
    raise ValueError("nothing")
attempt("objects", found)
"""),
    attack("other students' files", "whatever lies in homes, temporary folders and the working folder", """
for place in ("/home", "/root", "/tmp", "/var", "/srv", "/etc/passwd", "/etc/shadow", ".", "..", "/proc", "/sys"):
    attempt(place, lambda: os.listdir(place) if os.path.isdir(place) else open(place).read())
"""),
    attack("the environment", "secrets of whoever grades", """
own = {"PATH", "HOME", "LANG", "OMP_NUM_THREADS", "LC_CTYPE", "TMPDIR", "MKL_NUM_THREADS", "KMP_DUPLICATE_LIB_OK",
       "KMP_INIT_AT_FORK", "TORCHINDUCTOR_CACHE_DIR"}
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
seen, i = set(), 0
while environ and environ[i]:
    seen.add(environ[i].decode().split("=")[0])
    i += 1
attempt("variables", lambda: (set(os.environ) | seen) - own or checked(-1))
attempt("file", lambda: open("/proc/self/environ", "rb").read())
"""),
    attack("/proc/self", "maps, memory, descriptors, mounts", """
for name in ("maps", "mem", "environ", "cmdline", "fd", "mountinfo", "root", "cwd", "task", "status", "exe"):
    path = f"/proc/self/{name}"
    attempt(name, lambda: os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(64))
"""),
    attack("/proc of others", "the parent's memory, environment and descriptors", """
for who in (os.getppid(), 1):
    for name in ("mem", "environ", "maps", "fd", "cwd", "root", "stack"):
        path = f"/proc/{who}/{name}"
        attempt(path, lambda: os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(64))
        attempt("link " + path, lambda: os.readlink(path) if name in ("cwd", "root") else checked(-1))
"""),
    attack("descriptors left open", "sockets and files of the processes before", """
def others():
    found = []
    for number in range(4, 1024):
        try: found.append((number, os.fstat(number).st_mode))
        except OSError: pass
    return found or checked(-1)
attempt("descriptors", others)
"""),
    attack("the memory of the parent", "process_vm_readv and ptrace", """
room = ctypes.create_string_buffer(64)
vector = (ctypes.c_size_t * 2)(ctypes.addressof(room), 64)
for who in (os.getppid(), 1):
    attempt("read", lambda: syscall("process_vm_readv", who, ctypes.byref(vector), 1, ctypes.byref(vector), 1, 0))
    attempt("attach", lambda: checked(libc.ptrace(16, who, 0, 0)))
    attempt("seize", lambda: checked(libc.ptrace(0x4206, who, 0, 0)))
attempt("traceme", lambda: checked(libc.ptrace(0, 0, 0, 0)))
"""),
    attack("links", "symbolic and hard links to what cannot be opened", FOLDER + """
target = f"{ROOT}/solutions/exercise1_reparameterization.py"
for place in ("/tmp", "/dev/shm", "/var/tmp", "."):
    attempt("symbolic", lambda: os.symlink(target, f"{place}/{MARK}"))
    attempt("hard", lambda: os.link(target, f"{place}/{MARK}"))
attempt("handle", lambda: syscall("open_by_handle_at", -100, ctypes.create_string_buffer(64), 0))
"""),
    attack("ways around paths", "the same file by other names", FOLDER + """
inside = os.path.dirname(torch.__file__)
for path in (f"/proc/self/root{ROOT}/solutions", f"{inside}/../../../../../solutions", f"{ROOT}/./grader/../solutions",
             f"/proc/thread-self/root{ROOT}/solutions", f"//{ROOT}/solutions"):
    attempt(path, lambda: os.listdir(path))
def through_folder():
    folder = os.open(inside, os.O_PATH)
    return os.open("../../../../../solutions", os.O_RDONLY, dir_fd=folder)
attempt("openat", through_folder)
attempt("chdir", lambda: (os.chdir(f"{ROOT}/solutions"), os.listdir("."))[1])
"""),
    attack("package metadata", "where our package says it lies, read as data", """
import importlib.metadata, importlib.resources
def read():
    files = importlib.metadata.distribution("reparam").files or []
    text = [f.read_text() for f in files if "checks" in str(f) and str(f).endswith(".py")]
    return text or checked(-1)
def found():
    try: return read()
    except importlib.metadata.PackageNotFoundError as error: raise RuntimeError(error)
attempt("files", found)
attempt("resources", lambda: (importlib.resources.files("grader") / "core.py").read_text())
"""),
    attack("descriptors of others", "pidfd_getfd from the parent", """
def steal():
    pidfd = syscall("pidfd_open", os.getppid(), 0)
    return syscall("pidfd_getfd", pidfd, 3, 0)
attempt("pidfd", steal)
attempt("kcmp", lambda: syscall("kcmp", os.getppid(), os.getpid(), 0, 3, 3))
"""),
    attack("devices and kernel logs", "disks, consoles, memory, messages", """
for path in ("/dev/mem", "/dev/kmsg", "/dev/tty", "/dev/console", "/dev/sda", "/dev/vda", "/dev/ptmx", "/dev/fuse",
             "/sys/kernel/security", "/proc/kallsyms", "/proc/kcore", "/proc/net/unix"):
    attempt(path, lambda: os.open(path, os.O_RDONLY))
attempt("syslog", lambda: checked(libc.klogctl(3, ctypes.create_string_buffer(64), 64)))
"""),
    attack("the learner's own wire", "bytes of other gradings in the socket", """
end = server()._channel._end
attempt("peek", lambda: end.recv(64, socket.MSG_PEEK | socket.MSG_DONTWAIT))
attempt("peer", lambda: end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
attempt("name", lambda: end.getpeername())
"""),
    attack("memory swept by address", "texts of the judge in pages that were forked", in_call("""
import re
held = b"BEGIN" + b" SOLUTION"
hits = [thing for thing in gc.get_objects() if isinstance(thing, dict) and "REFERENCES" in thing]
print("refused: nothing" if not hits else "LOOT: references")
return mu
""")),
)  # fmt: skip
