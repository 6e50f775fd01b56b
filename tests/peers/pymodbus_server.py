"""A Modbus server by pymodbus. Arguments: framing (socket or rtu), then lines on stdin: `table address word`.
Prints its port, serves until stdin ends or it is killed."""
import asyncio
import sys

from pymodbus import FramerType
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import ModbusTcpServer


def blocks():
    tables = {name: [0] * 400 for name in ("coil", "discrete", "input", "holding")}
    for line in sys.stdin:
        if line.strip() == "serve":
            break
        table, address, word = line.split()
        tables[table][int(address)] = int(word)
    return {name: ModbusSequentialDataBlock(1, words) for name, words in tables.items()}


async def main():
    b = blocks()
    device = ModbusDeviceContext(di=b["discrete"], co=b["coil"], hr=b["holding"], ir=b["input"])
    framer = FramerType.RTU if sys.argv[1] == "rtu" else FramerType.SOCKET
    server = ModbusTcpServer(ModbusServerContext(devices=device, single=True), framer=framer, address=("127.0.0.1", 0))
    await server.listen()
    print(server.transport.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
