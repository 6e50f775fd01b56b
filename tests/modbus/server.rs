//! A Modbus server with bad manners, over any byte stream. Each register's value tells its unit, table and address, so
//! that a reply to another question cannot pass for the right one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, WriteHalf};
use tokio::net::TcpListener;

/// What the server does with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Answer,
    /// After so many milliseconds; requests that come meanwhile are answered first.
    Late(u64),
    Never,
    WrongId,
    WrongUnit,
    WrongFunction,
    /// The first half of the frame, and no more.
    Truncated,
    ByteByByte,
    /// The byte count says two more than there are.
    LyingCount,
    Garbage,
    Twice,
    Reset,
    HalfThenReset,
    /// Acknowledges a write and does nothing.
    Pretend,
    Exception(u8),
}

#[derive(Debug, Default)]
pub struct World {
    /// What the next requests get; afterwards every request is answered.
    pub script: VecDeque<Manner>,
    /// Units that never answer.
    pub dead: BTreeSet<u8>,
    /// Registers, by unit and address, whose writes are neither taken nor answered.
    pub mute: BTreeSet<(u8, u16)>,
    /// Units that always do the same.
    pub habits: BTreeMap<u8, Manner>,
    /// Holding registers (table 3) and coils (table 1) that were written, or whose value is not the telling one.
    pub written: BTreeMap<(u8, u8, u16), u16>,
    /// Registers that do not exist: asking for one of them refuses the request with this code.
    pub refused: BTreeMap<(u8, u16), u8>,
    /// Every function code that came, with the unit, first address and time.
    pub log: Vec<(u8, u8, u16, Instant)>,
    pub connections: usize,
    pub open: usize,
    /// Nobody is answered or read from any more: a peer that is gone without a word.
    pub frozen: bool,
}

/// The value that register `address` holds if nobody wrote it.
pub fn telling(unit: u8, function: u8, address: u16) -> u16 {
    address.wrapping_mul(7).wrapping_add(u16::from(unit) * 1009).wrapping_add(u16::from(function) * 4001)
}

/// A serial line without wires: our end, the other end (which keeps the line alive) and the other end's device file.
pub fn line() -> (tokio_serial::SerialStream, tokio_serial::SerialStream, String) {
    let (near, far) = tokio_serial::SerialStream::pair().unwrap();
    let path = tokio_serial::SerialPort::name(&far).unwrap();
    (near, far, path)
}

#[derive(Clone, Default)]
pub struct Server {
    pub world: Arc<Mutex<World>>,
    pub rtu: bool,
    /// No late reply leaves after this: the device's worst reply time (RTU).
    pub worst: Option<Duration>,
}

type Shared<S> = Arc<tokio::sync::Mutex<WriteHalf<S>>>;

impl Server {
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// How often function `code` came.
    pub fn count(&self, code: u8) -> usize {
        self.world().log.iter().filter(|entry| entry.0 == code).count()
    }

