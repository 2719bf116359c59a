//! The cluster as such: topics made and deleted, settings and offsets asked for, records sent.
//!
//! Through librdkafka, so that the user's own settings (`security.protocol` and the like) hold here too. Every wait has a
//! bound, and everything that goes wrong is one sentence.

mod admin;
mod error;
mod members;
mod offsets;
mod produce;
mod wait;

use std::io;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use rdkafka::admin::AdminClient;
use rdkafka::client::{Client, ClientContext, DefaultClientContext};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, Producer as _, ProducerContext};

pub use error::ClusterError;
use error::code_of;
pub use produce::Appended;

use crate::kafka::wire::{Login, Seen, Watcher};

/// How long a cluster is looked for once the client library says that nobody is there: a broker may be starting.
const NOBODY_THERE: Duration = Duration::from_secs(2);

/// A Kafka cluster that has answered.
pub struct Cluster {
    bootstrap: String,
    config: ClientConfig,
    login: Login,
    patience: Duration,
    admin: AdminClient<DefaultClientContext>,
    /// For plain questions; nothing is sent through it.
    asker: BaseProducer<Complaints>,
}

/// The last thing that librdkafka complained about.
#[derive(Default)]
struct Complaints {
    last: Mutex<Option<Complaint>>,
}

#[derive(Clone)]
struct Complaint {
    /// Words of the last complaint about one broker.
    why: Option<String>,
    nobody_there: bool,
}

impl ClientContext for Complaints {
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, error: KafkaError, reason: &str) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let complaint = last.get_or_insert(Complaint { why: None, nobody_there: false });
        match code_of(&error) {
            Some(RDKafkaErrorCode::AllBrokersDown) => complaint.nobody_there = true,
            _ => complaint.why = Some(tidy(reason)),
        }
    }
}

impl ProducerContext for Complaints {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}

/// A reason without librdkafka's names for its own states: `NAME: why (after 0ms in state CONNECT, 1 identical error(s) ...)`.
fn tidy(reason: &str) -> String {
    let reason = reason.split_once(" (after ").map_or(reason, |(before, _)| before);
    let reason = reason.split_once("/bootstrap: ").map_or(reason, |(_, after)| after);
    reason.replace("ipv4#", "").replace("ipv6#", "")
}

impl Cluster {
    /// Looks for the cluster at `bootstrap` (`host:port`, several with commas). `properties` are further settings of librdkafka;
    /// `patience` is the longest wait for any one answer, now and later.
    ///
    /// # Errors
    /// [`ClusterError::Setting`], [`ClusterError::Unreachable`].
    pub fn connect(
        bootstrap: &str,
        properties: &[(String, String)],
        patience: Duration,
    ) -> Result<Cluster, ClusterError> {
        let login = Login::of(properties).ok_or_else(|| ClusterError::Setting {
            why:
                "groupsim can stand between members and a cluster only without TLS: security.protocol = plaintext, or \
                  sasl_plaintext with sasl.mechanisms = PLAIN"
                    .to_owned(),
        })?;
        let mut config = ClientConfig::new();
        config.set("client.id", "groupsim");
        // How long closing a handle waits for a broker that is gone. librdkafka takes no less than 1,500 ms.
        config.set("socket.timeout.ms", patience.max(Duration::from_secs(2)).as_millis().to_string());
        for (key, value) in properties {
            config.set(key, value);
        }
        config.set("bootstrap.servers", bootstrap);
        config.set_log_level(RDKafkaLogLevel::Emerg);
        let setting = |error: KafkaError| ClusterError::of("connecting", &error);
        let asker: BaseProducer<Complaints> = config.create_with_context(Complaints::default()).map_err(setting)?;
        let admin = config.create().map_err(setting)?;
        let cluster = Cluster { bootstrap: bootstrap.to_owned(), config, login, patience, admin, asker };
        cluster.look()?;
        Ok(cluster)
    }

    /// `bootstrap.servers`.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Whether the cluster answers.
    pub fn is_alive(&self) -> bool {
        self.client().fetch_metadata(None, self.patience.min(Duration::from_secs(5))).is_ok()
    }

    /// Watches a group here, as [`Watcher::start`] does.
    ///
    /// # Errors
    /// This machine gives no thread.
    pub fn watch(&self, source: usize, group: &str, seen: mpsc::Sender<Seen>) -> io::Result<Watcher> {
        Watcher::start_as(&self.bootstrap, self.login.clone(), source, group, seen)
    }

    fn client(&self) -> &Client<Complaints> {
        self.asker.client()
    }

    /// Waits for a first answer.
    fn look(&self) -> Result<(), ClusterError> {
        let begin = Instant::now();
        loop {
            let left = self.patience.saturating_sub(begin.elapsed());
            let failed = match self.client().fetch_metadata(None, left.min(Duration::from_millis(500))) {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            self.asker.poll(Duration::ZERO);
            let complaint = self.client().context().last.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let nobody = complaint.as_ref().is_some_and(|complaint| complaint.nobody_there);
            let refused = failed
                .rdkafka_error_code()
                .is_some_and(|code| !matches!(ClusterError::of_code("", code), ClusterError::Lost { .. }));
            if begin.elapsed() >= self.patience || refused || (nobody && begin.elapsed() >= NOBODY_THERE) {
                let silence =
                    format!("nothing there answers as a Kafka broker does within {} s", self.patience.as_secs());
                let why = complaint.and_then(|complaint| complaint.why).unwrap_or(silence);
                return Err(ClusterError::Unreachable { bootstrap: self.bootstrap.clone(), why });
            }
        }
    }
}
