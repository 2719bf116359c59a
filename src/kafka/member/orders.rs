//! Orders from the parent.

use super::talk::{Fault, Order, Settings};
use std::io::BufRead;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

/// How long a process waits for its first line.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct State {
    go: bool,
    stop: bool,
    fault: Fault,
}

/// What the parent wants, as it stands now.
#[derive(Clone, Default)]
pub struct Orders(Arc<(Mutex<State>, Condvar)>);

impl Orders {
    /// The settings, and the orders that follow them. When stdin ends, the process ends.
    pub fn from_stdin() -> Option<(Settings, Orders)> {
        let (send, receive) = mpsc::channel();
        let orders = Orders::default();
        let listener = orders.clone();
        std::thread::spawn(move || {
            let mut lines = std::io::stdin().lock().lines();
            if let Some(Ok(line)) = lines.next() {
                if let Ok(settings) = serde_json::from_str::<Settings>(&line) {
                    listener.give(Order::Handler(settings.fault));
                    let _ = send.send(settings);
                }
                while let Some(Ok(line)) = lines.next() {
                    if let Ok(order) = serde_json::from_str(&line) {
                        listener.give(order);
                    }
                }
            }
            std::process::exit(0);
        });
        let settings = receive.recv_timeout(PATIENCE).ok()?;
        Some((settings, orders))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an order.
    pub fn give(&self, order: Order) {
        let mut state = self.state();
        match order {
            Order::Go => state.go = true,
            Order::Handler(fault) => state.fault = fault,
            Order::Stop => (state.stop, state.go) = (true, true),
        }
        self.0.1.notify_all();
    }

    /// Waits for `go`; false if it does not come in an hour.
    pub fn wait_for_go(&self) -> bool {
        let waited = self.0.1.wait_timeout_while(self.state(), Duration::from_secs(3_600), |state| !state.go);
        waited.is_ok_and(|(state, _)| state.go)
    }

    /// Whether a clean shutdown is asked for.
    pub fn stopping(&self) -> bool {
        self.state().stop
    }

    /// What is wrong with the handler now.
    pub fn fault(&self) -> Fault {
        self.state().fault
    }

    /// Sleeps for `time`, or until the fault is no longer `known`. Gives the fault.
    pub fn sleep(&self, time: Duration, known: Fault) -> Fault {
        let waited = self.0.1.wait_timeout_while(self.state(), time, |state| state.fault == known);
        waited.map_or(known, |(state, _)| state.fault)
    }
}