    /// Listens on `at` (port 0 picks one) and returns the address. Aborting the task closes everything.
    pub async fn listen(&self, at: &str) -> (String, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind(at).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = self.clone();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // Every close is a reset.
                socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
                stream.set_nodelay(true).unwrap();
                let server = server.clone();
                connections.spawn(async move { server.serve(stream).await });
            }
        });
        (address, task)
    }

    /// Serves one stream until it ends.
    pub async fn serve<S: AsyncRead + AsyncWrite + Send + 'static>(&self, stream: S) {
        {
            let mut world = self.world();
            world.connections += 1;
            world.open += 1;
        }
        let (mut reader, writer) = tokio::io::split(stream);
        let writer = Arc::new(tokio::sync::Mutex::new(writer));
        while let Some((unit, pdu, id)) = self.request(&mut reader).await {
            while self.world().frozen {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            if self.respond(unit, pdu, id, &writer).await.is_none() {
                break;
            }
        }
        self.world().open -= 1;
    }

    async fn request<R: AsyncRead + Unpin>(&self, reader: &mut R) -> Option<(u8, Vec<u8>, [u8; 2])> {
        if !self.rtu {
            let mut head = [0; 7];
            reader.read_exact(&mut head).await.ok()?;
            let mut pdu = vec![0; usize::from(u16::from_be_bytes([head[4], head[5]])) - 1];
            reader.read_exact(&mut pdu).await.ok()?;
            return Some((head[6], pdu, [head[0], head[1]]));
        }
        let mut frame = vec![0; 8];
        reader.read_exact(&mut frame).await.ok()?;
        if matches!(frame[1], 15 | 16) {
            let mut rest = vec![0; usize::from(frame[6]) + 1];
            reader.read_exact(&mut rest).await.ok()?;
            frame.extend(rest);
        }
        let end = frame.len() - 2;
        assert_eq!(frame[end..], crc(&frame[..end]), "the adapter sent a bad check sum");
        Some((frame[0], frame[1..end].to_vec(), [0; 2]))
    }

    async fn respond<S: AsyncRead + AsyncWrite + Send + 'static>(
        &self,
        unit: u8,
        pdu: Vec<u8>,
        id: [u8; 2],
        writer: &Shared<S>,
    ) -> Option<()> {
        let manner = {
            let mut world = self.world();
            world.log.push((pdu[0], unit, u16::from_be_bytes([pdu[1], pdu[2]]), Instant::now()));
            let habit = world.habits.get(&unit).copied();
            let mute = pdu[0] > 4 && world.mute.iter().any(|(u, a)| *u == unit && covers(&pdu, *a));
            if mute || world.dead.contains(&unit) {
                Manner::Never
            } else {
                habit.or_else(|| world.script.pop_front()).unwrap_or(Manner::Answer)
            }
        };
        if matches!(manner, Manner::Never | Manner::Reset) {
            return (manner == Manner::Never).then_some(());
        }
        let bytes = self.spoil(manner, unit, &pdu, id);
        match manner {
            Manner::Late(ms) => {
                let (writer, worst, asked) = (Arc::clone(writer), self.worst, Instant::now());
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                    let mut writer = writer.lock().await;
                    if worst.is_none_or(|w| asked.elapsed() < w) {
                        writer.write_all(&bytes).await.ok();
                    }
                });
            }
            Manner::ByteByByte => {
                // Slowly, and in one piece: a late reply to another question must not come between two bytes.
                let mut writer = writer.lock().await;
                for byte in bytes {
                    writer.write_all(&[byte]).await.ok()?;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            Manner::Answer
            | Manner::Never
            | Manner::WrongId
            | Manner::WrongUnit
            | Manner::WrongFunction
            | Manner::Truncated
            | Manner::LyingCount
            | Manner::Garbage
            | Manner::Twice
            | Manner::Reset
            | Manner::HalfThenReset
            | Manner::Pretend
            | Manner::Exception(_) => writer.lock().await.write_all(&bytes).await.ok()?,
        }
        (manner != Manner::HalfThenReset).then_some(())
    }

    /// The bytes that go out instead of a proper frame, or the proper frame.
    fn spoil(&self, manner: Manner, unit: u8, pdu: &[u8], id: [u8; 2]) -> Vec<u8> {
        let reply = self.answer(unit, pdu, manner);
        let other_id = [id[0] ^ 0x55, id[1].wrapping_add(13)];
        match manner {
            Manner::WrongId => self.frame(unit, &reply, other_id),
            Manner::WrongUnit => self.frame(unit ^ 0x40, &reply, id),
            Manner::WrongFunction => {
                let mut wrong = reply.clone();
                wrong[0] = if wrong[0] == 3 { 4 } else { 3 };
                self.frame(unit, &wrong, id)
            }
            Manner::LyingCount => {
                let mut lie = reply.clone();
                lie[1] = lie[1].wrapping_add(2);
                self.frame(unit, &lie, id)
            }
            Manner::Garbage => (0..40_u8).map(|n| n.wrapping_mul(97) ^ id[1]).collect(),
            Manner::Truncated | Manner::HalfThenReset => {
                let whole = self.frame(unit, &reply, id);
                whole[..whole.len() / 2].to_vec()
            }
            Manner::Twice => self.frame(unit, &reply, id).repeat(2),
            Manner::Answer
            | Manner::Late(_)
            | Manner::Never
            | Manner::Reset
            | Manner::ByteByByte
            | Manner::Pretend
            | Manner::Exception(_) => self.frame(unit, &reply, id),
        }
    }

    fn frame(&self, unit: u8, pdu: &[u8], id: [u8; 2]) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.rtu {
            bytes.push(unit);
            bytes.extend(pdu);
            bytes.extend(crc(&bytes));
        } else {
            bytes.extend(id);
            bytes.extend([0, 0]);
            bytes.extend(u16::try_from(pdu.len() + 1).unwrap().to_be_bytes());
            bytes.push(unit);
            bytes.extend(pdu);
        }
        bytes
    }

    /// The correct reply, with the effect of a write.
    fn answer(&self, unit: u8, pdu: &[u8], manner: Manner) -> Vec<u8> {
        let mut world = self.world();
        let function = pdu[0];
        let address = u16::from_be_bytes([pdu[1], pdu[2]]);
        let second = u16::from_be_bytes([pdu[3], pdu[4]]);
        let count = if matches!(function, 5 | 6) { 1 } else { second };
        let refused =
            (address..=address.saturating_add(count - 1)).find_map(|a| world.refused.get(&(unit, a)).copied());
        if let Manner::Exception(code) = manner {
            return vec![function | 0x80, code];
        }
        if let Some(code) = refused {
            return vec![function | 0x80, code];
        }
        if manner != Manner::Pretend {
            store(&mut world, unit, pdu);
        }
        let at = |n: u16| {
            let a = address.wrapping_add(n);
            world.written.get(&(unit, function, a)).copied().unwrap_or_else(|| telling(unit, function, a))
        };
        match function {
            1 | 2 => {
                let mut bytes = vec![0_u8; usize::from(count.div_ceil(8))];
                for n in 0..count {
                    bytes[usize::from(n / 8)] |= u8::from(at(n) & 1 == 1) << (n % 8);
                }
                [vec![function, u8::try_from(bytes.len()).unwrap()], bytes].concat()
            }
            3 | 4 => {
                let words: Vec<u8> = (0..count).flat_map(|n| at(n).to_be_bytes()).collect();
                [vec![function, u8::try_from(words.len()).unwrap()], words].concat()
            }
            _ => pdu[..5].to_vec(),
        }
    }
}

