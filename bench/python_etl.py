"""python_etl.py IN OUT [--workers N] [--pass path|samples] [--noise SD] - what drivers/etl does, as it
is done with numpy, scipy and multiprocessing: 16-bit WAV files of a folder are read, normal noise is
added, and they are written into another, by a pool whose imap_unordered is given paths, or samples.
Prints one JSON object: seconds (of the work; the pool is there before), files, bytes."""
import argparse
import json
import os
import sys
import time
from multiprocessing import Pool

try:
    import numpy as np
    from scipy.io import wavfile
except ImportError:
    print("skipped: no scipy (python3-scipy)")
    sys.exit(77)


def noisy(samples, number, sd):
    noise = np.random.default_rng([0, number]).standard_normal(len(samples), dtype=np.float32)
    noise *= np.float32(sd * 32768)
    noise += samples
    np.rint(noise, out=noise)
    np.clip(noise, -32768, 32767, out=noise)
    return noise.astype(np.int16)


def write(path, rate, samples):
    """Whole or not at all."""
    wavfile.write(path + ".part", rate, samples)
    os.rename(path + ".part", path)


def by_path(item):
    number, source, target, sd = item
    rate, samples = wavfile.read(source)
    write(target, rate, noisy(samples, number, sd))
    return len(samples)


def by_samples(item):
    number, rate, samples, target, sd = item
    return target, rate, noisy(samples, number, sd)


def items_with_samples(items):
    for number, source, target, sd in items:
        rate, samples = wavfile.read(source)
        yield number, rate, samples, target, sd


def process(pool, items, passed):
    if passed == "path":
        return sum(pool.imap_unordered(by_path, items))
    count = 0
    for target, rate, samples in pool.imap_unordered(by_samples, items_with_samples(items)):
        write(target, rate, samples)
        count += len(samples)
    return count


def nothing(_):
    time.sleep(0.01)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pass", dest="passed", choices=("path", "samples"), default="path")
    parser.add_argument("--noise", type=float, default=0.01)
    args = parser.parse_args()
    os.makedirs(args.target, exist_ok=True)
    names = sorted(os.listdir(args.source))
    items = [(i, os.path.join(args.source, name), os.path.join(args.target, name), args.noise)
             for i, name in enumerate(names)]
    with Pool(args.workers) as pool:
        pool.map(nothing, range(args.workers))
        began = time.perf_counter()
        samples = process(pool, items, args.passed)
        seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "files": len(names), "samples": samples}))


if __name__ == "__main__":
    main()
