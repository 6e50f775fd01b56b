//! The gate under the Modbus client: a transport that lets a request out only if it may leave, and a reply in only if
//! it is whole and answers the question that is open. On TCP the transaction id says which one; on RTU nothing does,
//! so that there any byte that is not expected ends the connection.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::count::Counters;
use super::frame::{Expect, MAX_FRAME, TCP_HEADER, crc, only_reads};

/// A socket or a serial line.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin + std::fmt::Debug> Stream for T {}

/// How frames lie on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// With a header and a transaction id.
    Tcp,
    /// With a check sum.
    Rtu,
}

/// How many wrong frames in a row end a connection.
const MAX_STRAYS: u8 = 3;
/// How many transaction ids of lost replies are remembered, so that a late one is known for what it is.
const MAX_ABANDONED: usize = 64;

/// One end is the transport of a client, the other is the link's.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Mutex<Core>>);

#[derive(Debug)]
struct Core {
    inner: Box<dyn Stream>,
    framing: Framing,
    read_only: bool,
    counters: Arc<Counters>,
    /// The next transaction id on the wire. It goes on over connections: an old connection's reply fits no new question.
    transaction: u16,
    open: Option<Question>,
    abandoned: VecDeque<u16>,
    probes: VecDeque<Question>,
    heard: Vec<u8>,
    strays: u8,
    input: Vec<u8>,
    /// The reply that the client may have, and how much of it it has taken.
    ready: Vec<u8>,
    taken: usize,
    output: Vec<u8>,
}

/// A request that waits for its reply.
#[derive(Clone, Copy, Debug)]
struct Question {
    transaction: u16,
    /// The id under which the client knows it.
    client: [u8; 2],
    expect: Expect,
}

impl Gate {
    /// A gate over a fresh connection whose first transaction id on the wire is `transaction`.
    #[must_use]
    pub fn new(inner: Box<dyn Stream>, framing: Framing, transaction: u16, counters: Arc<Counters>) -> Self {
        Self(Arc::new(Mutex::new(Core {
            inner,
            framing,
            read_only: true,
            counters,
            transaction,
            open: None,
            abandoned: VecDeque::new(),
            probes: VecDeque::new(),
            heard: Vec::new(),
            strays: 0,
            input: Vec::with_capacity(MAX_FRAME),
            ready: Vec::with_capacity(MAX_FRAME),
            taken: 0,
            output: Vec::with_capacity(MAX_FRAME),
        })))
    }

    /// Lets write functions pass. Without this call a gate passes reads only.
    #[must_use]
    pub fn with_writes(self) -> Self {
        self.core().read_only = false;
        self
    }

    /// The question that is open will not be waited for any longer.
    /// True when half a frame has come: then nobody knows where the next one starts.
    #[must_use]
    pub fn abandon(&self) -> bool {
        let mut core = self.core();
        if let Some(question) = core.open.take() {
            if core.abandoned.len() >= MAX_ABANDONED {
                core.abandoned.pop_front();
            }
            core.abandoned.push_back(question.transaction);
        }
        core.withdraw();
        !core.input.is_empty() || !core.output.is_empty()
    }

    /// Takes in what has come without being asked. Fails when the connection is over.
    ///
    /// # Errors
    /// The end of the connection, or bytes that are no frames.
    pub async fn pump(&self) -> io::Result<()> {
        std::future::poll_fn(|cx| Poll::Ready(self.core().pump(cx))).await
    }

    /// Throws away what is there (RTU, after opening).
    pub async fn drain(&self) {
        std::future::poll_fn(|cx| Poll::Ready(self.core().drain(cx))).await.ok();
    }

    /// Asks a unit without waiting: the answer, whenever it comes, is found by [`Gate::heard`]. TCP only.
    ///
    /// # Errors
    /// The end of the connection, or a request that is no read.
    pub async fn probe(&self, unit: u8, pdu: [u8; 5]) -> io::Result<()> {
        self.core().queue_probe(unit, pdu)?;
        std::future::poll_fn(|cx| self.core().poll_output(cx)).await
    }

