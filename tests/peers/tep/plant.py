#!/usr/bin/env python3
"""The Tennessee Eastman process in closed loop: a Modbus TCP server that runs faster than real time, or a file of samples.

The process and its controllers are PyPI `tep-studio`. This file only steps them, offers 41 measurements and 12 valve
positions as holding registers, and says on stdout as JSON lines what happened and when. Nothing can be written to it.

Registers, unit 1, zero-based; a read across a gap is refused with exception 2:
  0, 2 .. 80      XMEAS(1) .. XMEAS(41), float32 cdab (low word first)
  100, 102 .. 122 XMV(1) .. XMV(12), float32 abcd
  9000 .. 9009    truth, for tests and never for models: process seconds (float64), shut down, shutdown code,
                  disturbances (uint32, bit k-1 = idv k), steps (uint32), high word first
"""

import argparse
import asyncio
import json
import math
import os
import pickle
import signal
import struct
import sys
import time
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tep_studio import TEP_SCHEMA, TennesseeEastmanProcess
from tep_studio.control.controller import RickerMultiLoopController
from tep_studio.simulation.modes import mode_setpoints

STEP_H, STEP_S = 0.0005, 1.8  # step of the controllers and of the integration
XMEAS_AT, XMV_AT, TRUTH_AT = 0, 100, 9000
EPOCH_US = 1_735_689_600_000_000  # 2025-01-01T00:00Z is process time 0 in a dump
CACHE = Path(__file__).resolve().parents[3] / ".scratch" / "tep"
NAMES = [n.lower().removesuffix("_meas") for role in ("measurements", "manipulated_variables") for n in TEP_SCHEMA.names(role)]


def parse_idv(text):
    """'4@93600,14@97200-100800' -> [(4, 93600.0, inf), (14, 97200.0, 100800.0)], in process seconds."""
    plan = []
    for part in filter(None, (text or "").split(",")):
        number, _, span = part.partition("@")
        on, _, off = span.partition("-")
        if not 1 <= int(number) <= 28:
            raise argparse.ArgumentTypeError(f"disturbance {number} is not one of 1 to 28")
        plan.append((int(number), float(on or 0), float(off) if off else math.inf))
    return plan


class Plant:
    """Process and controllers, one step of 1.8 process seconds at a time. Equal seeds give equal values at any speed."""

    def __init__(self, seed=1, mode=1, idv=()):
        self.idv = list(idv)
        self.process = TennesseeEastmanProcess()
        self.control = RickerMultiLoopController(setpoints=mode_setpoints(f"mode{mode}"), enable_overrides=True)
        # The noise comes from a multiplicative generator modulo 2^32, which is poor for small and for even seeds.
        spread = (seed * 2654435761 + 12345) % 2**32 | 1
        self.xmeas, _ = self.process.reset(mode=f"mode{mode}", seed=float(spread))
        self.control.reset(self.xmeas, time=0.0)
        self.xmv = self.process.state[38:50].copy()
        self.steps = self.word = self.code = 0
        self.message = ""

    @property
    def seconds(self):
        return self.steps * STEP_S

    @property
    def values(self):
        return np.concatenate([self.xmeas, self.xmv])

    def step(self):
        """After a shutdown the values stay and only time goes on."""
        active = [k for k, on, off in self.idv if on <= self.seconds < off]
        self.word = sum(1 << (k - 1) for k in active)
        self.steps += 1
        if self.code:
            return
        disturbances = np.zeros(28)
        disturbances[[k - 1 for k in active]] = 1.0
        action, _ = self.control.compute_action(self.xmeas, time=self.process.time)
        result = self.process.advance(action, control_interval=STEP_H, disturbances=disturbances)
        self.xmeas, self.xmv = result.measurements, result.implemented_action
        if result.shutdown_status["terminated"]:
            self.code, self.message = int(result.shutdown_status["code"]), result.shutdown_status["message"]

    def run_to(self, seconds):
        """Stops at the last step that is not later than `seconds`: what a poll at that moment reads."""
        while self.seconds + STEP_S <= seconds + 1e-6:
            self.step()

    def save(self, path):
        state = {k: v for k, v in vars(self).items() if k not in ("process", "idv")}
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_bytes(pickle.dumps((state, self.process.snapshot())))
        part.replace(path)

    def load(self, path):
        state, snapshot = pickle.loads(path.read_bytes())
        vars(self).update(state)
        self.process.restore(snapshot)


def settled(seed, mode, skip_h, idv=(), cache=CACHE):
    """A plant that has run `skip_h` hours. The controllers need 24 h to find their balance, which costs seconds of CPU:
    the result is kept, unless a disturbance falls into that time."""
    plant = Plant(seed, mode, idv)
    kept = cache and cache / f"settled-{version('tep-studio')}-mode{mode}-seed{seed}-{skip_h:g}h.pickle"
    usable = kept and skip_h > 0 and all(on >= skip_h * 3600 for _, on, _ in plant.idv)
    if usable and kept.exists():
        plant.load(kept)
        return plant
    plant.run_to(skip_h * 3600)
    if usable:
        plant.save(kept)
    return plant


def poll(plant, until_h, every_s=60.0, late_s=0.0, miss=0.0, rng=None):
    """Rows as a poll each `every_s` process seconds sees them, from now to `until_h` or the shutdown:
    (process seconds of the polls, values [rows, 53], disturbance words). With `rng` polls are up to `late_s` late, less than
    `every_s`, and after a share of `miss` of them one to three are missed."""
    times, rows, words = [], [], []
    due = math.ceil(plant.seconds / every_s - 1e-9) * every_s
    while due <= until_h * 3600 and not plant.code:
        at = due + (rng.uniform(0, late_s) if rng else 0.0)
        plant.run_to(at)
        times.append(at)
        rows.append(plant.values)
        words.append(plant.word)
        due += every_s * (1 + (rng.integers(1, 4) if rng and rng.random() < miss else 0))
    return np.array(times), np.array(rows), np.array(words, dtype=np.int64)


