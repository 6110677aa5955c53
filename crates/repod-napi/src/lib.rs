//! The functions of `ts/transport/native-calls.ts`: what Node hands over, unwrapped, and the
//! engine's answers. All of it runs on the JS thread of its environment.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_void;
use std::rc::Rc;
use std::time::Duration;

use napi::bindgen_prelude::{
    External, Float64ArraySlice, Function, Int32Array, Uint8Array, Uint8ArraySlice,
};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Env, Error, Result, Status, check_status, sys};
use napi_derive::napi;
use repod_codec::tape::ABI_VERSION;
use repod_net::{Engine as Net, Lent, Settings, Wake};

/// At most one wake-up is under way per sleep; the bound is for what nobody has thought of.
const WAKE_UPS: usize = 16;

/// An engine with what keeps its memory alive. Lives on the JS thread.
pub struct Engine(Rc<Opened>);

struct Opened {
    net: Net,
    /// The ring, the engine's page and the pages of counters, until the engine is closed.
    lent: RefCell<Vec<Box<dyn Any>>>,
    chunks: RefCell<HashMap<u32, Uint8Array>>,
}

#[napi(catch_unwind)]
pub fn abi_version() -> u32 {
    ABI_VERSION
}

#[napi(catch_unwind)]
pub fn open(
    env: Env,
    ring: Uint8Array,
    page: Int32Array,
    settings: Float64ArraySlice<'_>,
    wake: Function<'_, (), ()>,
) -> Result<External<Engine>> {
    let numbers = settings
        .as_ref()
        .try_into()
        .map_err(|_| misuse("settings of another length"))?;
    let settings = Settings::from_numbers(numbers);
    let ring_memory = lend(ring.as_ptr(), ring.len())?;
    let page_memory = lend(page.as_ptr(), page.len())?;
    let call = wake
        .build_threadsafe_function::<()>()
        .weak::<true>()
        .max_queue_size::<WAKE_UPS>()
        .build()?;
    let wake: Wake =
        Box::new(move || call.call((), ThreadsafeFunctionCallMode::NonBlocking) == Status::Ok);
    let net = Net::open(ring_memory, page_memory, settings, wake).map_err(misuse)?;
    let opened = Rc::new(Opened {
        net,
        lent: RefCell::new(vec![Box::new(ring), Box::new(page)]),
        chunks: RefCell::default(),
    });
    hook(env, &opened)?;
    Ok(External::new(Engine(opened)))
}

#[napi(catch_unwind)]
pub fn lend_page(engine: &External<Engine>, page: u32, words: Int32Array) -> Result<()> {
    let memory = lend(words.as_ptr(), words.len())?;
    engine.0.net.lend_page(page, memory).map_err(misuse)?;
    engine.0.lent.borrow_mut().push(Box::new(words));
    Ok(())
}

#[napi(catch_unwind)]
pub fn lend_chunk(engine: &External<Engine>, chunk: u32, memory: Uint8Array) -> Result<()> {
    engine
        .0
        .net
        .lend_chunk(chunk, lend(memory.as_ptr(), memory.len())?)
        .map_err(misuse)?;
    engine.0.chunks.borrow_mut().insert(chunk, memory);
    Ok(())
}

#[napi(catch_unwind)]
pub fn return_chunk(engine: &External<Engine>, chunk: u32) {
    engine.0.net.return_chunk(chunk);
    engine.0.chunks.borrow_mut().remove(&chunk);
}

/// Positions stay below 2^53: a double holds them exactly.
#[napi(catch_unwind)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]
pub fn take(engine: &External<Engine>, consumed: f64, may_sleep: bool) -> f64 {
    engine.0.net.take(consumed as u64, may_sleep) as f64
}

#[napi(catch_unwind)]
pub fn flush(engine: &External<Engine>, chunk: u32, from: u32, to: u32) -> Result<()> {
    engine.0.net.flush(chunk, from, to).map_err(misuse)
}

