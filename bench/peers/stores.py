"""What a plant would store samples in today, for `cargo xtask bench store`: SQLite rows, Parquet files, InfluxDB.

    stores.py sqlite|parquet|influx ingest|week PLANT DIR

Each takes the samples of a plant file (crates/store/examples/bench/plant.rs says how it is laid out) and ends with one line of
JSON. `ingest` makes every second durable, as the store of an edge must. `week` loads in bulk and times three questions. Where Python would weigh (making rows and lines, fetching results), its
work is done before the clock runs, or the question is asked so that the engine answers with few rows: kind to the peers.
"""

import http.client
import json
import os
import pathlib
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.parse

import numpy as np

DAY = 86_400_000
TEN_MINUTES = 600_000


class Plant:
    """A plant file; seconds come as (arrival of each group in ms, value of each tag)."""

    def __init__(self, path):
        head = np.fromfile(path, dtype="<u4", count=6, offset=8)
        self.groups, self.width, self.seconds = (int(n) for n in head[:3])
        self.tags = self.groups * self.width
        self.start = int(np.fromfile(path, dtype="<i8", count=1, offset=24)[0])
        at = 32 + 8 * self.tags
        self.kinds = np.fromfile(path, dtype="u1", count=self.tags, offset=at)
        at += -(-self.tags // 8) * 8
        second = np.dtype([("times", "<i8", self.groups), ("values", "<f8", self.tags)])
        self.data = np.memmap(path, dtype=second, mode="r", offset=at, shape=self.seconds)
        self.end = self.start + self.seconds * 1000

    def second(self, number):
        return np.repeat(self.data[number]["times"], self.width), self.data[number]["values"]


def written(pid="self"):
    for line in open(f"/proc/{pid}/io"):
        if line.startswith("write_bytes:"):
            return int(line.split()[1])


def cpu(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def rss(pid="self"):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000


def size(folder):
    return sum(file.stat().st_size for file in pathlib.Path(folder).rglob("*") if file.is_file())


def millis_of(run, runs=21):
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        run()
        times.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(times)


def figures(samples, took, used, wrote, stored, memory):
    return {
        "samples": samples,
        "per_second": samples / took,
        "per_cpu_second": samples / max(used, 1e-9),
        "written": wrote / samples,
        "stored": stored / samples,
        "rss_mb": memory,
    }


class Sqlite:
    """A row per sample, clustered by (tag, time); WAL, every commit synced."""

    def __init__(self, folder):
        self.folder = folder
        self.db = sqlite3.connect(os.path.join(folder, "samples.db"), isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute(
            "CREATE TABLE sample (tag INTEGER, t INTEGER, v, q INTEGER, PRIMARY KEY (tag, t)) WITHOUT ROWID"
        )

    def rows(self, plant, seconds):
        for number in seconds:
            times, values = plant.second(number)
            for tag, (t, v) in enumerate(zip(times.tolist(), values.tolist())):
                yield (tag, t, None if v != v else v, int(v != v))

    def commit(self, rows):
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("INSERT INTO sample VALUES (?, ?, ?, ?)", rows)
        self.db.execute("COMMIT")

    def ingest(self, plant):
        took = used = 0.0
        before = written()
        for number in range(plant.seconds):
            rows = list(self.rows(plant, [number]))
            wall, processor = time.perf_counter(), time.process_time()
            self.commit(rows)
            took += time.perf_counter() - wall
            used += time.process_time() - processor
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        samples = plant.seconds * plant.tags
        return figures(samples, took, used, written() - before, size(self.folder), rss())

    def load(self, plant):
        for start in range(0, plant.seconds, 3600):
            self.commit(self.rows(plant, range(start, min(start + 3600, plant.seconds))))
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.execute("ANALYZE")

    def trend(self, plant, millis):
        start = max(plant.end - millis, plant.start)
        width = max((plant.end - start) // 1000, 1)
        question = "SELECT (t - ?) / ? AS b, min(v), max(v), avg(v) FROM sample WHERE tag = 0 AND t >= ? AND t < ? GROUP BY b"
        return lambda: self.db.execute(question, (start, width, start, plant.end)).fetchall()

    def ten_minutes(self, plant):
        marks = ",".join("?" * 16)
        question = f"SELECT tag, count(*), sum(v) FROM sample WHERE tag IN ({marks}) AND t >= ? AND t < ? GROUP BY tag"
        values = (*range(16), plant.end - TEN_MINUTES, plant.end)
        return lambda: self.db.execute(question, values).fetchall()


class Parquet:
    """One synced file a second, every minute made one file (in bulk: one a day), sorted by tag and time; zstd, times as
    differences, values by dictionary."""

    def __init__(self, folder):
        import pyarrow
        import pyarrow.dataset
        import pyarrow.parquet

        self.folder, self.arrow, self.parquet, self.dataset = folder, pyarrow, pyarrow.parquet, pyarrow.dataset

    def table(self, plant, start, end):
        part = plant.data[start:end]
        times = np.repeat(part["times"], plant.width, axis=1).T.ravel()
        values = part["values"].T.ravel()
        tags = np.repeat(np.arange(plant.tags, dtype=np.int32), end - start)
        quality = np.isnan(values).astype(np.int16)
        return self.arrow.table({"tag": tags, "t": times, "v": values, "q": quality})

    def write(self, table, name, rows):
        path = os.path.join(self.folder, name)
        self.parquet.write_table(
            table,
            path,
            compression="zstd",
            row_group_size=rows,
            use_dictionary=["tag", "v", "q"],
            column_encoding={"t": "DELTA_BINARY_PACKED"},
        )
        file = os.open(path, os.O_RDWR)
        os.fsync(file)
        os.close(file)

    def ingest(self, plant):
        took = used = 0.0
        before = written()
        for second in range(plant.seconds):
            wall, processor = time.perf_counter(), time.process_time()
            self.write(self.table(plant, second, second + 1), f"{second:06}.second.parquet", 1 << 20)
            if second % 60 == 59 or second + 1 == plant.seconds:
                start = second - second % 60
                self.write(self.table(plant, start, second + 1), f"{start:06}.parquet", 1 << 20)
                for old in range(start, second + 1):
                    os.remove(os.path.join(self.folder, f"{old:06}.second.parquet"))
            took += time.perf_counter() - wall
            used += time.process_time() - processor
        samples = plant.seconds * plant.tags
        return figures(samples, took, used, written() - before, size(self.folder), rss())

    def load(self, plant):
        for start in range(0, plant.seconds, 86_400):
            end = min(start + 86_400, plant.seconds)
            self.write(self.table(plant, start, end), f"{start:06}.parquet", end - start)
        self.set = self.dataset.dataset(self.folder)

    def read(self, tags, start, end):
        field = self.dataset.field
        wanted = (field("t") >= start) & (field("t") < end)
        wanted &= field("tag").isin(tags) if len(tags) > 1 else field("tag") == tags[0]
        return self.set.to_table(columns=["t", "v"], filter=wanted)

    def trend(self, plant, millis):
        start = max(plant.end - millis, plant.start)
        width = max((plant.end - start) // 1000, 1)

        def run():
            table = self.read([0], start, plant.end)
            times, values = table["t"].to_numpy(), table["v"].to_numpy()
            order = np.argsort(times, kind="stable")
            times, values = times[order], values[order]
            buckets = (times - start) // width
            edges = np.flatnonzero(np.diff(buckets, prepend=-1))
            return np.fmin.reduceat(values, edges), np.fmax.reduceat(values, edges)

        return run

    def ten_minutes(self, plant):
        tags = list(range(16))
        return lambda: self.read(tags, plant.end - TEN_MINUTES, plant.end).num_rows


class Influx:
    """Debian's InfluxDB, one point per sample over HTTP, its write-ahead log synced at every request."""

    def __init__(self, folder):
        self.folder = folder
        ports = []
        for _ in range(2):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                ports.append(free.getsockname()[1])
        config = os.path.join(folder, "influxdb.conf")
        with open(config, "w") as file:
            file.write(
                f"""reporting-disabled = true
bind-address = "127.0.0.1:{ports[0]}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
query-log-enabled = false
cache-snapshot-write-cold-duration = "2s"
compact-full-write-cold-duration = "2s"
[http]
bind-address = "127.0.0.1:{ports[1]}"
log-enabled = false
[monitor]
store-enabled = false
"""
            )
        self.log = open(os.path.join(folder, "influxdb.log"), "w")
        self.server = subprocess.Popen(["influxd", "run", "-config", config], stdout=self.log, stderr=self.log)
        self.http = http.client.HTTPConnection("127.0.0.1", ports[1], timeout=120)
        for _ in range(300):
            try:
                self.ask("CREATE DATABASE plant")
                return
            except (ConnectionError, http.client.HTTPException):
                self.http.close()
                time.sleep(0.1)
        raise RuntimeError("influxd did not start")

    def request(self, method, path, body=None):
        self.http.request(method, path, body)
        answer = self.http.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"influxd answered {answer.status}: {text[:200]!r}")
        return text

    def ask(self, question):
        found = json.loads(self.request("POST", "/query?" + urllib.parse.urlencode({"db": "plant", "q": question, "epoch": "ms"})))
        if "error" in json.dumps(found):
            raise RuntimeError(f"influxd: {found}")
        return found

    def lines(self, plant, seconds):
        kinds = plant.kinds.tolist()
        lines = []
        for number in seconds:
            times, values = plant.second(number)
            for tag, (t, v) in enumerate(zip(times.tolist(), values.tolist())):
                if v != v:
                    continue
                kind = kinds[tag]
                if kind < 2:
                    lines.append(f"s,id={tag} v={v!r} {t}")
                elif kind == 2:
                    lines.append(f"s,id={tag} b={'t' if v else 'f'} {t}")
                elif kind == 3:
                    lines.append(f"s,id={tag} n={int(v)}i {t}")
                else:
                    lines.append(f's,id={tag} x="step {int(v)}" {t}')
        return "\n".join(lines).encode()

    def write(self, lines):
        self.request("POST", "/write?db=plant&precision=ms", lines)

    def settle(self):
        """Waits until it has nothing more to compact."""
        last, since = -1, time.monotonic()
        while time.monotonic() - since < 60:
            now = size(os.path.join(self.folder, "data")) + size(os.path.join(self.folder, "wal"))
            if now == last:
                return now
            last = now
            time.sleep(4)
        return last

    def ingest(self, plant):
        pid = self.server.pid
        took = 0.0
        before, processor = written(pid), cpu(pid)
        for number in range(plant.seconds):
            lines = self.lines(plant, [number])
            wall = time.perf_counter()
            self.write(lines)
            took += time.perf_counter() - wall
        stored = self.settle()
        samples = plant.seconds * plant.tags
        return figures(samples, took, cpu(pid) - processor, written(pid) - before, stored, rss(pid))

    def load(self, plant):
        for start in range(0, plant.seconds, 600):
            self.write(self.lines(plant, range(start, min(start + 600, plant.seconds))))
        self.settle()

    def trend(self, plant, millis):
        start = max(plant.end - millis, plant.start)
        width = max((plant.end - start) // 1000, 1)
        question = f"SELECT min(v), max(v), mean(v) FROM s WHERE id = '0' AND time >= {start}ms AND time < {plant.end}ms GROUP BY time({width}ms)"
        return lambda: self.ask(question)

    def ten_minutes(self, plant):
        tags = " OR ".join(f"id = '{tag}'" for tag in range(16))
        question = f"SELECT count(v), sum(v), count(n), count(b) FROM s WHERE ({tags}) AND time >= {plant.end - TEN_MINUTES}ms AND time < {plant.end}ms GROUP BY id"
        return lambda: self.ask(question)

    def close(self):
        self.http.close()
        self.server.terminate()
        self.server.wait(30)
        self.log.close()


def main():
    name, what, path, folder = sys.argv[1:]
    plant = Plant(path)
    engine = {"sqlite": Sqlite, "parquet": Parquet, "influx": Influx}[name](folder)
    try:
        if what == "ingest":
            found = engine.ingest(plant)
        else:
            engine.load(plant)
            samples = plant.seconds * plant.tags
            found = {
                "stored": size(folder) / samples,
                "week_ms": millis_of(engine.trend(plant, 7 * DAY)),
                "day_ms": millis_of(engine.trend(plant, DAY)),
                "ten_ms": millis_of(engine.ten_minutes(plant)),
            }
    finally:
        if hasattr(engine, "close"):
            engine.close()
    print(json.dumps(found))


main()
