#!/usr/bin/env python3
#!/usr/bin/env python3
"""bench.py [--gib G] [--rounds N] [--build DIR] [--only WORD] - runs the benchmarks of this folder and
prints one table: what, target, measured. Every ratio comes from one program, whose rounds interleave
what they compare; the medians of the rounds' ratios are shown.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def run(command, **environment):
    """The JSON object that a benchmark prints, or {} with a line on stderr when it cannot run."""
    shown = " ".join(f"{k}={v}" for k, v in environment.items()) + " " + " ".join(command)
    print("running:", shown.strip(), file=sys.stderr)
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)
    try:
        return json.loads(done.stdout)
    except ValueError:
        print("  no result:", (done.stderr or done.stdout).strip()[-500:], file=sys.stderr)
        return {}


def launched(ranks, mpirun):
    version = subprocess.run([mpirun, "--version"], capture_output=True, text=True).stdout
    flags = ["--oversubscribe", "--bind-to", "core"] if "Open MPI" in version or "OpenRTE" in version else []
    return [mpirun, *flags, "-n", str(ranks)]


def fair_blas():
    """Names OpenBLAS's best kernels that run here: under KVM it takes many a CPU for one without AVX."""
    with open("/proc/cpuinfo") as cpus:
        flags = cpus.read().split()
    core = "SKYLAKEX" if "avx512f" in flags else "HASWELL" if "avx2" in flags else None
    return {"OPENBLAS_CORETYPE": core} if core else {}


def python():
    """The interpreter that Debian's packages of numpy are for."""
    return next((p for p in ("/usr/bin/python3", sys.executable) if os.path.exists(p)), "python3")


class Table:
    """Rows of what, target, measured; a target is (sense, bound)."""

    def __init__(self):
        self.rows = []

    def add(self, what, sense, bound, unit, value, detail=""):
        met = "-" if value is None else "yes" if (value <= bound if sense == "<=" else value >= bound) else "NO"
        shown = "not run" if value is None else f"{value:.3g} {unit}".strip()
        self.rows.append((what, f"{sense} {bound:g} {unit}".strip(), shown, met, detail))

    def text(self):
        head = ("what", "target", "measured", "met", "detail")
        rows = [head, *self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths)) + "  " + row[4]
                         for row in rows)


def rates(result, *names):
    return ", ".join(f"{n.replace('_', ' ')} {result[n + '_gb_per_s']:.1f}" for n in names
                     if n + "_gb_per_s" in result) + (" GB/s" if result else "")


def teams(table, build, gib, rounds, mpirun):
    program = f"{build}/bench/bench_team"
    passive = {"OMP_WAIT_POLICY": "passive"}
    results = {
        "omp": run([program, "omp:2", str(gib), str(rounds)]),
        "pool": run([program, "pool:2", str(gib), str(rounds)], **passive),
        "mpi": run([*launched(2, mpirun), program, "mpi:2", str(gib), str(rounds)], **passive) if mpirun else {},
    }
    for name, r in results.items():
        table.add(f"fast sum {gib:g} GiB on {name}, of pure-load bandwidth", ">=", 0.95, "x",
                  r.get("fast_over_load"), rates(r, "load", "fast"))
    for name, r in results.items():
        table.add(f"exact sum {gib:g} GiB on {name}, uniform, time of fast", "<=", 1.05, "x",
                  r.get("exact_over_fast_time"), rates(r, "fast", "exact"))
        table.add(f"exact sum {gib:g} GiB on {name}, normal, time of fast", "<=", 1.05, "x",
                  r.get("normal_exact_over_fast_time"), rates(r, "normal_fast", "normal_exact"))
    for name, r in results.items():
        table.add(f"efficiency of 2 workers on {name}, fast", ">=", 0.93, "", r.get("fast_efficiency"),
                  rates(r, "one_fast", "fast"))
        table.add(f"efficiency of 2 workers on {name}, exact", ">=", 0.93, "", r.get("exact_efficiency"),
                  rates(r, "one_exact", "exact"))


def cache(table, build):
    r = run([f"{build}/bench/bench_cache"])
    table.add("exact sum of 64 Ki uniform in cache, 1 worker", "<=", 0.14, "ns/element", r.get("exact_uniform_ns"),
              f"plain {r['plain_ns']:.3f}, fast {r['fast_ns']:.3f}" if r else "")
    table.add("the same as a multiple of plain", "<=", 3.2, "x", r.get("exact_over_plain"))
    table.add("exact sum of 64 Ki of wide exponents, 1 worker", "<=", 0.73, "ns/element", r.get("exact_wide_ns"))
    table.add("exact sum of 1000 elements, a kernel call", "<=", 0.3, "us", r.get("exact_1000_us"))


