"""A Modbus master that nobody here wrote (pymodbus), which does what it is told.

    poke.py PORT COMMAND...

A command is `holding:FIRST:COUNT` or `input:FIRST:COUNT` to read, `set:REGISTER:WORD` to write one holding register. Talks to
unit 1 at 127.0.0.1:PORT and prints one JSON line: a list with one `{"words": [...]}` or `{"exception": CODE}` per command.
"""

import json
import sys

from pymodbus.client import ModbusTcpClient


def ask(client, command):
    what, first, second = command.split(":")
    first, second = int(first), int(second)
    if what == "set":
        answer = client.write_register(first, second, device_id=1)
    elif what == "input":
        answer = client.read_input_registers(first, count=second, device_id=1)
    else:
        answer = client.read_holding_registers(first, count=second, device_id=1)
    if answer.isError():
        return {"exception": answer.exception_code}
    return {"words": [second] if what == "set" else answer.registers}


def main():
    client = ModbusTcpClient("127.0.0.1", port=int(sys.argv[1]), timeout=10)
    if not client.connect():
        sys.exit("nobody listens")
    print(json.dumps([ask(client, command) for command in sys.argv[2:]]), flush=True)


main()
