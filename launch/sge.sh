#!/usr/bin/env bash
# Trains on several nodes of a Grid Engine cluster (SGE, UGE, SoGE), from the root of the repository:
#   qsub -pe ENVIRONMENT SLOTS [QSUB OPTIONS] launch/sge.sh [--] TRAIN OPTIONS
# Example: qsub -pe mpi 32 -v BT_DIST_THREADS=8 launch/sge.sh --data npy:X.npy --max-epochs 100 --out runs/mine
# A command other than train comes first: qsub … launch/sge.sh doctor checks whether all is well.
#
# `qconf -spl` lists the parallel environments; one that gives all hosts the same number of slots is the best. BT_DIST_THREADS (1)
# is the number of threads of a rank; a host has slots / threads ranks. The run ends with a checkpoint before the h_rt (or s_rt) that
# the job asks for (`--time-limit`), when Grid Engine sends SIGUSR1, at a queue's own s_rt, and when it sends SIGUSR2, `notify`
# seconds before it kills. After 75 or a lost rank or host the job is queued again, at most BT_DIST_REQUEUES times (100), by qresub
# and so with another number, or by ending with 99; not after qdel or three launches without a newer checkpoint.
#$ -N bt-dist
#$ -S /bin/bash
#$ -cwd
#$ -j y
#$ -r y
#$ -notify
#$ -l h_rt=24:00:00
set -uo pipefail

[ -n "${NSLOTS:-}" ] || { echo "start this with qsub -pe ENVIRONMENT SLOTS, from the root of the repository" >&2; exit 64; }
[ -r launch/environment ] || { echo "no launch/environment in $PWD: call qsub from the root of the repository" >&2; exit 64; }
. launch/environment
. launch/progress
needs_program launch/sge.sh
[ "${1:-}" != -- ] || shift

needs_names JOB_ID || exit
threads=$(number_in 1 1 BT_DIST_THREADS OMP_NUM_THREADS) && requeues=$(number_in 0 100 BT_DIST_REQUEUES) || exit
export OMP_NUM_THREADS=$threads
forwarded
# Lines of host, slots, queue. All hosts get as many ranks as the smallest has room for.
each=$(awk '$2 !~ /^[0-9]+$/ { least = "?"; exit } NR == 1 || $2 + 0 < least { least = $2 + 0 } END { print least }' < "${PE_HOSTFILE:?}")
each=$(decimal "$each") || { echo "$PE_HOSTFILE does not say how many slots each host has" >&2; exit 64; }
each=$((each / threads > 0 ? each / threads : 1))
hosts=$(grep -c . < "$PE_HOSTFILE")
start=(mpirun --map-by "ppr:$each:node:PE=$threads" "${forward[@]}")
hostfile=$(mktemp -- "${TMPDIR:-/tmp}/bt-dist-hosts.XXXXXX")
trap 'rm -f -- "$hostfile"' EXIT
awk 'NF { print $1 }' < "$PE_HOSTFILE" | write_hostfile "$each" "$hostfile" || exit
# Open MPI built with Grid Engine's support finds the hosts and starts there, others by ssh, …
if ! ompi_info --parsable 2> /dev/null | grep -q '^mca:ras:gridengine'; then
  start+=(--hostfile "$hostfile")
# … as in a parallel environment in which Grid Engine starts nothing on other hosts.
elif is_name "${PE:-}" && qconf -sp "$PE" 2> /dev/null | grep -Eq '^control_slaves +FALSE'; then
  export OMPI_MCA_plm_rsh_disable_qrsh=1
fi

about=$(qstat -j "$JOB_ID" 2> /dev/null)
# At the time a job asks for, even s_rt, Grid Engine 8.1 kills it and forgets about 99: rank 0, on this host, ends before that,
# and finds the time where PBS has it. A minute is left for a slow start on many hosts.
limit=$(sed -n 's/^hard[ _]resource_list: *//p' <<< "$about" | tr ', ' '\n' | awk -F'[=:]' '/^[hs]_rt=/ {
  s = 0; for (i = 2; i <= NF; i++) s = 60 * s + $i; if (s > 0 && (!least || s < least)) least = s } END { if (least) printf "%.0f", least }')
if limit=$(decimal "$limit"); then
  export PBS_WALLTIME=$((limit - (limit < 1200 ? limit / 20 : 60)))
else
  echo "qstat does not say how long the job may run: give --time-limit, and the run ends with a checkpoint in time" >&2
fi

# After 99 Grid Engine keeps the job's number and log; the jobs before have left theirs in the job's context.
count=$(grep -cF -- "job $JOB_ID, requeued " "${SGE_STDOUT_PATH:-/dev/null}" 2> /dev/null)
past=$(sed -n 's/^context:.*[ ,]bt_dist_requeued=\([0-9]*\).*/\1/p' <<< "$about")
past=$(decimal "$past") || past=0
count=$((${count:-0} + past))
echo "job $JOB_ID, requeued $count times: $((each * hosts)) × $threads (ranks × threads), hosts: $hosts"
called "$@"
watch_progress "${call[@]}"
run_until_told 'USR1 USR2 TERM' "${start[@]}" "$program" "${call[@]}"; code=$?
note_progress "$count"
may_launch_again "$code" "$took" "$count" || exit "$code"
# SIGUSR2, perhaps only on other hosts: qdel, after which 99 does nothing, or a manager's `qmod -rj`, which queues the job again.
if [ "$told" = USR2 ] || qstat -u "$(id -un)" 2> /dev/null | awk -v job="$JOB_ID" '$1 == job && $5 ~ /d/ { d = 1 } END { exit !d }'; then
  echo "exit code $code, after a notice that Grid Engine will end the job"
  exit 99
fi
may_queue_again "$code" "$took" "$count" "$requeues" || exit "$code"
echo "exit code $code: requeueing job $JOB_ID (so far $count times)"
# Grid Engine 8.1 never again gives a job the hosts that it left with 99, except the first. A copy of the job has no such past.
if [ "$hosts" -gt 1 ]; then
  if qalter -ac "bt_dist_requeued=$((count + 1))" "$JOB_ID" > /dev/null && qresub "$JOB_ID"; then exit "$code"; fi
  echo "no qresub from this host: job $JOB_ID may now wait for new hosts (Rq): if it does, qdel it and call qsub again" >&2
fi
exit 99
