//! The media thread: a wheel of 5 slots turned every 4 ms by absolute deadlines, so that packets leave evenly.
//!
//! A stream sits in one slot and is served every 20 ms. Nothing here waits for anything but the clock.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

use rustix::buffer::spare_capacity;
use rustix::event::epoll;
use rustix::fd::OwnedFd;
use rustix::thread::ClockId;
use rustix::time::Timespec;
use thread_priority::unix::{RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id};
use thread_priority::{ThreadPriority, ThreadPriorityValue};

use crate::base::{Context as _, Result};

use super::clock::now;
use super::command::{Command, Inbox, QUEUE};
use super::order::Order;
use super::stream::{MOST_BYTES, Stream};

/// Slots of the wheel. Twice as many would cost twice the wake-ups and make the pace no more even.
const SLOTS: usize = 5;
/// Reports of far ends that are taken in one turn; the others have to wait for the next.
const MOST_REPORTS: usize = 32;
/// Time of a slot.
const SLOT: u64 = 20 * MILLISECOND / SLOTS as u64;
const MILLISECOND: u64 = 1_000_000;
/// When the machine stood still for longer, the missed turns are skipped: a burst of old packets helps nobody.
const MOST_BEHIND: u64 = 100 * MILLISECOND;
/// Real-time priority; anything above zero is served before all ordinary threads.
const PRIORITY: u8 = 5;

/// Starts the thread. It ends when the last inbox is gone.
pub(super) fn start(realtime: bool) -> Result<Inbox> {
    let (sender, commands) = sync_channel(QUEUE);
    let reports = epoll::create(epoll::CreateFlags::CLOEXEC).context("cannot watch for RTCP")?;
    let run = move || {
        if realtime {
            ask_for_priority();
        }
        // Wake-ups to the microsecond instead of 50; without it the wheel still turns.
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1000));
        Wheel::new(reports).turn(&commands);
    };
    std::thread::Builder::new().name("rtp".into()).spawn(run).context("cannot start the media thread")?;
    Ok(Inbox(sender))
}

fn ask_for_priority() {
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    let value = ThreadPriorityValue::try_from(PRIORITY).map(ThreadPriority::Crossplatform);
    let asked = value.map(|priority| set_thread_priority_and_policy(thread_native_id(), priority, policy));
    match asked {
        Ok(Ok(())) => tracing::info!("The media thread runs with real-time priority (SCHED_FIFO)"),
        _ => tracing::warn!(
            "The media thread runs without real-time priority: audio may stutter under load. Grant CAP_SYS_NICE or LimitRTPRIO=5 to mend it"
        ),
    }
}

fn sleep_until(deadline: u64) {
    let until = Timespec {
        tv_sec: i64::try_from(deadline / 1_000_000_000).unwrap_or(i64::MAX),
        tv_nsec: i64::try_from(deadline % 1_000_000_000).unwrap_or(0),
    };
    // Interrupted by a signal: the turn comes a little early, the next one is on time again.
    let _ = rustix::thread::clock_nanosleep_absolute(ClockId::Monotonic, &until);
}

struct Wheel {
    slots: [Vec<Stream>; SLOTS],
    /// Which slot a stream sits in.
    places: HashMap<u64, usize>,
    /// Watches the RTCP sockets of all streams: a report comes once in seconds, so asking each socket in each tick would be a waste.
    reports: OwnedFd,
    /// For packets as they come.
    buffer: Box<[u8; MOST_BYTES]>,
}

impl Wheel {
    fn new(reports: OwnedFd) -> Self {
        Self { slots: std::array::from_fn(|_| Vec::new()), places: HashMap::new(), reports, buffer: Box::new([0; MOST_BYTES]) }
    }

    fn turn(mut self, commands: &Receiver<Command>) {
        let mut deadline = now();
        let mut slot = 0;
        let mut ready = Vec::with_capacity(MOST_REPORTS);
        loop {
            if self.places.is_empty() {
                // Nothing to pace: sleep until somebody calls.
                let Ok(command) = commands.recv() else { return };
                self.obey(command);
                deadline = now();
            }
            deadline += SLOT;
            sleep_until(deadline);
            let at = now();
            if at.saturating_sub(deadline) > MOST_BEHIND {
                deadline = at;
            }
            if !self.obey_all(commands) {
                return;
            }
            slot = (slot + 1) % SLOTS;
            for stream in &mut self.slots[slot] {
                stream.tick(&mut self.buffer);
            }
            self.take_reports(&mut ready);
        }
    }

    /// Lets the streams to which RTCP has come read it.
    fn take_reports(&mut self, ready: &mut Vec<epoll::Event>) {
        // A failure is an interrupted call; the next turn asks again.
        if epoll::wait(&self.reports, spare_capacity(ready), Some(&Timespec::default())).is_err() {
            return;
        }
        for event in ready.drain(..) {
            let id = event.data.u64();
            let Some(slot) = self.places.get(&id) else { continue };
            if let Some(stream) = self.slots[*slot].iter_mut().find(|stream| stream.id() == id) {
                stream.receive_reports(&mut self.buffer);
            }
        }
    }

    /// Takes all commands that wait. False when nobody can send any more.
    fn obey_all(&mut self, commands: &Receiver<Command>) -> bool {
        loop {
            match commands.try_recv() {
                Ok(command) => self.obey(command),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Add(stream) => {
                let emptiest = (0..SLOTS).min_by_key(|slot| self.slots[*slot].len()).unwrap_or(0);
                self.places.insert(stream.id(), emptiest);
                // The kernel forgets the socket when it is closed with its stream.
                let watched = epoll::add(&self.reports, stream.reports(), epoll::EventData::new_u64(stream.id()), epoll::EventFlags::IN);
                if let Err(error) = watched {
                    tracing::warn!(media.session = stream.id(), %error, "Reports of a far end cannot be read");
                }
                self.slots[emptiest].push(*stream);
            }
            Command::To(id, Order::Close(reply)) => {
                let Some(slot) = self.places.remove(&id) else { return };
                if let Some(at) = self.slots[slot].iter().position(|stream| stream.id() == id) {
                    let stats = self.slots[slot].swap_remove(at).close();
                    drop(reply.send(stats));
                }
            }
            Command::To(id, order) => {
                let Some(slot) = self.places.get(&id) else { return };
                if let Some(stream) = self.slots[*slot].iter_mut().find(|stream| stream.id() == id) {
                    stream.obey(order);
                }
            }
        }
    }
}
