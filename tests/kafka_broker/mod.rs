//! A real broker for a test: started through `tests/kafka/broker/broker.sh`, stopped when it is dropped.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A running broker in a folder of its own.
pub struct Broker {
    address: String,
    folder: TempDir,
}

impl Broker {
    /// Starts a broker with these settings. None, said loudly, unless `GROUPSIM_KAFKA_BROKER=1`.
    pub fn start(settings: &[&str]) -> Option<Broker> {
        if std::env::var("GROUPSIM_KAFKA_BROKER").as_deref() != Ok("1") {
            eprintln!("SKIPPED: no real Kafka. GROUPSIM_KAFKA_BROKER=1 starts one (Java 17 or newer, Maven).");
            return None;
        }
        let folder = TempDir::with_prefix("groupsim-broker-").expect("a folder for the broker");
        let output = script("start", &folder).args(settings).stderr(Stdio::inherit()).output().expect("bash runs");
        assert!(output.status.success(), "the broker starts");
        let address = String::from_utf8(output.stdout).expect("an address").trim().to_owned();
        Some(Broker { address, folder })
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Stops it; what is left of it is only the address.
    pub fn stop(&self) {
        let status = script("stop", &self.folder).status().expect("bash runs");
        assert!(status.success(), "the broker stops");
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = script("stop", &self.folder).status();
    }
}

fn script(verb: &str, folder: &TempDir) -> Command {
    let script: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "kafka", "broker", "broker.sh"].iter().collect();
    let mut command = Command::new("bash");
    command.arg(script).arg(verb).arg(folder.path());
    command
}
