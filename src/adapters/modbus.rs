//! The Modbus adapter: TCP, RTU over TCP, serial RTU.
