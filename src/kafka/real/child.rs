//! A member's process, as its parent sees it.

use crate::kafka::member::{Order, Report, Settings};
use crate::kafka::wire::Proxy;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// What comes from the process of a life: a report, or its end.
pub type FromChild = (usize, Option<Report>);

/// How long a killed process may take to be gone.
const DEATH: Duration = Duration::from_secs(10);

/// A running process. Dropping it kills it.
pub struct Running {
    /// Which life.
    pub life: usize,
    child: Child,
    stdin: Option<ChildStdin>,
    proxy: Option<Proxy>,
}

impl Running {
    /// Spawns a process that waits for `go`.
    pub fn spawn(
        program: &Path,
        settings: &Settings,
        life: usize,
        proxy: Proxy,
        to: Sender<FromChild>,
    ) -> io::Result<Running> {
        let mut command = Command::new(program);
        command.arg("cross-check-member").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // Ctrl-C is for the parent, which takes care of its children.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let mut running = Running { life, child, stdin, proxy: Some(proxy) };
        running.write(&serde_json::to_string(settings).map_err(io::Error::other)?)?;
        let Some(stdout) = stdout else { return Err(io::Error::other("the process has no stdout")) };
        std::thread::Builder::new().name(format!("life {life}")).spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { break };
                if let Ok(report) = serde_json::from_str(&line)
                    && to.send((life, Some(report))).is_err()
                {
                    return;
                }
            }
            let _ = to.send((life, None));
        })?;
        Ok(running)
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        stdin.write_all(line.as_bytes())?;
        stdin.write_all(b"\n")?;
        stdin.flush()
    }

    /// Gives an order. A process that is gone, or going, does not take it; that shows elsewhere.
    pub fn order(&mut self, order: Order) {
        if let Ok(line) = serde_json::to_string(&order) {
            let _ = self.write(&line);
        }
    }

    /// Cuts it off the network, or heals that.
    pub fn cut(&self, cut: bool) {
        if let Some(proxy) = &self.proxy {
            proxy.cut(cut);
        }
    }

    /// SIGSTOP, or SIGCONT.
    pub fn freeze(&self, frozen: bool) {
        let signal = if frozen { Signal::STOP } else { Signal::CONT };
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }

    /// SIGKILL; back when the process is gone, or cannot be killed in ten seconds.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        self.wait(DEATH);
    }

    /// Waits until the process is gone; false if it takes longer than `patience`.
    pub fn wait(&mut self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_micros(500)),
                Ok(None) => return false,
                Ok(Some(_)) | Err(_) => return true,
            }
        }
    }

    /// The process is gone; what it had sent is still on its way through its proxy.
    pub fn into_proxy(mut self) -> Option<Proxy> {
        self.proxy.take()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}