def maps(table, build):
    r = run([f"{build}/bench/bench_maps"])
    for m in r.get("maps", []):
        wanted = {"uniform": 0.5, "normal": 0.5}.get(m["name"], 0.9)
        if m["name"] in ("fill", "copy", "scale", "axpy", "add", "uniform", "normal"):
            table.add(f"{m['name']} of {m['out']}, {r['mib']} MiB an array, of a non-temporal {m['bound']}", ">=",
                      wanted, "x", m["ratio"], f"{m['gbps']:.1f} GB/s, {m['bound']} {r['bounds'][m['bound']]:.1f}")
    for f in r.get("functions", []):
        table.add(f"{f['name']} in cache, time of SLEEF in a plain loop", "<=", 1.1, "x", f["over_plain_loop"],
                  f"{f['ns']:.2f} ns/element")


def blas(table, build):
    for kind, bound in (("its fair best", 1.0), ("as installed", 2.0)):
        environment = fair_blas() if bound == 1.0 else {}
        r = run([f"{build}/bench/bench_blas"], OPENBLAS_NUM_THREADS="2", **environment)
        for mode in ("fast", "exact"):
            table.add(f"{mode} sum 1 GiB omp:2 against OpenBLAS dasum, {kind}", ">=", bound, "x",
                      r.get(f"dasum_over_{mode}"),
                      f"{r['core']} dasum {r['dasum_gb_per_s']:.1f}, {mode} {r[mode + '_gb_per_s']:.1f} GB/s" if r else "")


def reductions(table, build):
    """Of the pure-load bandwidth of the same round; and against numpy, one worker each."""
    r = run([f"{build}/bench/bench_reductions", "omp:2", "1024", "5"])
    for name, bound in (("minmax", 0.9), ("argmax", 0.9), ("absmax", 0.9), ("count_nan", 0.9), ("var", 0.9), ("kurtosis", 0.9),
                        ("cov", 0.9), ("describe", 0.9), ("prod", 0.9), ("histogram", 0.6)):
        table.add(f"{name} 1 GiB omp:2, of pure-load bandwidth", ">=", bound, "x", r.get(name),
                  f"load {r['load_gb_per_s']:.1f} GB/s" if r else "")
    r = run([python(), f"{HERE}/numpy_reductions.py", f"{build}/libtrine.so"])
    for name, bound in (("min", 1), ("argmax", 1), ("any", 1), ("count_nonzero", 1), ("var", 5), ("histogram", 5), ("median", 1),
                        ("column_means", 1), ("column_vars", 5), ("normal", 5), ("exp", 1), ("cumsum", 1), ("sort", 1)):
        table.add(f"{name} against numpy, 1 worker", ">=", bound, "x", r.get(name),
                  f"numpy {r['numpy_' + name]:.2f} ns" if r else "")


def dot(table, build):
    r = run([f"{build}/bench/bench_dot", "omp:2"], OPENBLAS_NUM_THREADS="2", **fair_blas())
    for name in ("asum", "nansum", "mean", "nanmean", "sumsq", "nrm2", "dot", "wmean"):
        table.add(f"fast {name} 1 GiB omp:2, of pure-load bandwidth", ">=", 0.9, "x", r.get(f"{name}_fast_over_load"))
        table.add(f"exact {name} 1 GiB omp:2, normal, time of fast", "<=", 1.15, "x",
                  r.get(f"{name}_exact_over_fast_time"))
    for name, peer, bound in (("nrm2", "dnrm2", 2), ("dot", "ddot", 1)):
        for mode in ("fast", "exact"):
            table.add(f"{mode} {name} 1 GiB omp:2 against OpenBLAS {peer}, its fair best", ">=", bound, "x",
                      r.get(f"{peer}_over_{name}_{mode}"), f"{r['core']} {r[peer + '_gb_per_s']:.1f} GB/s" if r else "")


def gemm(table, build, mpirun):
    program, passive = f"{build}/bench/bench_gemm", {"OMP_WAIT_POLICY": "passive"}
    for spec in ("omp:2", "pool:2", "mpi:2"):
        launcher = [] if spec != "mpi:2" else launched(2, mpirun) if mpirun else None
        r = run([*launcher, program, spec, "4096", "5"], **passive) if launcher is not None else {}
        table.add(f"product of 4096 x 4096 on {spec} against OpenBLAS with 2 threads, its fair best", ">=", 0.93, "x",
                  r.get("trine_over_openblas"), f"{r['peer_core']} {r['openblas_gflops']:.0f}, "
                  f"trine {r['trine_gflops']:.0f} GFlop/s" if r else "")
        table.add(f"matrix of 4096 x 4096 times vector on {spec}, of the fast sum's bandwidth", ">=", 0.9, "x",
                  r.get("gemv_over_sum"), rates(r, "gemv"))


