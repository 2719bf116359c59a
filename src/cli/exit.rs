//! Exit codes (`groupsim --help` lists them).

use std::process::ExitCode;

/// How the program ends. What only a comparison with a real cluster can come to is there in programs that can do it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Everything held.
    Held = 0,
    /// An expectation or oracle failed.
    Failed = 1,
    /// The command line or a scenario file is wrong.
    Usage = 2,
    /// Undecided: the run was cut short.
    Undecided = 3,
    /// Nothing to run.
    Nothing = 4,
    /// Simulator and real Kafka disagree.
    #[cfg(feature = "kafka")]
    Differs = 5,
    /// No usable cluster at the start.
    #[cfg(feature = "kafka")]
    NoCluster = 69,
    /// groupsim itself broke.
    Broken = 70,
    /// An output cannot be written.
    CannotWrite = 73,
    /// Interrupted.
    Interrupted = 130,
}

impl Exit {
    /// The order in which codes win if several apply; a wrong command line stops everything before the others can.
    const BY_WEIGHT: &[Exit] = &[
        Exit::Usage,
        Exit::Interrupted,
        Exit::Broken,
        Exit::CannotWrite,
        #[cfg(feature = "kafka")]
        Exit::NoCluster,
        #[cfg(feature = "kafka")]
        Exit::Differs,
        Exit::Failed,
        Exit::Undecided,
        Exit::Nothing,
        Exit::Held,
    ];

    /// The code that wins.
    pub fn heaviest(codes: impl IntoIterator<Item = Exit>) -> Exit {
        let codes: Vec<Exit> = codes.into_iter().collect();
        Exit::BY_WEIGHT.iter().copied().find(|code| codes.contains(code)).unwrap_or(Exit::Held)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// A command that could not do its work: a sentence for stderr, and the exit code.
#[derive(Debug)]
pub struct Failure {
    /// The code.
    pub exit: Exit,
    /// The sentence.
    pub message: String,
}

impl Failure {
    /// A failure with this code and sentence.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Failure { exit, message: message.into() }
    }

    /// Something on the command line or in a file is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure::new(Exit::Usage, message)
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_first_of_the_contract_s_order_wins() {
        let order = [130, 70, 73, 69, 5, 1, 3, 4, 0];
        let here = |code: &u8| cfg!(feature = "kafka") || ![69, 5].contains(code);
        let codes: Vec<u8> = Exit::BY_WEIGHT[1..].iter().map(|&e| e as u8).collect();
        assert_eq!(codes, order.into_iter().filter(here).collect::<Vec<_>>());
        assert_eq!(Exit::heaviest([Exit::Held, Exit::Undecided, Exit::Failed]), Exit::Failed);
        assert_eq!(Exit::heaviest([]), Exit::Held);
    }
}