/// True when a request is about this register, among others.
fn covers(pdu: &[u8], address: u16) -> bool {
    let count = if matches!(pdu[0], 5 | 6) { 1 } else { u16::from_be_bytes([pdu[3], pdu[4]]) };
    address.checked_sub(u16::from_be_bytes([pdu[1], pdu[2]])).is_some_and(|n| n < count)
}

fn store(world: &mut World, unit: u8, pdu: &[u8]) {
    let address = u16::from_be_bytes([pdu[1], pdu[2]]);
    let second = u16::from_be_bytes([pdu[3], pdu[4]]);
    match pdu[0] {
        5 => drop(world.written.insert((unit, 1, address), u16::from(second == 0xFF00))),
        6 => drop(world.written.insert((unit, 3, address), second)),
        15 => {
            for n in 0..second {
                let bit = pdu[6 + usize::from(n / 8)] >> (n % 8) & 1;
                world.written.insert((unit, 1, address + n), u16::from(bit));
            }
        }
        16 => {
            for (n, word) in (0..second).zip(pdu[6..].chunks_exact(2)) {
                world.written.insert((unit, 3, address + n), u16::from_be_bytes([word[0], word[1]]));
            }
        }
        _ => {}
    }
}

fn crc(bytes: &[u8]) -> [u8; 2] {
    let mut sum = 0xFFFF_u16;
    for byte in bytes {
        sum ^= u16::from(*byte);
        for _ in 0..8 {
            let low = sum & 1;
            sum = (sum >> 1) ^ (0xA001 * low);
        }
    }
    sum.to_le_bytes()
}
