//! Plays the JS side over plain memory: lends it, writes records into a chunk, reads the ring.
#![allow(dead_code)] // Each test file uses its part.

mod events;
mod peers;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use repod_codec::tape::{CHUNK_HEADER, outbound};
use repod_net::{Engine, Lent, Settings};

pub use events::Event;
pub use peers::*;

/// Far beyond what anything here takes; reached, the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// Wake-ups that a test may leave unnoticed.
const WAKES: usize = 1 << 10;

pub type Id = (u32, u32);

pub struct Js {
    pub engine: Engine,
    ring: Vec<u64>,
    page: Vec<u64>,
    counters: Vec<Vec<u64>>,
    chunk: Vec<u64>,
    wakes: Receiver<()>,
    consumed: u64,
    committed: u64,
    /// Written in the chunk, and handed over of that.
    at: usize,
    flushed: usize,
    ranges: u32,
    requests: u32,
}

pub struct Setup {
    pub ring: usize,
    pub held_bytes: f64,
    pub codegen: bool,
    pub close_timeout: u32,
    pub max_frame_length: u32,
    /// How long the engine's call that wakes JS takes.
    pub wake_takes: Duration,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            ring: 1 << 16,
            held_bytes: 1e6,
            codegen: false,
            close_timeout: 5000,
            max_frame_length: 1 << 20,
            wake_takes: Duration::ZERO,
        }
    }
}

pub const ENDPOINT: u32 = 3;
/// Has nothing, so its QUIESCE is answered once everything before it is done.
const SYNC: u32 = 4;

impl Js {
    /// With one page of counters and the endpoint [`ENDPOINT`].
    pub fn open(setup: &Setup) -> Self {
        let mut js = Self::open_without_page(setup);
        js.lend_page();
        js
    }

    pub fn open_without_page(setup: &Setup) -> Self {
        let mut ring = vec![0; setup.ring / 8];
        let mut page = vec![0; 32];
        let mut chunk = vec![0; 1 << 18];
        // Allocates here, once: the engine's allocations are counted.
        let (wake, wakes) = sync_channel(WAKES);
        let codegen = f64::from(u8::from(setup.codegen));
        let numbers = [
            setup.held_bytes,
            codegen,
            64.,
            65536.,
            65536.,
            512.,
            64.,
            256.,
            8.,
            3.,
        ];
        let settings = Settings::from_numbers(&numbers);
        let wake_takes = setup.wake_takes;
        let wake = Box::new(move || {
            let sent = wake.try_send(()).is_ok();
            std::thread::sleep(wake_takes);
            sent
        });
        let engine = Engine::open(lend(&mut ring), lend(&mut page), settings, wake).unwrap();
        engine.lend_chunk(1, lend(&mut chunk)).unwrap();
        let mut js = Self {
            engine,
            ring,
            page,
            counters: Vec::new(),
            chunk,
            wakes,
            consumed: 0,
            committed: 0,
            at: CHUNK_HEADER,
            flushed: CHUNK_HEADER,
            ranges: 0,
            requests: 0,
        };
        js.endpoint(ENDPOINT, setup);
        js.endpoint(SYNC, setup);
        js
    }

    pub fn lend_page(&mut self) {
        let mut words = vec![0; 2048];
        let page = u32::try_from(self.counters.len()).unwrap();
        self.engine.lend_page(page, lend(&mut words)).unwrap();
        self.counters.push(words);
    }

    pub fn endpoint(&mut self, endpoint: u32, setup: &Setup) {
        let limits = [setup.max_frame_length, 64, 16384, 4096, 256, 64];
        let words = [&[endpoint, 0, 0][..], &limits, &[setup.close_timeout, 1]].concat();
        self.record(outbound::ENDPOINT, &words, &[]);
    }

    pub fn listen(&mut self) -> SocketAddr {
        let request = self.listen_on("127.0.0.1:0".parse().unwrap(), 0);
        match self.next() {
            Event::Result {
                request: answered,
                errno: 0,
                port,
            } if answered == request => SocketAddr::new([127, 0, 0, 1].into(), port),
            other => panic!("{other:?}"),
        }
    }

    pub fn listen_on(&mut self, address: SocketAddr, flags: u32) -> u32 {
        self.open_at(outbound::LISTEN, address, [flags, 511])
    }

    pub fn dial(&mut self, address: SocketAddr) -> u32 {
        self.open_at(outbound::DIAL, address, [0, 0])
    }

    fn open_at(&mut self, kind: u32, address: SocketAddr, [flags, backlog]: [u32; 2]) -> u32 {
        let request = self.request();
        let mut octets = [0; 16];
        let family = match address {
            SocketAddr::V4(v4) => {
                octets[..4].copy_from_slice(&v4.ip().octets());
                4
            }
            SocketAddr::V6(v6) => {
                octets = v6.ip().octets();
                6
            }
        };
        let words = [
            ENDPOINT,
            request,
            address.port().into(),
            family,
            0,
            flags,
            backlog,
        ];
        self.record(kind, &words, &octets);
        self.flush();
        request
    }