    /// The units whose probes have been answered since the last call.
    #[must_use]
    pub fn heard(&self) -> Vec<u8> {
        std::mem::take(&mut self.core().heard)
    }

    /// The transaction id the next connection starts with.
    #[must_use]
    pub fn next_transaction(&self) -> u16 {
        self.core().transaction
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for Gate {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut core = self.core();
        while core.ready.is_empty() {
            ready!(core.poll_input(cx))?;
        }
        let rest = core.ready.get(core.taken..).unwrap_or_default();
        let piece = rest.get(..buf.remaining()).unwrap_or(rest);
        buf.put_slice(piece);
        let taken = core.taken.saturating_add(piece.len());
        if taken < core.ready.len() {
            core.taken = taken;
        } else {
            core.withdraw();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Gate {
    /// Takes one whole request at a time, as the client's codec hands it over.
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, frame: &[u8]) -> Poll<io::Result<usize>> {
        let mut core = self.core();
        ready!(core.poll_output(cx))?;
        if core.framing == Framing::Rtu && core.drain(cx)? > 0 {
            core.counters.strays.one();
            return Poll::Ready(Err(garbled("bytes came before anything was asked")));
        }
        core.ask(frame)?;
        Poll::Ready(Ok(frame.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.core().poll_output(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.core().inner).poll_shutdown(cx)
    }
}

impl Core {
    /// Opens a question and queues its frame.
    fn ask(&mut self, frame: &[u8]) -> io::Result<()> {
        let head = match self.framing {
            Framing::Tcp => TCP_HEADER,
            Framing::Rtu => 1,
        };
        let tail = match self.framing {
            Framing::Tcp => 0,
            Framing::Rtu => 2,
        };
        let pdu = frame.get(head..frame.len().saturating_sub(tail)).unwrap_or_default();
        let unit = head.checked_sub(1).and_then(|n| frame.get(n)).copied().unwrap_or_default();
        let expect = self.permit(unit, pdu)?;
        let client = frame.first_chunk::<2>().copied().unwrap_or_default();
        let transaction = self.next();
        self.open = Some(Question { transaction, client, expect });
        match self.framing {
            Framing::Tcp => {
                self.output.extend(transaction.to_be_bytes());
                self.output.extend(frame.get(2..).unwrap_or_default());
            }
            Framing::Rtu => self.output.extend(frame),
        }
        Ok(())
    }

    /// The reply to expect, if the request may leave.
    fn permit(&self, unit: u8, pdu: &[u8]) -> io::Result<Expect> {
        let function = pdu.first().copied().unwrap_or_default();
        if self.read_only && !only_reads(function) {
            self.counters.blocked.one();
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "shadow mode passes no write"));
        }
        Expect::of(unit, pdu).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a request nobody makes"))
    }

    fn queue_probe(&mut self, unit: u8, pdu: [u8; 5]) -> io::Result<()> {
        let expect = self.permit(unit, &pdu)?;
        let transaction = self.next();
        self.probes.retain(|q| q.expect.unit != unit);
        self.probes.push_back(Question { transaction, client: [0; 2], expect });
        self.output.extend(transaction.to_be_bytes());
        self.output.extend([0, 0, 0, 6, unit]);
        self.output.extend(pdu);
        Ok(())
    }

    const fn next(&mut self) -> u16 {
        let transaction = self.transaction;
        self.transaction = transaction.wrapping_add(1);
        transaction
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.output.is_empty() {
            let n = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.output))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.output.drain(..n);
        }
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    /// Judges what is there, then reads more; ready when something happened.
    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.ready.is_empty() && self.take_frame()? {}
        if !self.ready.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let mut space = [0; MAX_FRAME];
        let mut buf = ReadBuf::new(&mut space);
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut buf))?;
        if buf.filled().is_empty() {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        self.input.extend_from_slice(buf.filled());
        Poll::Ready(Ok(()))
    }

