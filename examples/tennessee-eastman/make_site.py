#!/usr/bin/env python3
"""Writes site.toml for the process that tests/peers/tep/plant.py serves, with the monitor of train.py deployed.

  make_site.py --port 15020 --speed 120 --bundle tep-monitor-1.0.0.tar > site.toml
"""

import argparse
import sys
import tomllib
from pathlib import Path

import process

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import bundle_writer as bundle  # noqa: E402


def scan_period(speed):
    """Two scans for each row of the window, if that is a second or less: 100 ms at speed 300, 250 ms at 120."""
    return min(1.0, 60 / speed / 2)


def site(port, speed, tar, contract, host="127.0.0.1"):
    text = tomllib.loads((process.HERE / "site.template.toml").read_text(encoding="utf-8"))
    normal = {b["signal"]: [b["low"], b["high"]] for b in contract["baseline"]} if contract else {}
    device = text["device"][0]
    device.update(url=f"modbus-tcp://{host}:{port}/1", period=bundle.span(scan_period(speed)))
    name = {row["signal"]: f"tep/{row['place']}/{row['signal']}" for row in process.tags()}
    text["tag"] = [
        {
            "name": name[row["signal"]],
            "label": f"{row['title']}, {row['number']}",
            "device": device["name"],
            "address": row["address"],
            "unit": row["unit"],
            "range": [float(row["low"]), float(row["high"])],
            "normal": normal.get(row["signal"]),
        }
        for row in process.tags()
    ]
    mapping = {row["signal"]: name[row["signal"]] for row in process.signals()[0]}
    text["deployment"] = [{"name": "tep-monitor", "place": "tep", "bundle": tar, "mode": "advise", "map": mapping}]
    return text


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--port", type=int, required=True, help="the port that `ready` of plant.py names")
    ap.add_argument("--speed", type=float, default=120, help="as given to plant.py and train.py (default 120)")
    ap.add_argument("--bundle", required=True, help="the packed bundle, as site.toml shall name it")
    ap.add_argument("--contract", type=Path, default=process.SCRATCH / "bundle" / "contract.toml", help="for the normal bands")
    a = ap.parse_args()
    contract = tomllib.loads(a.contract.read_text(encoding="utf-8")) if a.contract.exists() else None
    sys.stdout.write(bundle.toml(site(a.port, a.speed, a.bundle, contract)))


if __name__ == "__main__":
    main()
