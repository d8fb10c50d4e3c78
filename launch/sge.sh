#!/usr/bin/env bash
# Trains on several nodes of a Grid Engine cluster (SGE, UGE, SoGE), from the root of the repository:
#   qsub -pe ENVIRONMENT SLOTS [QSUB OPTIONS] launch/sge.sh [--] TRAIN OPTIONS
# Example: qsub -pe mpi 32 -v BT_DIST_THREADS=8 launch/sge.sh --data npy:X.npy --max-epochs 100 --out runs/mine
# Another command than train stands first: qsub … launch/sge.sh doctor looks whether all is well.
#
# `qconf -spl` lists the parallel environments; one that gives all hosts the same number of slots is the best. BT_DIST_THREADS (1)
# is the number of threads of a rank; a host has slots / threads ranks. At the time s_rt Grid Engine sends SIGUSR1, and
# SIGUSR2 before it kills a job: the run saves a checkpoint and ends. After that, or a lost rank or host, the job ends with 99, which
# queues it again, at most BT_DIST_REQUEUES times (100); not after qdel.
#$ -N bt-dist
#$ -S /bin/bash
#$ -cwd
#$ -j y
#$ -r y
#$ -notify
#$ -l s_rt=23:57:00,h_rt=24:00:00
set -uo pipefail

[ -n "${NSLOTS:-}" ] || { echo "start this with qsub -pe ENVIRONMENT SLOTS, from the root of the repository" >&2; exit 64; }
[ -r launch/environment ] || { echo "no launch/environment in $PWD: call qsub from the root of the repository" >&2; exit 64; }
. launch/environment
needs_program launch/sge.sh
[ "${1:-}" != -- ] || shift

threads=${BT_DIST_THREADS:-${OMP_NUM_THREADS:-1}}
export OMP_NUM_THREADS=$threads
forwarded
# Lines of host, slots, queue. All hosts get as many ranks as the smallest has room for.
each=$(awk 'NR == 1 || $2 < least { least = $2 } END { print least }' "${PE_HOSTFILE:?}")
each=$((each / threads > 0 ? each / threads : 1))
hosts=$(grep -c . "$PE_HOSTFILE")
start=(mpirun --map-by "ppr:$each:node:PE=$threads" "${forward[@]}")
# Open MPI built with Grid Engine's support finds the hosts and starts there; others by ssh.
if ! ompi_info --parsable 2> /dev/null | grep -q '^mca:ras:gridengine'; then
  awk -v slots="$each" '{ print $1, "slots=" slots }' "$PE_HOSTFILE" > "${TMPDIR:-/tmp}/bt-dist-hosts.$JOB_ID"
  start+=(--hostfile "${TMPDIR:-/tmp}/bt-dist-hosts.$JOB_ID")
fi

# Grid Engine goes on with the same log, and counts only to one itself.
count=$(grep -c "^job $JOB_ID, requeued " "${SGE_STDOUT_PATH:-/dev/null}" 2> /dev/null)
echo "job $JOB_ID, requeued ${count:=0} times: $((each * hosts)) × $threads (ranks × threads), hosts: $hosts"
called "$@"
run_until_told 'USR1 USR2 TERM' "${start[@]}" "$program" "${call[@]}"; code=$?
ended_early "$code" || exit "$code"
if [ "$count" -ge "${BT_DIST_REQUEUES:-100}" ]; then
  echo "exit code $code, and the job was requeued $count times already: giving up" >&2
  exit "$code"
fi
echo "exit code $code: requeueing job $JOB_ID (so far $count times)"
exit 99