    fn pump(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        loop {
            match self.poll_input(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(e)) => return Err(e),
                Poll::Pending => return Ok(()),
            }
        }
    }

    /// How many bytes were thrown away.
    fn drain(&mut self, cx: &mut Context<'_>) -> io::Result<usize> {
        let mut dropped = self.input.len();
        self.input.clear();
        loop {
            let mut space = [0; MAX_FRAME];
            let mut buf = ReadBuf::new(&mut space);
            match Pin::new(&mut self.inner).poll_read(cx, &mut buf) {
                Poll::Pending => return Ok(dropped),
                Poll::Ready(Err(e)) => return Err(e),
                Poll::Ready(Ok(())) if buf.filled().is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
                Poll::Ready(Ok(())) => dropped = dropped.saturating_add(buf.filled().len()),
            }
        }
    }

    /// Takes one whole frame off the input and judges it; false when there is none yet.
    fn take_frame(&mut self) -> io::Result<bool> {
        match self.framing {
            Framing::Tcp => self.take_tcp(),
            Framing::Rtu => self.take_rtu(),
        }
    }

    fn take_tcp(&mut self) -> io::Result<bool> {
        let Some([t0, t1, p0, p1, l0, l1, unit]) = self.input.first_chunk::<TCP_HEADER>().copied() else {
            return Ok(false);
        };
        let len = usize::from(u16::from_be_bytes([l0, l1]));
        if [p0, p1] != [0, 0] || !(3..=254).contains(&len) {
            return Err(garbled("the header is not Modbus"));
        }
        let end = len.saturating_add(TCP_HEADER - 1);
        if self.input.len() < end {
            return Ok(false);
        }
        let transaction = u16::from_be_bytes([t0, t1]);
        let pdu = self.input.get(TCP_HEADER..end).unwrap_or_default();
        if let Some(question) = self.open.filter(|q| q.transaction == transaction && q.expect.accepts(unit, pdu)) {
            self.open = None;
            self.strays = 0;
            self.withdraw();
            self.ready.extend_from_slice(&question.client);
            self.ready.extend_from_slice(self.input.get(2..end).unwrap_or_default());
        } else if let Some(n) = self.probes.iter().position(|q| q.transaction == transaction && q.expect.unit == unit) {
            self.probes.remove(n);
            self.heard.push(unit);
        } else if let Some(n) = self.abandoned.iter().position(|t| *t == transaction) {
            // Not a sign of health: a unit that is always too slow would hold everybody up in every scan.
            self.abandoned.remove(n);
            self.counters.late.one();
        } else {
            self.counters.strays.one();
            self.strays = self.strays.saturating_add(1);
            if self.strays >= MAX_STRAYS {
                return Err(garbled("three frames in a row answered nothing"));
            }
        }
        self.input.drain(..end);
        Ok(true)
    }

    fn take_rtu(&mut self) -> io::Result<bool> {
        let Some(question) = self.open else {
            return if self.input.is_empty() { Ok(false) } else { Err(garbled("bytes came unasked")) };
        };
        let Some([unit, function]) = self.input.first_chunk::<2>().copied() else { return Ok(false) };
        let len = question.expect.pdu_len(function).filter(|_| unit == question.expect.unit);
        let Some(end) = len.map(|n| n.saturating_add(1)) else {
            return Err(garbled("the frame answers another question"));
        };
        let whole = end.saturating_add(2);
        if self.input.len() < whole {
            return Ok(false);
        }
        let (body, sum) = self.input.split_at_checked(end).unwrap_or_default();
        let pdu = body.get(1..).unwrap_or_default();
        if self.input.len() > whole || sum != crc(body) || !question.expect.accepts(unit, pdu) {
            return Err(garbled("the frame's length or check sum is wrong"));
        }
        self.open = None;
        self.withdraw();
        self.ready.append(&mut self.input);
        Ok(true)
    }

    /// Nothing is ready for the client any more.
    fn withdraw(&mut self) {
        self.ready.clear();
        self.taken = 0;
    }
}

fn garbled(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests;
