//! The process of one member: a real librdkafka consumer in the application loop that a scenario describes.
//!
//! [`main`] is the hidden subcommand `groupsim cross-check-member`. It reads its [`Settings`] as one line of JSON on stdin and
//! then [`Order`]s, a line each; it writes [`Report`]s to stdout, a line each, stamped with the machine's monotonic clock.
//! It never outlives its parent: when stdin ends, it ends at once.

mod application;
mod commits;
mod consumer;
mod handler;
mod orders;
mod reporter;
mod talk;
mod until_end;

pub use talk::{Fault, Order, Place, Report, Settings, Told};

use orders::Orders;
use reporter::Reporter;

/// Runs the process of a member, in a program that does nothing else. Gives whether it ended cleanly.
pub fn main() -> bool {
    let reporter = Reporter::stdout();
    die_with_parent();
    report_panics(reporter.clone());
    let Some((settings, orders)) = Orders::from_stdin() else { return false };
    reporter.say(Told::Ready);
    if !orders.wait_for_go() {
        return false;
    }
    application::run(&settings, &orders, &reporter).is_ok()
}

/// A frozen process does not see the end of its stdin; the kernel takes care of that one.
fn die_with_parent() {
    #[cfg(target_os = "linux")]
    {
        // Where that cannot be had, the end of stdin has to do.
        let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    }
}

fn report_panics(reporter: Reporter) {
    std::panic::set_hook(Box::new(move |panic| {
        reporter.say(Told::Broken { text: panic.to_string() });
        std::process::exit(70);
    }));
}