def numpy(table, build):
    library = f"{build}/libtrine.so"
    r = run([python(), f"{HERE}/numpy_sum.py", library])
    for workers in "12":
        for mode in ("fast", "exact"):
            table.add(f"{mode} sum 1 GiB against numpy.sum, {workers} worker{'s' * (workers == '2')}", ">=", 1.4, "x",
                      r.get(f"numpy_over_{mode}_{workers}"), rates(r, f"numpy_{workers}", f"{mode}_{workers}"))


def calls(table, build, mpirun):
    r = run([f"{build}/bench/bench_calls"])
    table.add("empty job on pool:2 against an empty OpenMP region", "<=", 1.5, "x", r.get("job_over_region"),
              f"job {r['pool_job_us']:.2f} us, region {r['omp_region_us']:.2f} us" if r else "")
    table.add("pool:2 open and close", "<=", 10, "ms", r.get("open_close_ms"))
    table.add("fast sum of 100 elements on serial", "<=", 0.5, "us", r.get("sum_100_fast_us"))
    table.add("exact sum of 100 elements on serial", "<=", 0.5, "us", r.get("sum_100_exact_us"))
    table.add("keeping the caller's floating-point environment, a call", "<=", 5, "ns", r.get("environment_ns"))
    m = run([*launched(2, mpirun), f"{build}/bench/bench_combine"]) if mpirun else {}
    table.add("combine of exact sum on mpi:2 against MPI_Allreduce of 8 bytes", "<=", 3, "x",
              m.get("merge_over_allreduce"),
              f"merge {m['merge_us']:.2f} us, allreduce {m['allreduce_us']:.2f} us, whole call {m['call_us']:.2f} us"
              if m else "")


# What a pool of Python's and a stream of trine's do alike: items that do nothing, handed out and back in the same way.
PEERS = (("imap", "pool_ordered_chunk_1", 10), ("imap_unordered", "pool_unordered_chunk_1", 10),
         ("map_chunk_1", "pool_ordered_chunk_1", 10), ("map_chunk_1000", "pool_ordered", 1),
         ("process_executor", "pool_ordered_chunk_1", 10), ("thread_executor", "omp_ordered_chunk_1", 10))


def pools(table, mine):
    """Of mine, what bench_tasks has just printed, with Python's pools, two workers each."""
    r = run([python(), f"{HERE}/python_pools.py"])
    for peer, stream, bound in PEERS:
        theirs, ours = r.get("items_per_s", {}).get(peer), mine.get(f"{stream}_m_per_s")
        table.add(f"items that do nothing, {stream.replace('_', ' ')}, of Python's {peer}", ">=", bound, "x",
                  ours * 1e6 / theirs if ours and theirs else None,
                  f"{1e-6 * theirs:.3f} million/s there, {ours:.2f} here" if ours and theirs else "")
    table.add("a worker killed in a map on pool:2 costs", "<=", 10, "ms", mine.get("kill_cost_ms"),
              f"map of 64 items {mine['pool_map_of_64_us']:.0f} us, omp:2 {mine['omp_map_of_64_us']:.0f} us"
              + ("; Python's Pool: {pool}, ProcessPoolExecutor: {executor}".format(**r["after_a_death"]) if r else "")
              if mine else "")


def tasks(table, build):
    r = run([f"{build}/bench/bench_tasks"])
    for stream in ("ordered_chunk_1", "unordered_chunk_1"):
        what = f"items that do nothing, {stream.replace('_', ' ')}, pool:2"
        table.add(what, ">=", 1, "million/s", r.get(f"pool_{stream}_m_per_s"),
                  f"serial {r[f'serial_{stream}_m_per_s']:.2f}, omp:2 {r[f'omp_{stream}_m_per_s']:.2f}" if r else "")
        table.add("the same, of omp:2", ">=", 0.5, "x", r.get(f"pool_over_omp_{stream}"))
    pools(table, r)


