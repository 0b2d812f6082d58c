"""Memory of processes over hours, for soak.sh: `watch` samples it, `round` prints what a round of calls was, `report` sums up."""

import json
import sys
import time

EVERY_SECONDS = 10
# What a process fills once (caches, pools, the allocator's arenas) is no leak: the slope begins after this share of the run.
WARM_UP = 0.25


def pss_kb(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))


def watch(path, *processes):
    pids = dict(process.split("=") for process in processes)
    with open(path, "a", encoding="ascii") as file:
        while True:
            row = [time.time(), *(pss_kb(pid) for pid in pids.values())]
            if file.tell() == 0:
                print("time", *pids, sep=",", file=file)
            print(*row, sep=",", file=file, flush=True)
            time.sleep(EVERY_SECONDS)


def show_round():
    for line in sys.stdin:
        found = json.loads(line)
        print(time.strftime("%H:%M:%S"), ", ".join(f"{key} {value}" for key, value in found.items() if not isinstance(value, (list, dict))), flush=True)


def slope(points):
    """Least squares, in units of y for each unit of x."""
    n = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def report(memory, rounds):
    with open(memory, encoding="ascii") as file:
        names = file.readline().strip().split(",")[1:]
        rows = [[float(cell) for cell in line.split(",")] for line in file]
    with open(rounds, encoding="utf-8") as file:
        rounds = [json.loads(line) for line in file]
    start, seconds = rows[0][0], rows[-1][0] - rows[0][0]
    warm = [row for row in rows if row[0] - start >= WARM_UP * seconds]
    print(f"{seconds / 3600:.2f} h, {len(rounds)} rounds, {sum(found['n_calls'] for found in rounds)} calls, "
          f"{sum(found['n_failed'] for found in rounds)} failed")
    for column, name in enumerate(names, start=1):
        mb = slope([((row[0] - start) / 3600, row[column] / 1024) for row in warm])
        print(f"{name}: {rows[0][column] / 1024:.1f} MB before the first call, {warm[0][column] / 1024:.1f} MB after the warm-up, "
              f"{max(row[column] for row in rows) / 1024:.1f} MB at most, slope {mb:+.2f} MB/h")


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    {"watch": watch, "round": show_round, "report": report}[command](*rest)
