"""The peer in Python: pymodbus on asyncio with simple-pid, one connection a port.

pymodbus_loops.py each|scan|read UNITS REGISTERS PERIOD_MS PORT...
  each  every connection on its own; for each loop: read, PID, write, read back
  scan  read everything, decide, write and read back everything
  read  read only; flat out when the period is 0
"""

import asyncio
import sys
import time

from pymodbus.client import AsyncModbusTcpClient
from simple_pid import PID


class Line:
    def __init__(self, client, units, registers):
        self.client = client
        self.registers = registers
        pid = lambda: PID(-50.0, -0.5, 0.0, setpoint=28.01, output_limits=(-30.0, 50.0), sample_time=None)
        self.loops = {unit: pid() for unit in range(1, units + 1)}
        self.inlet = {}

    async def sense(self, unit):
        reply = await self.client.read_input_registers(0, count=1, device_id=unit)
        self.inlet[unit] = reply.registers[0] * 0.01

    async def act(self, unit):
        word = round((50.0 + self.loops[unit](self.inlet[unit])) * 10.0)
        await self.client.write_register(0, word, device_id=unit)
        back = await self.client.read_holding_registers(0, count=1, device_id=unit)
        assert back.registers[0] == word

    async def sense_all(self):
        for unit in self.loops:
            await self.sense(unit)

    async def act_all(self):
        for unit in self.loops:
            await self.act(unit)

    async def each_all(self):
        for unit in self.loops:
            await self.sense(unit)
            await self.act(unit)

    async def read_all(self):
        for unit in self.loops:
            reply = await self.client.read_input_registers(0, count=self.registers, device_id=unit)
            self.values = [word * 0.1 for word in reply.registers]


async def paced(period, work):
    due = time.monotonic()
    while True:
        await work()
        if period:
            due += period
            late = time.monotonic() - due
            if late > 0:
                due += late // period * period  # missed periods are gone
            await asyncio.sleep(max(0.0, due - time.monotonic()))


async def main():
    mode, units, registers, period = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]) / 1000
    lines = []
    for port in sys.argv[5:]:
        client = AsyncModbusTcpClient("127.0.0.1", port=int(port))
        assert await client.connect()
        lines.append(Line(client, units, registers))

    async def scan():
        await asyncio.gather(*(line.sense_all() for line in lines))
        await asyncio.gather(*(line.act_all() for line in lines))

    if mode == "scan":
        await paced(period, scan)
    elif mode == "each":
        await asyncio.gather(*(paced(period, line.each_all) for line in lines))
    else:
        await asyncio.gather(*(paced(period, line.read_all) for line in lines))


asyncio.run(main())