#[napi(catch_unwind)]
pub fn fetch(engine: &External<Engine>, held: u32, mut into: Uint8ArraySlice<'_>) -> Result<bool> {
    // SAFETY: JS waits in this call, and nobody else was given this memory.
    let into = unsafe { into.as_mut() };
    engine.0.net.fetch(held, into).map_err(misuse)
}

#[napi(catch_unwind)]
pub fn drop_held(engine: &External<Engine>, held: u32) {
    engine.0.net.drop_held(held);
}

#[napi(catch_unwind)]
pub fn close(env: Env, engine: &External<Engine>, timeout: u32) -> Result<()> {
    let timeout = (timeout > 0).then(|| Duration::from_millis(timeout.into()));
    if engine.0.close(timeout) {
        unhook(env, &engine.0)?;
    }
    Ok(())
}

/// Makes something panic once: 1 the turn of a connection, 2 the decoding of a message, 3 the taking
/// of a hand-over, 4 the writing of a tape, 5 the giving of an answer, anything else this call.
///
/// # Panics
///
/// As said.
#[cfg(feature = "test-hooks")]
#[napi(catch_unwind)]
pub fn provoke(engine: &External<Engine>, place: u32) {
    use repod_net::hooks::Place;
    match place {
        1 => engine.0.net.provoke(Place::Task),
        2 => engine.0.net.provoke(Place::Decode),
        3 => engine.0.net.provoke(Place::Intake),
        4 => engine.0.net.provoke(Place::Record),
        5 => engine.0.net.provoke(Place::Desk),
        _ => panic!("as a test asked for"),
    }
}

impl Opened {
    /// Joins the thread, then gives the memory back. False if that was done before.
    fn close(&self, timeout: Option<Duration>) -> bool {
        self.net.close(timeout);
        self.chunks.borrow_mut().clear();
        !std::mem::take(&mut *self.lent.borrow_mut()).is_empty()
    }
}

/// Closes the engine at the environment's end. Hooks run last in, first out: this one comes before
/// the threadsafe function's own, so the thread is joined before its way to call Node is gone.
fn hook(env: Env, opened: &Rc<Opened>) -> Result<()> {
    let data = Rc::into_raw(opened.clone()).cast_mut().cast();
    // SAFETY: `data` is what `at_end` takes, once.
    check_status!(unsafe { sys::napi_add_env_cleanup_hook(env.raw(), Some(at_end), data) })
}

fn unhook(env: Env, opened: &Rc<Opened>) -> Result<()> {
    let data = Rc::as_ptr(opened);
    let hook = data.cast_mut().cast();
    // SAFETY: the pair that `hook` has added.
    check_status!(unsafe { sys::napi_remove_env_cleanup_hook(env.raw(), Some(at_end), hook) })?;
    // SAFETY: the reference that `hook` made of this pointer, and that nobody takes any more.
    unsafe { Rc::decrement_strong_count(data) };
    Ok(())
}

unsafe extern "C" fn at_end(opened: *mut c_void) {
    // SAFETY: `hook` made it of an `Rc`, and Node calls a hook once.
    let opened = unsafe { Rc::from_raw(opened.cast_const().cast::<Opened>()) };
    opened.close(None);
}

/// Memory of a typed array, of which a reference is kept as long as the engine may touch it.
fn lend<T>(start: *const T, length: usize) -> Result<Lent> {
    let start = start.cast_mut().cast::<u8>();
    if start.align_offset(size_of::<u64>()) != 0 {
        return Err(misuse("memory that is not aligned to 8 bytes"));
    }
    // SAFETY: the array is kept until its chunk is returned or the engine is closed, and JS keeps
    // to `ts/tape/layout.ts`.
    Ok(unsafe { Lent::new(start, length * size_of::<T>()) })
}

fn misuse(what: impl std::fmt::Display) -> Error {
    Error::new(Status::InvalidArg, what.to_string())
}