def transports(table, build):
    r = run([f"{build}/bench/bench_transports", "64", "21"])
    memcpy = f"memcpy {r['memcpy_gb_per_s']:.1f} GB/s, in the caller, warm" if r else ""
    table.add("64 MiB to a worker of a pool by shm, of memcpy", ">=", 0.9, "x", r.get("shm_of_memcpy"), memcpy)
    table.add("the same by pipe, both copies counted", ">=", 0.5, "x", r.get("pipe_of_memcpy"))
    table.add("the same by cma", ">=", 0.9, "x", r.get("cma_of_memcpy"),
              f"{r['cma_of_bare_read']:.2f} of a process that only calls process_vm_readv" if r else "")


def scans(table, build):
    r = run([f"{build}/bench/bench_scan"])
    for name, wanted in (("cumsum_fast", 0.9), ("cumsum_fast_in_place", 0.9), ("cumsum_exact", 0.7), ("difference", 0.9),
                         ("reverse", 0.7)):
        table.add(f"{name.replace('_', ' ')} of f64, of a non-temporal copy", ">=", wanted, "x", r.get(name + "_over_copy"),
                  f"{r[name + '_s']:.3f} s for {r['mib']} MiB, copy {r['copy_gb_s']:.1f} GB/s" if r else "")


def sort(table, build):
    r = run([f"{build}/bench/bench_sort"])
    table.add("sort of 1 GiB of f64, 1 worker, against qsort", ">=", 5, "x", r.get("qsort_over_one"),
              f"qsort {r['qsort_s']:.2f} s, sort {r['one_s']:.2f} s, argsort {r['argsort_s']:.2f} s" if r else "")
    table.add("the same, 2 workers against 1", ">=", 1.8, "x", r.get("one_over_two"))


def grids(table, build):
    r = run([f"{build}/bench/bench_grids", "omp:2"])
    for name, bound, wanted in (("transpose_f64", "copy", 0.6), ("transpose_f32", "copy", 0.6),
                                ("stencil5_f64", "copy", 0.85), ("jacobi_sweep", "copy", 0.85),
                                ("jacobi_sweep_with_f", "triad", 0.85), ("convolve_3_taps", "copy", 0.85)):
        got = r.get(name, {})
        table.add(f"{name} of {r.get('side')} x {r.get('side')} omp:2, of a non-temporal {bound}", ">=", wanted, "x",
                  got.get("ratio"), f"{got['ns_per_element']:.3f} ns/element" if got else "")


def etl(table, build):
    if not os.path.exists(f"{build}/drivers/etl"):
        return
    python = next((p for p in ("/usr/bin/python3", sys.executable) if os.path.exists(p)), "python3")
    found = run([python, f"{HERE}/etl.py", "--json", "--build", build]).get("ways", {})
    for spec in ("omp:2", "pool:2"):
        way = found.get(f"{spec} path", {})
        table.add(f"etl of 508 MB on {spec}, paths passed, time of cp", "<=", 2, "x", way.get("over_cp"),
                  f"{way['seconds']:.3f} s, cp {found['cp']['seconds']:.3f} s" if way else "")
        table.add("the same against numpy, scipy and Pool(2)", ">=", 8, "x", way.get("python_over_this"))


def main():
    parser = argparse.ArgumentParser(description="Runs trine's benchmarks and prints the table.")
    parser.add_argument("--gib", type=float, default=4, help="size of the arrays of the team benchmarks (4)")
    parser.add_argument("--rounds", type=int, default=9, help="rounds of the team benchmarks (9)")
    parser.add_argument("--build", default=os.path.join(HERE, "..", "build"), help="the build folder")
    parser.add_argument("--mpirun", default=shutil.which("mpirun"), help="the launcher of the MPI built with")
    parser.add_argument("--only", default="", help="run only: teams, cache, maps, tasks, transports, reductions, scans, blas, dot, gemm, numpy, sort, grids, etl or calls")
    arguments = parser.parse_args()
    os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    build, table = os.path.abspath(arguments.build), Table()
    parts = {
        "cache": lambda: cache(table, build),
        "calls": lambda: calls(table, build, arguments.mpirun),
        "maps": lambda: maps(table, build),
        "tasks": lambda: tasks(table, build),
        "transports": lambda: transports(table, build),
        "scans": lambda: scans(table, build),
        "reductions": lambda: reductions(table, build),
        "blas": lambda: blas(table, build),
        "dot": lambda: dot(table, build),
        "gemm": lambda: gemm(table, build, arguments.mpirun),
        "numpy": lambda: numpy(table, build),
        "sort": lambda: sort(table, build),
        "grids": lambda: grids(table, build),
        "etl": lambda: etl(table, build),
        "teams": lambda: teams(table, build, arguments.gib, arguments.rounds, arguments.mpirun),
    }
    for name, part in parts.items():
        if arguments.only in ("", name):
            part()
    print(table.text())


main()
