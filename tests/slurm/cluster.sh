#!/usr/bin/env bash
# cluster.sh up DIR NODES CPUS | down DIR - a private SLURM cluster on this machine: munged, slurmctld
# and NODES slurmd, each a virtual node with a host name, a /dev/shm and a temporary folder of its own
# (MPI would take them for one machine otherwise). As root, without systemd and without /etc/slurm:
# everything lives under DIR, on loopback. After `up`, DIR/env.sh makes the commands find it.
set -eu
D=$2
base=$((20000 + $$ % 12000))

write_configuration() {
    local nodes=$1 cpus=$2 host i
    host=$(hostname -s)
    cat >"$D/slurm.conf" <<CONF
ClusterName=trine
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$D/munge/sock,cred_expire=5
CredType=cred/munge
SlurmctldPort=$base
SrunPortRange=$((base + 100))-$((base + 300))
CommunicationParameters=NoAddrCache
SlurmctldPidFile=$D/slurmctld.pid
SlurmdPidFile=$D/slurmd.%n.pid
StateSaveLocation=$D/state
SlurmdSpoolDir=$D/spool/%n
# PMIx keeps its sockets here: nodes of one machine must not share it.
TmpFS=$D/tmp/%n
SlurmctldLogFile=$D/log/slurmctld.log
SlurmdLogFile=$D/log/slurmd.%n.log
# No cgroups: this runs in containers.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=pmix
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2,sched_min_interval=0
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SlurmdTimeout=10
SlurmctldTimeout=10
KillWait=3
MessageTimeout=10
ReturnToService=2
SlurmdParameters=config_overrides
PropagateResourceLimitsExcept=MEMLOCK
CONF
    echo "127.0.0.1 localhost $host" >"$D/hosts"
    for i in $(seq "$nodes"); do
        echo "NodeName=node$i NodeHostname=node$i NodeAddr=127.0.0.1 Port=$((base + i)) CPUs=$cpus RealMemory=1500"
        echo "127.0.0.1 node$i" >>"$D/hosts"
    done >>"$D/slurm.conf"
    echo "PartitionName=all Nodes=node[1-$nodes] Default=YES MaxTime=60 DefaultTime=5 State=UP" >>"$D/slurm.conf"
    # SLURM 22.05 always loads a cgroup plugin; with the choices above this one makes no cgroup.
    printf 'CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n' >"$D/cgroup.conf"
    echo "export SLURM_CONF=$D/slurm.conf" >"$D/env.sh"
}

up() {
    local nodes=$1 cpus=$2 i
    mkdir -p "$D"/{munge,state,spool,log}
    chmod 755 "$D" "$D/munge"
    dd if=/dev/urandom of="$D/munge/key" bs=128 count=1 status=none
    chmod 600 "$D/munge/key"
    munged --foreground --num-threads=2 --key-file="$D/munge/key" --socket="$D/munge/sock" \
        --pid-file="$D/munge/pid" --seed-file="$D/munge/seed" --log-file="$D/munge/log" \
        >"$D/munge/out" 2>&1 &
    echo $! >"$D/munged.daemon"
    for i in $(seq 100); do [ -S "$D/munge/sock" ] && break; sleep 0.05; done
    [ -S "$D/munge/sock" ] || { cat "$D/munge/out" >&2; return 1; }
    write_configuration "$nodes" "$cpus"
    . "$D/env.sh"
    slurmctld -D -i >"$D/log/slurmctld.out" 2>&1 &
    echo $! >"$D/slurmctld.daemon"
    for i in $(seq "$nodes"); do
        mkdir -p "$D/spool/node$i" "$D/tmp/node$i"
        unshare --uts --mount --propagation private -- sh -c "hostname node$i
            mount -t tmpfs -o size=1g shm /dev/shm; mount --bind $D/hosts /etc/hosts
            cd /; exec slurmd -D -N node$i" >"$D/log/slurmd.node$i.out" 2>&1 &
        echo $! >"$D/slurmd.$i.daemon"
    done
    for i in $(seq 200); do
        [ "$(timeout 5 sinfo -h -o '%D %t' 2>/dev/null)" = "$nodes idle" ] && return
        sleep 0.1
    done
    timeout 5 sinfo -N -l >&2 || true
    tail -n 5 "$D"/log/*.out >&2
    return 1
}

# Ends only what is still ours by name.
down() {
    local file pid i
    [ -e "$D/env.sh" ] && . "$D/env.sh"
    timeout 5 scancel --state=PENDING,RUNNING -u "$(id -un)" 2>/dev/null || true
    for file in "$D"/slurmd.*.daemon "$D/slurmctld.daemon" "$D/munged.daemon"; do
        pid=$(cat "$file" 2>/dev/null) || continue
        case $(cat "/proc/$pid/comm" 2>/dev/null) in slurmd | slurmctld | munged) kill -TERM "$pid" 2>/dev/null || true ;; esac
        for i in $(seq 50); do [ -d "/proc/$pid" ] || break; sleep 0.1; done
        [ -d "/proc/$pid" ] && kill -KILL "$pid" 2>/dev/null || true
        rm -f "$file"
    done
    return 0
}

case $1 in
up) up "$3" "$4" ;;
down) down ;;
*) echo "usage: cluster.sh up DIR NODES CPUS | down DIR" >&2; exit 2 ;;
esac