def say(event, plant, **more):
    wall = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    print(json.dumps({"event": event, "wall": wall, "process_s": round(plant.seconds, 1), **more}), flush=True)


def dump(a):
    """Columns arrival_us and one per tag. Arrival times are divided by --speed, so that the file fits a bundle for that speed."""
    import pandas as pd

    plant = settled(a.seed, a.mode, a.skip, a.idv, a.cache)
    times, rows, words = poll(plant, a.hours, a.every, a.late, a.miss, np.random.default_rng(a.seed))
    table = pd.DataFrame(rows, columns=NAMES)
    table.insert(0, "arrival_us", EPOCH_US + (times / a.speed * 1e6).round().astype("int64"))
    if a.dump.suffix == ".parquet":
        table.to_parquet(a.dump, index=False)
    else:
        table.to_csv(a.dump, index=False, float_format="%.9g")
    onsets = [{"idv": k, "on_s": on, "off_s": None if math.isinf(off) else off} for k, on, off in a.idv]
    say("dumped", plant, file=str(a.dump), rows=len(table), speed=a.speed, idv=onsets, shutdown=plant.message)


class Server:
    def __init__(self, plant):
        self.plant = plant

    async def start(self, port):
        from pymodbus.server import ModbusTcpServer
        from pymodbus.simulator import DataType, SimData, SimDevice

        blocks = ((XMEAS_AT, 82), (XMV_AT, 24), (TRUTH_AT, 10))
        data = [SimData(at, values=[0] * n, datatype=DataType.REGISTERS, readonly=True) for at, n in blocks]
        self.modbus = ModbusTcpServer(SimDevice(id=1, simdata=data), address=("127.0.0.1", port))
        await self.modbus.serve_forever(background=True)
        # The server answers from this list; there is no public way to change a read-only register.
        self.registers = self.modbus.context.devices[1].block["x"][2]
        self.publish()
        return self.modbus.transport.sockets[0].getsockname()[1]

    def publish(self):
        p = self.plant
        words = struct.unpack(">106H", struct.pack(">53f", *p.values))
        low_first = [w for i in range(0, 82, 2) for w in (words[i + 1], words[i])]
        self.registers[XMEAS_AT : XMEAS_AT + 82] = low_first
        self.registers[XMV_AT : XMV_AT + 24] = words[82:]
        truth = struct.pack(">dHHII", p.seconds, bool(p.code), p.code & 0xFFFF, p.word, p.steps)
        self.registers[TRUTH_AT : TRUTH_AT + 10] = struct.unpack(">10H", truth)


async def serve(a):
    plant = settled(a.seed, a.mode, a.skip, a.idv, a.cache)
    server = Server(plant)
    port = await server.start(a.port)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    say("ready", plant, port=port, seed=a.seed, mode=a.mode, speed=a.speed, hours=a.hours)
    wall, at = time.monotonic(), plant.seconds  # this wall time is this process time
    tick = wall
    while plant.seconds + STEP_S <= a.hours * 3600 and not stop.is_set():
        now = time.monotonic()
        due = min(at + (now - wall) * a.speed, a.hours * 3600)
        if due - plant.seconds > 2 * a.speed:  # two wall seconds behind: the machine is too slow, give the time up
            say("late", plant, lost_s=round(due - plant.seconds, 1))
            wall, at = now, plant.seconds
            due = at
        advance(plant, due)
        server.publish()
        if now >= tick:
            say("tick", plant)
            tick = now + 10.0
        await asyncio.sleep(0.02)
    say("end", plant, shutdown=plant.message)
    await server.modbus.shutdown()


def advance(plant, due):
    """Runs to `due` and says when a disturbance came or went and when the plant shut down."""
    while plant.seconds + STEP_S <= due + 1e-6:
        before, code, at = plant.word, plant.code, round(plant.seconds, 1)
        plant.step()
        for k in range(1, 29):
            bit = 1 << (k - 1)
            if (before ^ plant.word) & bit:
                say("idv_on" if plant.word & bit else "idv_off", plant, idv=k, at_s=at)
        if plant.code != code:
            say("shutdown", plant, code=plant.code, message=plant.message)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--port", type=int, default=0, help="loopback port; 0 picks one and `ready` names it")
    ap.add_argument("--speed", type=float, default=1.0, help="process seconds in a wall second (default 1)")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--mode", type=int, default=1, choices=range(1, 7))
    ap.add_argument("--skip", type=float, default=24.0, help="process hours before the first value is shown (default 24)")
    ap.add_argument("--hours", type=float, default=48.0, help="process hours, --skip included, until it stops (default 48)")
    ap.add_argument("--idv", type=parse_idv, default=[], metavar="K@FROM[-TO],...", help="disturbances, in process seconds")
    ap.add_argument("--every", type=float, default=60.0, help="with --dump: process seconds between rows (default 60)")
    ap.add_argument("--late", type=float, default=0.0, help="with --dump: rows are up to so many process seconds late, less than --every")
    ap.add_argument("--miss", type=float, default=0.0, help="with --dump: after this share of the rows one to three are missing")
    ap.add_argument("--dump", type=Path, metavar="FILE", help="no server: write FILE.parquet or FILE.csv and stop")
    ap.add_argument("--cache", type=Path, default=CACHE, help="where settled plants are kept (default .scratch/tep)")
    a = ap.parse_args()
    if a.dump:
        dump(a)
    else:
        asyncio.run(serve(a))


if __name__ == "__main__":
    sys.exit(main())