    pub fn quiesce(&mut self) -> u32 {
        self.ask(outbound::QUIESCE, ENDPOINT)
    }

    pub fn stop(&mut self) -> u32 {
        self.ask(outbound::STOP, ENDPOINT)
    }

    fn ask(&mut self, kind: u32, endpoint: u32) -> u32 {
        let request = self.request();
        self.record(kind, &[endpoint, request, 0], &[]);
        self.flush();
        request
    }

    /// Waits until the engine has done what it was told, and nothing else comes meanwhile.
    pub fn sync(&mut self) {
        let request = self.ask(outbound::QUIESCE, SYNC);
        let (errno, port) = (0, 0);
        assert_eq!(
            self.next(),
            Event::Result {
                request,
                errno,
                port
            }
        );
    }

    fn request(&mut self) -> u32 {
        self.requests += 1;
        self.requests
    }

    /// Writes a frame; `flush` sends it.
    pub fn write(&mut self, id: Id, payload: &[u8]) {
        let frame = frame(payload);
        let length = u32::try_from(frame.len()).unwrap();
        self.record(outbound::FRAME, &[id.0, id.1, length], &frame);
    }

    pub fn send(&mut self, id: Id, payload: &[u8]) {
        self.write(id, payload);
        self.flush();
    }

    pub fn send_all(&mut self, ids: &[Id], payload: &[u8]) {
        self.write_all(ids, payload);
        self.flush();
    }

    /// Writes a frame for several; `flush` sends it.
    pub fn write_all(&mut self, ids: &[Id], payload: &[u8]) {
        let mut frame = frame(payload);
        let length = u32::try_from(frame.len()).unwrap();
        frame.resize(frame.len().next_multiple_of(8), 0);
        for id in ids {
            frame.extend_from_slice(&id.0.to_le_bytes());
            frame.extend_from_slice(&id.1.to_le_bytes());
        }
        let count = u32::try_from(ids.len()).unwrap();
        self.record(outbound::FRAMES, &[count, 0, length], &frame);
    }

    pub fn control(&mut self, kind: u32, id: Id, word: u32) {
        self.record(kind, &[id.0, id.1, word], &[]);
        self.flush();
    }

    pub fn close(&mut self, id: Id, timeout: u32) {
        self.control(outbound::CLOSE, id, timeout);
    }

    pub fn release(&mut self, id: Id) {
        self.control(outbound::RELEASE, id, 0);
    }

    pub fn flush(&mut self) {
        let [from, to] = [self.flushed, self.at].map(|at| u32::try_from(at).unwrap());
        self.engine.flush(1, from, to).unwrap();
        self.flushed = self.at;
        self.ranges += 1;
    }

    fn record(&mut self, kind: u32, words: &[u32], bytes: &[u8]) {
        let length = (4 + words.len() * 4 + bytes.len()).next_multiple_of(8);
        if self.at + length > self.chunk.len() * 8 {
            self.wrap();
        }
        let head = kind | u32::try_from(length / 4).unwrap() << 8;
        let mut record = Vec::with_capacity(length);
        for word in [&[head], words].concat() {
            record.extend_from_slice(&word.to_le_bytes());
        }
        record.extend_from_slice(bytes);
        record.resize(length, 0);
        for (to, from) in self.chunk[self.at / 8..]
            .iter_mut()
            .zip(record.as_chunks().0)
        {
            *to = u64::from_le_bytes(*from);
        }
        self.at += length;
    }

    /// Starts the chunk again, once everything in it is done.
    fn wrap(&mut self) {
        if self.at > self.flushed {
            self.flush();
        }
        while counter(&self.chunk, 0).load(Ordering::Acquire) != self.ranges {
            std::thread::yield_now();
        }
        (self.at, self.flushed) = (CHUNK_HEADER, CHUNK_HEADER);
    }
}

impl Drop for Js {
    fn drop(&mut self) {
        // Before the memory that was lent.
        self.engine.close(None);
    }
}

fn lend(memory: &mut [u64]) -> Lent {
    // SAFETY: `Js` keeps the memory until the engine is closed, and reads only what is committed.
    unsafe { Lent::new(memory.as_mut_ptr().cast(), size_of_val(memory)) }
}

fn counter(memory: &[u64], word: usize) -> &AtomicU32 {
    assert!(word < memory.len() * 2);
    let at = memory.as_ptr().cast::<u32>().cast_mut();
    // SAFETY: checked to be within the memory.
    let at = unsafe { at.add(word) };
    // SAFETY: aligned, and shared by atomics alone while the engine may write it.
    unsafe { AtomicU32::from_ptr(at) }
}
