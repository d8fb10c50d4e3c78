/// A library for LD_PRELOAD that makes a program's calls of the system fail, or ends the program at one of them.
///
/// It comes before libc's calls that change files, and counts those whose path (or that of their descriptor, as it was
/// opened) contains FAULT_PATH. From the FAULT_AT-th on, FAULT_COUNT of them get the fault; all others go through.
///
///   FAULT_PATH=TEXT     the part of a path that makes a call count; without it no call does
///   FAULT_CALLS=A,B     count these only: open write fsync close rename unlink mkdir rmdir truncate; default: all.
///                       `open` is one for writing, `close` that of a file that was opened so
///   FAULT_AT=K          the first call that gets the fault, from 1 (default)
///   FAULT_COUNT=N       how many calls get it (default 1); 0: all from then on
///   FAULT_WHILE=FILE    only as long as this file exists: removing it ends the fault
///   FAULT_ACTION=...    what happens:
///       none            nothing: calls are counted and logged
///       kill-before     SIGKILL to this process instead of the call
///       kill-after      SIGKILL after the call
///       kill-half       SIGKILL after a `write` of half its bytes; other calls: kill-before
///       EIO ENOSPC EROFS EDQUOT EACCES    the call fails with this errno and does nothing
///       half            a `write` writes half its bytes and says so; the next counted calls fail with ENOSPC
///       signal-N        signal number N to this process, then the call
///       sleep-MS        waits for that many milliseconds, then the call
///   FAULT_LOG=FILE      a line for each counted call is appended: number, call, path
///   FAULT_FREE=BYTES    statvfs and statfs of counted paths report so many free bytes (while FAULT_WHILE lasts)
///   FAULT_THREADS=N     the process gets so many threads, besides its first, and no more
///   FAULT_CLOCK=S:OFFSET[,S:OFFSET...]    S seconds after the start the clock of the day (CLOCK_REALTIME, time,
///                       gettimeofday) jumps so as to be OFFSET seconds off from then on
///
/// Only calls through libc's dynamic symbols are seen; those inside libc and raw system calls are not.
#pragma once
