"""A Modbus client that nobody here wrote (pymodbus) puts a server of ours to the test.

    client.py tcp|rtu-tcp PORT

Prints one JSON line `{"passed": N, "failed": [what]}`. Expects the image that `crates/expose/tests/it` makes.
"""

import json
import sys

from pymodbus import FramerType
from pymodbus.client import ModbusTcpClient
from pymodbus.pdu.diag_message import ReturnQueryDataRequest

passed, failed = 0, []


def check(what, got, expected):
    global passed
    if got == expected:
        passed += 1
    else:
        failed.append(f"{what}: {got} instead of {expected}")


def refusal(answer):
    return answer.exception_code if answer.isError() else None


framer = {"tcp": FramerType.SOCKET, "rtu-tcp": FramerType.RTU}[sys.argv[1]]
client = ModbusTcpClient("127.0.0.1", port=int(sys.argv[2]), framer=framer, timeout=5, retries=0)
client.connect()
unit = {"device_id": 1}
check("FC3", client.read_holding_registers(3, count=4, **unit).registers, [3, 4, 5, 6])
check("FC4", client.read_input_registers(0, count=2, **unit).registers, [1000, 1001])
check("FC1", client.read_coils(0, count=9, **unit).bits[:9], [k % 2 == 0 for k in range(9)])
check("FC2", client.read_discrete_inputs(2, count=3, **unit).bits[:3], [False, True, False])
check("FC6", client.write_register(50, 1234, **unit).isError(), False)
check("FC16", client.write_registers(51, [1, 2, 3], **unit).isError(), False)
check("FC3 after", client.read_holding_registers(50, count=4, **unit).registers, [1234, 1, 2, 3])
check("FC22", client.mask_write_register(address=50, and_mask=0xFF00, or_mask=0x0055, **unit).isError(), False)
check("FC22 after", client.read_holding_registers(50, count=1, **unit).registers, [0x0455])
both = client.readwrite_registers(read_address=50, read_count=2, write_address=51, values=[77], **unit)
check("FC23", both.registers, [0x0455, 77])
check("FC5", client.write_coil(10, False, **unit).isError(), False)
check("FC15", client.write_coils(11, [True, False, True], **unit).isError(), False)
check("FC1 after", client.read_coils(10, count=4, **unit).bits[:4], [False, True, False, True])
check("not mapped", refusal(client.read_holding_registers(99, count=2, **unit)), 2)
check("not writable", refusal(client.write_register(3, 1, **unit)), 2)
check("unknown function", refusal(client.read_exception_status(**unit)), 1)
check("FC8", client.execute(False, ReturnQueryDataRequest(message=b"\x12\x34", dev_id=1)).isError(), False)
told = client.read_device_information(read_code=1, object_id=0, **unit).information
check("FC43", told, {0: b"lastmile", 1: b"TEST", 2: b"1.0"})
client.close()
print(json.dumps({"passed": passed, "failed": failed}), flush=True)
