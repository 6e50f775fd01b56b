//! Who has initialised the library, on which board, and what its handles mean.
//!
//! A handle is a number that carries the slot and the life in which it was given out, so that one of before a reload is told
//! from one of now: calls on it say that the GPU is lost. Everything else says "uninitialised" until somebody initialises again,
//! which is enough: the library then stands on the driver of now.

use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use plant::convert;

use super::code::{Code, answer};
use super::place;
use crate::board::{Board, Client, Fault, Gpu};
use crate::clock::Since;

/// In every handle of ours.
const MARK: usize = 0x5 << 16;
/// How often a call that waits looks whether it still has to.
const LOOK: Duration = Duration::from_millis(2);

static SESSION: RwLock<Session> = RwLock::new(Session { users: 0, open: None, client: None });

struct Session {
    users: u32,
    open: Option<Open>,
    /// Tells the driver that this process is there.
    client: Option<Client>,
}

/// A board that is in use.
#[derive(Clone)]
pub struct Open {
    pub board: Arc<Board>,
    generation: u64,
}

/// A GPU as C knows it: a number that C takes for a pointer.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Handle(usize);

impl Handle {
    /// The handle of a slot in a life; of one of its instances where it is cut.
    fn of(slot: usize, life: u32, instance: bool) -> Self {
        Self(convert::usize_from_u32(life) << 20 | usize::from(instance) << 19 | MARK | (slot & 0xFFFF))
    }

    fn read(self) -> Option<(usize, u32, bool)> {
        let life = u32::try_from(self.0 >> 20).ok()?;
        (self.0 & 0x7 << 16 == MARK).then_some((self.0 & 0xFFFF, life, self.0 & 1 << 19 != 0))
    }
}

/// What a call on a GPU has.
pub struct Call<'b> {
    /// The GPU.
    pub gpu: Gpu<'b>,
    /// The life that its handle was given out in.
    pub life: u32,
    /// Its slot.
    pub slot: usize,
    /// Its board.
    pub board: &'b Board,
    /// Whether the handle is that of an instance.
    pub instance: bool,
}

/// Opens the board anew, so that whoever initialises again gets what is there now.
pub fn initialise() -> Result<(), Code> {
    let path = place::board().ok_or(Code::DRIVER_NOT_LOADED)?;
    let board = Board::open(&path).ok().filter(Board::loaded).ok_or(Code::DRIVER_NOT_LOADED)?;
    wait(|| board.slow());
    let client = Client::come(&board, &path).map_err(|_| Code::DRIVER_NOT_LOADED)?;
    let generation = board.generation();
    let board = Arc::new(board);
    let mut session = SESSION.write().unwrap_or_else(PoisonError::into_inner);
    session.users = session.users.saturating_add(1);
    session.open = Some(Open { board, generation });
    session.client = Some(client);
    Ok(())
}

/// Lets the board go with its last user.
pub fn shut_down() -> Result<(), Code> {
    let mut session = SESSION.write().unwrap_or_else(PoisonError::into_inner);
    session.users = session.users.checked_sub(1).ok_or(Code::UNINITIALIZED)?;
    if session.users == 0 {
        (session.open, session.client) = (None, None);
    }
    Ok(())
}

/// Whether anybody has initialised the library.
fn open() -> Result<Open, Code> {
    let session = SESSION.read().unwrap_or_else(PoisonError::into_inner);
    let open = session.open.clone().ok_or(Code::UNINITIALIZED)?;
    if open.board.loaded() { Ok(open) } else { Err(Code::DRIVER_NOT_LOADED) }
}

/// A call on the driver as a whole.
pub fn ask(symbol: impl FnOnce(&Board) -> Result<(), Code>) -> Code {
    answer(|| {
        let open = open()?;
        wait(|| open.board.slow());
        if open.generation != open.board.generation() {
            return Err(Code::UNINITIALIZED);
        }
        symbol(&open.board)
    })
}

/// A call on a GPU or on one of its instances.
pub fn on_any(device: Handle, symbol: impl FnOnce(&Call<'_>) -> Result<(), Code>) -> Code {
    answer(|| {
        let open = open()?;
        let (slot, life, instance) = device.read().ok_or(Code::INVALID_ARGUMENT)?;
        let gpu = open.board.gpu(slot).ok_or(Code::INVALID_ARGUMENT)?;
        wait(|| gpu.slow());
        if gpu.life() != life || gpu.has(Fault::Lost) {
            return Err(Code::GPU_IS_LOST);
        }
        if !open.board.loaded() {
            return Err(Code::DRIVER_NOT_LOADED);
        }
        if let Some(code) = gpu.fails() {
            return Err(Code::of(code));
        }
        symbol(&Call { gpu, life, slot, board: &open.board, instance })
    })
}

/// A call on a whole GPU: instances have no power and no clocks of their own.
pub fn on(device: Handle, symbol: impl FnOnce(&Call<'_>) -> Result<(), Code>) -> Code {
    on_any(device, |call| if call.instance { Err(Code::NOT_SUPPORTED) } else { symbol(call) })
}

/// Sets something: lets C through only where it may.
pub fn set(device: Handle, symbol: impl FnOnce(&Call<'_>) -> Result<bool, Code>) -> Code {
    on(device, |call| {
        if call.gpu.has(Fault::NoPermission) {
            return Err(Code::NO_PERMISSION);
        }
        if symbol(call)? { Ok(()) } else { Err(Code::GPU_IS_LOST) }
    })
}

/// The handle of a slot.
pub fn handle(board: &Board, slot: usize, instance: bool) -> Result<Handle, Code> {
    let gpu = board.gpu(slot).ok_or(Code::NOT_FOUND)?;
    wait(|| gpu.slow());
    if gpu.has(Fault::Lost) {
        return Err(Code::GPU_IS_LOST);
    }
    if let Some(code) = gpu.fails() {
        return Err(Code::of(code));
    }
    Ok(Handle::of(slot, gpu.life(), instance))
}

/// As long as a call takes (ms), which may get shorter while it waits.
fn wait(takes: impl Fn() -> u64) {
    if takes() > 0 {
        let since = Since::now();
        while since.elapsed() < Duration::from_millis(takes()) {
            thread::sleep(LOOK);
        }
    }
}
