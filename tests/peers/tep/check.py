#!/usr/bin/env python3
"""Checks the peer itself with a Modbus client: registers, word orders, gaps, refusals, events, repeatability, stop. Half a minute."""

import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from pymodbus.client import ModbusTcpClient

import plant

PROGRAM = Path(__file__).with_name("plant.py")


def start(*arguments):
    child = subprocess.Popen([sys.executable, PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    return child, json.loads(child.stdout.readline())


def registers(client, address, count):
    answer = client.read_holding_registers(address, count=count, device_id=1)
    return answer.exception_code if answer.isError() else answer.registers


def values(client):
    low_first = registers(client, 0, 82)
    words = [w for i in range(0, 82, 2) for w in (low_first[i + 1], low_first[i])] + registers(client, 100, 24)
    return struct.unpack(">53f", struct.pack(">106H", *words))


def truth(client):
    return struct.unpack(">dHHII", struct.pack(">10H", *registers(client, 9000, 10)))


def served():
    """A slow plant: what is read is what the same seed gives without a server, and the map has its gaps."""
    child, ready = start("--seed", 7, "--speed", 1, "--hours", 25)
    assert ready["event"] == "ready" and ready["process_s"] == 86400, ready
    client = ModbusTcpClient("127.0.0.1", port=ready["port"])
    assert client.connect()
    before, seen, after = truth(client)[0], values(client), truth(client)[0]
    same = plant.settled(7, 1, 24)
    possible = []
    while same.seconds <= after + 1:
        if same.seconds >= before - 1:
            possible.append(struct.unpack(">53f", struct.pack(">53f", *same.values)))
        same.step()
    assert seen in possible, "what is served is not what the seed gives"
    gaps = [registers(client, *at) for at in ((80, 4), (82, 1), (99, 2), (124, 1), (9009, 2))]
    assert gaps == [2] * 5, gaps
    assert client.write_register(0, 1, device_id=1).isError(), "a write was taken"
    client.close()
    child.terminate()
    assert child.wait(10) == 0 and json.loads(child.stdout.read().splitlines()[-1])["event"] == "end"


def events():
    """A fast plant with a disturbance that comes and goes."""
    child, _ = start("--seed", 7, "--speed", 3000, "--hours", 24.4, "--idv", "4@86700-87000")
    said = [json.loads(line) for line in child.stdout]
    assert child.wait(10) == 0
    switched = [(e["event"], e["idv"], e["at_s"]) for e in said if e["event"].startswith("idv")]
    assert switched == [("idv_on", 4, 86700.6), ("idv_off", 4, 87001.2)], switched
    assert said[-1]["event"] == "end", said[-1]


def dumped():
    """Equal seeds give equal files; times are divided by the speed."""
    import pandas as pd

    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("a.parquet", "b.csv")]
        for file, speed in zip(files, (1, 120)):
            arguments = ["--dump", file, "--seed", "7", "--hours", "24.5", "--speed", str(speed)]
            subprocess.run([sys.executable, PROGRAM, *arguments], check=True, stdout=subprocess.DEVNULL)
        slow, fast = pd.read_parquet(files[0]), pd.read_csv(files[1])
    assert list(slow.columns) == ["arrival_us", *plant.NAMES] and len(slow) == len(fast) == 31
    assert (slow[plant.NAMES] - fast[plant.NAMES]).abs().max().max() < 1e-5
    assert (slow.arrival_us.diff().iloc[1], fast.arrival_us.diff().iloc[1]) == (60_000_000, 500_000)


if __name__ == "__main__":
    for check in (served, events, dumped):
        check()
        print(f"{check.__name__}: ok", flush=True)
