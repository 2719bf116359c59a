//! A real Kafka broker of our own, or the address of somebody else's.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
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

/// A broker that `tests/kafka/broker/broker.sh` started; stopped when dropped, and its folder removed.
pub struct Broker {
    pub address: String,
    folder: PathBuf,
}

impl Broker {
    /// Starts one with more settings (`key=value`), which win.
    pub fn start(name: &str, settings: &[String]) -> Broker {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = format!("groupsim-tcp-{}-{number}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        // Made first, so that a broker that starts but is not understood is stopped too.
        let mut broker = Broker { address: String::new(), folder };
        broker.address =
            broker.script("start", SETTINGS.iter().map(|s| (*s).to_owned()).chain(settings.iter().cloned()));
        broker
    }

    /// Stops it and starts it again with what it has stored, on the same ports; `more` settings are added.
    pub fn restart(&mut self, more: &[String]) {
        self.address = self.script("restart", more.iter().cloned());
    }

    fn script(&self, verb: &str, settings: impl Iterator<Item = String>) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/broker/broker.sh");
        let output = Command::new(&script)
            .arg(verb)
            .arg(&self.folder)
            .args(settings)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .unwrap_or_else(|error| panic!("{} does not run: {error}", script.display()));
        assert!(output.status.success(), "broker.sh {verb} failed");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.script("stop", std::iter::empty());
        // What it wrote is of no use any more; if it cannot be removed, it lies in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
