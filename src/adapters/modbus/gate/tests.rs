//! What passes the gate, and what does not.

use super::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_modbus::client::{Client as _, tcp};
use tokio_modbus::slave::Slave;
use tokio_modbus::{Request, Response};

fn gate(stream: impl Stream + 'static, framing: Framing) -> (Gate, Arc<Counters>) {
    let counters = Arc::new(Counters::default());
    (Gate::new(Box::new(stream), framing, 0xFFFE, Arc::clone(&counters)), counters)
}

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(test)
}

#[test]
fn a_gate_in_shadow_mode_passes_no_function_that_writes() {
    run(async {
        for function in (0..=255_u8).filter(|f| !only_reads(*f)) {
            let (near, mut far) = tokio::io::duplex(512);
            let (mut gate, counters) = gate(near, Framing::Tcp);
            let frame = [0, 0, 0, 0, 0, 6, 1, function, 0, 1, 0, 1];
            let refused = gate.write_all(&frame).await.expect_err("refused").kind();
            assert_eq!((refused, counters.blocked.get()), (io::ErrorKind::PermissionDenied, 1), "{function}");
            drop(gate);
            let mut out = Vec::new();
            far.read_to_end(&mut out).await.expect("reads");
            assert_eq!(out, [0_u8; 0], "function {function}");
        }
    });
}

#[test]
fn the_client_itself_cannot_write_through_it() {
    run(async {
        let (near, mut far) = tokio::io::duplex(512);
        let (gate, _) = gate(near, Framing::Tcp);
        let mut client = tcp::attach_slave(gate, Slave(1));
        assert!(client.call(Request::WriteSingleRegister(1, 1)).await.is_err());
        assert!(client.call(Request::Custom(22, std::borrow::Cow::Borrowed(&[0, 1, 0, 1, 0, 1]))).await.is_err());
        drop(client);
        let mut out = Vec::new();
        far.read_to_end(&mut out).await.expect("reads");
        assert_eq!(out, [0_u8; 0]);
    });
}

#[test]
fn ids_on_the_wire_are_the_gates_own_and_go_around() {
    run(async {
        let (near, mut far) = tokio::io::duplex(512);
        let (gate, counters) = gate(near, Framing::Tcp);
        let mut client = tcp::attach_slave(gate.clone(), Slave(9));
        for id in [0xFFFE_u16, 0xFFFF, 0, 1] {
            let served = async {
                let mut request = [0; 12];
                far.read_exact(&mut request).await.expect("a request");
                assert_eq!(request[..2], id.to_be_bytes());
                // An answer to the question before, with everything right but the id.
                let [h, l] = id.wrapping_sub(1).to_be_bytes();
                far.write_all(&[h, l, 0, 0, 0, 5, 9, 3, 2, 0xBA, 0xD0]).await.expect("writes");
                let [h, l] = id.to_be_bytes();
                far.write_all(&[h, l, 0, 0, 0, 5, 9, 3, 2, 0, 7]).await.expect("writes");
            };
            let (reply, ()) = tokio::join!(client.call(Request::ReadHoldingRegisters(0, 1)), served);
            assert_eq!(reply.expect("no fault").expect("no exception"), Response::ReadHoldingRegisters(vec![7]));
        }
        assert_eq!((counters.strays.get(), gate.next_transaction()), (4, 2));
    });
}

#[test]
fn an_abandoned_question_is_answered_in_vain() {
    run(async {
        let (near, mut far) = tokio::io::duplex(512);
        let (gate, counters) = gate(near, Framing::Tcp);
        let mut client = tcp::attach_slave(gate.clone(), Slave(9));
        let lost = client.call(Request::ReadHoldingRegisters(0, 1));
        assert!(tokio::time::timeout(std::time::Duration::from_millis(5), lost).await.is_err());
        assert!(!gate.abandon(), "nothing has come of it");
        far.write_all(&[0xFF, 0xFE, 0, 0, 0, 5, 9, 3, 2]).await.expect("writes");
        gate.pump().await.expect("goes on");
        assert!(gate.abandon(), "half of it has come");
        far.write_all(&[0, 7]).await.expect("writes");
        gate.pump().await.expect("goes on");
        assert_eq!((counters.late.get(), counters.strays.get(), gate.abandon()), (1, 0, false));
    });
}
