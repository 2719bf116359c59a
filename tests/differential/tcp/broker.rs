//! A real Kafka broker of our own, or the address of somebody else's.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// What the comparison needs of a broker. One thread each for network and requests, so that requests are taken up in the
/// order in which they come, over whatever connections.
const SETTINGS: [&str; 4] = [
    "num.network.threads=1",
    "num.io.threads=1",
    "group.min.session.timeout.ms=100",
    "group.coordinator.append.linger.ms=0",
];

static STARTED: AtomicU32 = AtomicU32::new(0);

/// Waits until nobody holds its input any more, then stops the broker and removes its folder. It does so too when this
/// process is killed, and is not meant itself when a terminal interrupts.
const GUARD: &str = r#"trap '' INT TERM HUP; cat >/dev/null; "$0" stop "$1"; rm -rf "$1""#;

/// A broker that `tests/kafka/broker/broker.sh` started; when dropped, it is stopped and its folder removed.
pub struct Broker {
    pub address: String,
    folder: PathBuf,
    guard: Child,
}

impl Broker {
    /// Starts one with more settings (`key=value`), which win.
    pub fn start(name: &str, settings: &[String]) -> Broker {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = format!("groupsim-tcp-{}-{number}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        let guard = Command::new("sh")
            .args(["-c", GUARD])
            .arg(script())
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("sh does not run: {error}"));
        // Made first, so that a broker that starts but is not understood is stopped too.
        let mut broker = Broker { address: String::new(), folder, guard };
        let ours = SETTINGS.iter().map(|setting| (*setting).to_owned());
        broker.address = broker.asked("start", ours.chain(settings.iter().cloned()));
        broker
    }

    /// Stops it and starts it again with what it has stored, on the same ports; `more` settings are added.
    pub fn restart(&mut self, more: &[String]) {
        self.address = self.asked("restart", more.iter().cloned());
    }

    fn asked(&self, verb: &str, settings: impl Iterator<Item = String>) -> String {
        let output = Command::new(script())
            .arg(verb)
            .arg(&self.folder)
            .args(settings)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .unwrap_or_else(|error| panic!("{} does not run: {error}", script().display()));
        assert!(output.status.success(), "broker.sh {verb} failed");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/broker/broker.sh")
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // It ends with the broker, or with the broker killed, in bounded time.
        let _ = self.guard.wait();
    }
}
