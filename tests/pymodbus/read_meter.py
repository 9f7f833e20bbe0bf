"""The meter's service port as pymodbus sees it: identification, measurements, registers, exceptions.

Usage: read_meter.py PORT SERIAL CS1. Modbus RTU over TCP to this machine. Ends with an error at the first thing that is not as it should be.
"""

import struct
import sys

from pymodbus import FramerType
from pymodbus.client import ModbusTcpClient

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3

port, serial, cs1 = int(sys.argv[1]), sys.argv[2], int(sys.argv[3], 16)
# No request is repeated: each has its answer, or that is a fault.
meter = ModbusTcpClient("127.0.0.1", port=port, framer=FramerType.RTU, timeout=2, retries=0)
checks = 0


def expect(what, found, wanted):
    global checks
    checks += 1
    if found != wanted:
        sys.exit(f"{what}: {found!r} instead of {wanted!r}")


def words(answer):
    if answer.isError():
        sys.exit(f"an error instead of registers: {answer}")
    return answer.registers


def refused(what, answer, code):
    expect(f"{what} is an exception", answer.isError(), True)
    expect(what, answer.exception_code, code)


expect("connected", meter.connect(), True)

texts = meter.read_device_information(read_code=3, object_id=0).information
expect("vendor", texts[0x00], b"Meterbench")
expect("product", texts[0x01], b"OSM-M90E26")
expect("serial number", texts[0x80], serial.encode())
basic = meter.read_device_information(read_code=1, object_id=0).information
expect("basic objects", sorted(basic), [0, 1, 2])
single = meter.read_device_information(read_code=4, object_id=0x80).information
expect("one object", single, {0x80: serial.encode()})
refused("an object that is none", meter.read_device_information(read_code=4, object_id=0x70), ILLEGAL_ADDRESS)

identity = words(meter.read_input_registers(0x0000, count=35))
expect("mark", identity[0], 0x4D42)
expect("constant", meter.convert_from_registers(identity[30:32], meter.DATATYPE.UINT32), 1000)
snapshot = words(meter.read_input_registers(0x0100, count=68))
expect("metering", snapshot[5], 4)
microvolts = meter.convert_from_registers(snapshot[10:12], meter.DATATYPE.INT32)
expect("a voltage of some 230 V", 200e6 < microvolts < 260e6, True)
expect("a fresh voltage", snapshot[12] < 1000, True)
floats = words(meter.read_input_registers(0x0180, count=20))
volts = struct.unpack(">f", struct.pack(">HH", *floats[2:4]))[0]
expect("the same voltage as a float", abs(volts - microvolts / 1e6) < 1, True)
stack, unused, _ = words(meter.read_input_registers(0x0340, count=3))
expect("some of the stack is used, and some is not", 0 < unused < stack, True)

expect("CS1", words(meter.read_holding_registers(0x002C, count=1)), [cs1])
# Ugain and IgainL, as they are in the block.
expect("Ugain", words(meter.read_holding_registers(0x0031, count=2))[0], 0x71D8)
current, lsb = words(meter.read_holding_registers(0x01D0, count=2))
expect("Irms2 with its LSB, whose low byte is 0", lsb & 0xFF, 0)

refused("no register", meter.read_holding_registers(0x0090, count=1), ILLEGAL_ADDRESS)
refused("one that reading clears", meter.read_holding_registers(0x0040, count=1), ILLEGAL_ADDRESS)
refused("beyond a window", meter.read_input_registers(0x0142, count=10), ILLEGAL_ADDRESS)
refused("coils", meter.read_coils(0, count=1), ILLEGAL_FUNCTION)
refused("a locked write", meter.write_register(0x0031, 0x1234), ILLEGAL_FUNCTION)
refused("a locked write of several", meter.write_registers(0x0031, [0x1234, 0x1234]), ILLEGAL_FUNCTION)
refused("a wrong key", meter.write_register(0x0201, 1), ILLEGAL_VALUE)
refused("a write to what can be read only", meter.write_register(0x0049, 1), ILLEGAL_ADDRESS)

meter.write_register(0x0201, 0xCA1B)
refused("bit 15 of Ugain", meter.write_register(0x0031, 0x8000), ILLEGAL_VALUE)
expect("several written", meter.write_registers(0x0031, [0x1234, 0x2345]).isError(), False)
expect("and read back", words(meter.read_holding_registers(0x0031, count=2)), [0x1234, 0x2345])
pattern = [0x5555 ^ number for number in range(64)]
expect("echoes written", meter.write_registers(0x0240, pattern).isError(), False)
echoed = words(meter.read_holding_registers(0x0240, count=64))
expect("echoes inverted", [word ^ 0xFFFF for word in echoed], pattern)
meter.write_register(0x0201, 0)
refused("locked again", meter.write_register(0x0031, 0x1234), ILLEGAL_FUNCTION)
meter.close()
print(f"pymodbus: {checks} checks")
