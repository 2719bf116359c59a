//! Kafka's own coordinator, as a child process.

use crate::peer::{Answer, Peer, Reply};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The harness of `tests/kafka`; killed when dropped.
pub struct Kafka {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    line: String,
}

impl Kafka {
    /// Starts the harness, which builds itself first if need be.
    pub fn start() -> Kafka {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/harness.sh");
        let mut child = Command::new(&script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", script.display()));
        let to = child.stdin.take().expect("stdin is piped");
        let from = BufReader::new(child.stdout.take().expect("stdout is piped"));
        Kafka { child, to, from, line: String::new() }
    }

    fn read(&mut self) -> Value {
        self.line.clear();
        let read = self.from.read_line(&mut self.line).expect("the harness can be read");
        assert!(read > 0, "the harness has ended");
        serde_json::from_str(&self.line).expect("the harness writes JSON")
    }
}

impl Peer for Kafka {
    fn command(&mut self, command: &Value) -> Result<Reply, String> {
        let mut line = serde_json::to_vec(command).expect("a command is JSON");
        line.push(b'\n');
        self.to.write_all(&line).and_then(|()| self.to.flush()).expect("the harness can be written to");
        let mut reply = Reply::default();
        let mut error = None;
        loop {
            let mut said = self.read();
            let t = said["t"].as_u64();
            if let Some(text) = said["error"].as_str() {
                error = Some(text.to_owned());
            } else if !said["done"].is_null() {
                reply.t = t.expect("a time");
                reply.next = said["next"].as_u64();
                return error.map_or(Ok(reply), Err);
            } else {
                let id = said["id"].as_u64().expect("an answer has an id");
                reply.answers.push(Answer { t: t.expect("a time"), id, body: said["answer"].take() });
            }
        }
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        // It may be gone already; either way nothing is left behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
