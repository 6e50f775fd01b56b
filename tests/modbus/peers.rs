//! A server that somebody else wrote (pymodbus): every type in every byte order, read and written, over both framings.
//! Skipped with a note where the peer is missing, unless WLTEST_PEERS=required.

mod pymodbus {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Child, Command, Stdio};

    use super::super::rig::{Rig, devices, gateway, register, runtime, stamp, writable};
    use plant::command::WriteOutcome;
    use plant::device::{ByteOrder, Register, RegisterTable, RegisterType};
    use plant::time::Span;
    use wattloop::adapters::modbus::{Endpoint, Gateway, Look, Writes, probe};

    /// A running peer; killed when dropped.
    struct Peer {
        child: Child,
        url: String,
    }

    impl Drop for Peer {
        fn drop(&mut self) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }

    /// Starts pymodbus with `words` in its tables; nothing when it is not installed.
    fn peer(framing: &str, words: &[(RegisterTable, u16, u16)]) -> Option<Peer> {
        let here = |c: &mut Command| c.stderr(Stdio::null()).stdout(Stdio::null()).status().is_ok_and(|s| s.success());
        if !here(Command::new("python3").args(["-c", "import pymodbus.server"])) {
            assert_ne!(std::env::var("WLTEST_PEERS").as_deref(), Ok("required"), "pymodbus is required and missing");
            println!("skipped: python3 with pymodbus is not installed");
            return None;
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/pymodbus_server.py");
        let mut command = Command::new("python3");
        command.args([script, framing]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let mut input = child.stdin.take()?;
        for (table, address, word) in words {
            let table = match table {
                RegisterTable::Coil => "coil",
                RegisterTable::Discrete => "discrete",
                RegisterTable::Input => "input",
                RegisterTable::Holding => "holding",
            };
            writeln!(input, "{table} {address} {word}").ok()?;
        }
        writeln!(input, "serve").ok()?;
        input.flush().ok()?;
        let mut port = String::new();
        BufReader::new(child.stdout.take()?).read_line(&mut port).ok()?;
        // It serves until its standard input ends.
        child.stdin = Some(input);
        let scheme = if framing == "rtu" { "rtu+tcp" } else { "tcp" };
        Some(Peer { child, url: format!("{scheme}://127.0.0.1:{}", port.trim()) })
    }

    const ORDERS: [ByteOrder; 4] = [ByteOrder::Abcd, ByteOrder::Cdab, ByteOrder::Badc, ByteOrder::Dcba];

    /// Each type with a number that its bytes cannot be permuted into, and its bytes, most significant first.
    fn values() -> Vec<(RegisterType, f64, Vec<u8>)> {
        vec![
            (RegisterType::Int16, -1234.0, (-1234_i16).to_be_bytes().to_vec()),
            (RegisterType::Uint16, 54_321.0, 54_321_u16.to_be_bytes().to_vec()),
            (RegisterType::Int32, -123_456_789.0, (-123_456_789_i32).to_be_bytes().to_vec()),
            (RegisterType::Uint32, 4_000_000_123.0, 4_000_000_123_u32.to_be_bytes().to_vec()),
            (RegisterType::Int64, -1_234_567_890_123.0, (-1_234_567_890_123_i64).to_be_bytes().to_vec()),
            (RegisterType::Uint64, 9_007_199_254_740_991.0, 9_007_199_254_740_991_u64.to_be_bytes().to_vec()),
            (RegisterType::Float32, -46.531_25, (-46.531_25_f32).to_be_bytes().to_vec()),
            (RegisterType::Float64, 1234.5678, 1234.5678_f64.to_be_bytes().to_vec()),
        ]
    }

    /// The words on the wire, by the definition of the four orders and nothing else.
    fn words(bytes: &[u8], order: ByteOrder) -> Vec<u16> {
        let mut words: Vec<[u8; 2]> = bytes.chunks_exact(2).map(|c| [c[0], c[1]]).collect();
        match order {
            ByteOrder::Abcd => {}
            ByteOrder::Cdab => words.reverse(),
            ByteOrder::Badc => words.iter_mut().for_each(|w| w.reverse()),
            ByteOrder::Dcba => {
                words.reverse();
                words.iter_mut().for_each(|w| w.reverse());
            }
        }
        words.into_iter().map(u16::from_be_bytes).collect()
    }

    /// Every type in every order, one after the other from address 2: register, value, words.
    fn layout(table: RegisterTable) -> Vec<(Register, f64, Vec<u16>)> {
        let base = if table == RegisterTable::Holding { writable(table, 0) } else { register(table, 0) };
        let mut address = 2;
        let mut all = Vec::new();
        for order in ORDERS {
            for (ty, value, bytes) in values() {
                let mut write = base.write;
                if let Some(write) = &mut write {
                    (write.min, write.max) = (-1e18, 1e18);
                }
                all.push((
                    Register { ty, address, byte_order: order, write, ..base.clone() },
                    value,
                    words(&bytes, order),
                ));
                address += u16::try_from(bytes.len() / 2).unwrap();
            }
        }
        all
    }

    fn unhurried(url: &str) -> Gateway {
        Gateway { timeout: Span::from_secs(5), worst_reply: Span::from_secs(5), ..gateway(url) }
    }

    fn every_value_is_read(framing: &str) {
        let input = layout(RegisterTable::Input);
        let mut content = Vec::new();
        for (register, _, words) in &input {
            content.extend(words.iter().zip(register.address..).map(|(w, a)| (RegisterTable::Input, a, *w)));
        }
        content.extend([
            (RegisterTable::Discrete, 9, 1),
            (RegisterTable::Coil, 5, 1),
            (RegisterTable::Holding, 390, 0x0400),
        ]);
        let Some(peer) = peer(framing, &content) else { return };
        let runtime = runtime();
        let _inside = runtime.enter();
        let bit = |n| Register { ty: RegisterType::Bit(n), ..register(RegisterTable::Holding, 390) };
        let mut registers: Vec<Register> = input.iter().map(|(r, ..)| r.clone()).collect();
        let mut expected: Vec<f64> = input.iter().map(|(_, v, _)| *v).collect();
        registers.extend([register(RegisterTable::Discrete, 9), register(RegisterTable::Discrete, 10)]);
        registers.extend([register(RegisterTable::Coil, 4), register(RegisterTable::Coil, 5), bit(10), bit(11)]);
        expected.extend([1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
        let mut rig = Rig::new(unhurried(&peer.url), &devices("gw", &[1], &registers), Writes::Shadow);
        rig.poll();
        for (k, value) in expected.iter().enumerate() {
            assert_eq!(rig.value(k), Ok(*value), "{:?}", registers[k]);
        }
        assert!(rig.counts().requests <= 8, "read in few requests: {:?}", rig.counts());
    }

    fn every_value_is_written(framing: &str) {
        let Some(peer) = peer(framing, &[]) else { return };
        let runtime = runtime();
        let _inside = runtime.enter();
        let holding = layout(RegisterTable::Holding);
        let mut registers: Vec<Register> = holding.iter().map(|(r, ..)| r.clone()).collect();
        registers.push(writable(RegisterTable::Coil, 7));
        let mut values: Vec<(usize, f64)> = holding.iter().map(|(_, v, _)| *v).enumerate().collect();
        values.push((holding.len(), 1.0));
        let mut rig = Rig::new(unhurried(&peer.url), &devices("gw", &[1], &registers), Writes::Live);
        rig.scan(&values);
        rig.poll();
        for (k, value) in &values {
            assert_eq!(rig.outcomes(*k), [WriteOutcome::Applied], "{:?}", registers[*k]);
            assert_eq!(rig.value(*k), Ok(*value));
        }
        let url = Endpoint::try_from(peer.url.clone()).unwrap();
        for (register, _, words) in &holding {
            let count = u16::try_from(words.len()).unwrap();
            let look = Look { unit: 1, table: RegisterTable::Holding, address: register.address, count };
            let raw = runtime.block_on(probe(&url, look, Span::from_secs(5), stamp()));
            assert_eq!(raw.as_ref(), Ok(words), "{register:?}");
        }
    }

    #[test]
    fn pymodbus_is_read_over_tcp() {
        every_value_is_read("socket");
    }

    #[test]
    fn pymodbus_is_read_over_rtu_in_tcp() {
        every_value_is_read("rtu");
    }

    #[test]
    fn pymodbus_is_written_over_tcp() {
        every_value_is_written("socket");
    }

    #[test]
    fn pymodbus_is_written_over_rtu_in_tcp() {
        every_value_is_written("rtu");
    }
}
