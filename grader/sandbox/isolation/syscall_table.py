"""The system calls that learner code cannot make, with their numbers on both machines that are supported.

Everything else stays allowed up to `LAST_KNOWN`: torch, OpenMP and the allocators make calls that change from version
to version, so that a list of what is allowed would break with them. The numbers are those of the kernel's own headers
(`asm/unistd_64.h` and `asm-generic/unistd.h`); a test compares them with the headers of the machine it runs on.
"""

from __future__ import annotations

from typing import Final

LAST_KNOWN: Final = 450
"""The highest number that was considered. What kernels have added since is absent until it is looked at."""

_FORBIDDEN: Final = """
# name              x86-64  aarch64   (- where the machine has no such call)

# A second process or program (clone is looked at more closely in seccomp.py: threads are allowed).
fork                    57        -
vfork                   58        -
execve                  59      221
execveat               322      281

# The network and every other socket. Descriptor 3 is there already: it is read and written like a file, so that nobody
# passes descriptors over it, sends out of band or attaches a filter to it.
socket                  41      198
socketpair              53      199
connect                 42      203
bind                    49      200
listen                  50      201
accept                  43      202
accept4                288      242
sendto                  44      206
sendmsg                 46      211
sendmmsg               307      269
recvfrom                45      207
recvmsg                 47      212
recvmmsg               299      243
shutdown                48      210
setsockopt              54      208
getsockopt              55      209
getsockname             51      204
getpeername             52      205

# Signals to others (kill, tkill and tgkill are allowed to oneself, see seccomp.py).
rt_sigqueueinfo        129      138
rt_tgsigqueueinfo      297      240
pidfd_open             434      434
pidfd_send_signal      424      424
pidfd_getfd            438      438

# The memory and the state of other processes.
ptrace                 101      117
process_vm_readv       310      270
process_vm_writev      311      271
process_madvise        440      440
process_mrelease       448      448
kcmp                   312      272
move_pages             279      239
migrate_pages          256      238

# Large and much attacked parts of the kernel that no exercise needs.
bpf                    321      280
perf_event_open        298      241
userfaultfd            323      282
io_setup               206        0
io_uring_setup         425      425
io_uring_enter         426      426
io_uring_register      427      427
add_key                248      217
request_key            249      218
keyctl                 250      219
vmsplice               278       75

# File systems and namespaces.
mount                  165       40
umount2                166       39
pivot_root             155       41
chroot                 161       51
unshare                272       97
setns                  308      268
open_tree              428      428
move_mount             429      429
fsopen                 430      430
fsconfig               431      431
fsmount                432      432
fspick                 433      433
mount_setattr          442      442
name_to_handle_at      303      264
open_by_handle_at      304      265
quotactl               179       60
quotactl_fd            443      443

# The machine: modules, power, clocks, names, the kernel's log, hardware ports, all disks at once.
init_module            175      105
finit_module           313      273
delete_module          176      106
kexec_load             246      104
kexec_file_load        320      294
reboot                 169      142
swapon                 167      224
swapoff                168      225
acct                   163       89
sethostname            170      161
setdomainname          171      162
settimeofday           164      170
clock_settime          227      112
clock_adjtime          305      266
adjtimex               159      171
syslog                 103      116
vhangup                153       58
iopl                   172        -
ioperm                 173        -
modify_ldt             154        -
uselib                 134        -
personality            135       92
sync                   162       81
syncfs                 306      267

# Priority over others (the sched_set* calls are allowed on oneself, see seccomp.py).
setpriority            141      140
ioprio_set             251       30

# Memory that outlives the process or that no resource limit counts: anonymous files, System V and POSIX queues.
memfd_create           319      279
memfd_secret           447      447
shmget                  29      194
shmat                   30      196
shmctl                  31      195
shmdt                   67      197
semget                  64      190
semop                   65      193
semtimedop             220      192
semctl                  66      191
msgget                  68      186
msgsnd                  69      189
msgrcv                  70      188
msgctl                  71      187
mq_open                240      180
mq_unlink              241      181
mq_timedsend           242      182
mq_timedreceive        243      183
mq_notify              244      184
mq_getsetattr          245      185

# Changes to files. Landlock stops those that need a path to be written, but not chmod and its like.
chmod                   90        -
fchmod                  91       52
fchmodat               268       53
chown                   92        -
fchown                  93       55
lchown                  94        -
fchownat               260       54
setxattr               188        5
lsetxattr              189        6
fsetxattr              190        7
removexattr            197       14
lremovexattr           198       15
fremovexattr           199       16
utime                  132        -
utimes                 235        -
futimesat              261        -
utimensat              280       88
mknod                  133        -
mknodat                259       33
creat                   85        -
truncate                76       45
ftruncate               77       46
fallocate              285       47
mkdir                   83        -
mkdirat                258       34
rmdir                   84        -
unlink                  87        -
unlinkat               263       35
rename                  82        -
renameat               264       38
renameat2              316      276
link                    86        -
linkat                 265       37
symlink                 88        -
symlinkat              266       36

# News of what others do with their files.
inotify_init           253        -
inotify_init1          294       26
inotify_add_watch      254       27
fanotify_init          300      262
fanotify_mark          301      263

# Who the process is, and what it may use.
setuid                 105      146
setgid                 106      144
setreuid               113      145
setregid               114      143
setresuid              117      147
setresgid              119      149
setfsuid               122      151
setfsgid               123      152
setgroups              116      159
capset                 126       91
setsid                 112      157
setpgid                109      154
setrlimit              160      164
"""

_LOOKED_AT: Final = """
# Allowed or not by their arguments, as seccomp.py says.
clone                   56      220
clone3                 435      435
kill                    62      129
tkill                  200      130
tgkill                 234      131
prctl                  157      167
ioctl                   16       29
fcntl                   72       25
prlimit64              302      261
sched_setscheduler     144      119
sched_setparam         142      118
sched_setattr          314      274
sched_setaffinity      203      122
"""


def forbidden(machine: str) -> dict[str, int]:
    """Numbers of the calls that are refused whatever their arguments, by name.

    Args:
        machine: `x86_64` or `aarch64`.
    """
    return _column(_FORBIDDEN, machine)


def looked_at(machine: str) -> dict[str, int]:
    """Numbers of the calls that are refused or not by their arguments, by name."""
    return _column(_LOOKED_AT, machine)


def _column(table: str, machine: str) -> dict[str, int]:
    column = {"x86_64": 1, "aarch64": 2}[machine]
    rows = [line.split() for line in table.splitlines() if line and not line.startswith("#")]
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}
