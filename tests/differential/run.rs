//! Playing a sequence to two coordinators side by side, and making a failing one small.

use crate::compare::{Difference, difference};
use crate::ours::Ours;
use crate::peer::{Peer, Reply};
use crate::resolve::resolve;
use crate::step::Step;
use crate::view::View;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A command and what Kafka said to it.
#[derive(Clone, Debug)]
pub struct Played {
    pub command: Value,
    pub kafka: Reply,
}

/// A difference, and everything up to the command that showed it.
#[derive(Debug)]
pub struct Mismatch {
    pub difference: Difference,
    pub played: Vec<Played>,
}

/// Sends one command to both. `Ok(None)`: the reference could not carry it out, so that it says nothing.
pub fn compare(
    reference: &mut dyn Peer,
    ours: &mut Ours,
    command: &Value,
) -> Result<Option<Reply>, Box<(Reply, Difference)>> {
    let Ok(kafka) = reference.command(command) else { return Ok(None) };
    ours.follow(command, &kafka);
    let said = catch_unwind(AssertUnwindSafe(|| ours.command(command)))
        .unwrap_or_else(|panic| Err(format!("panic: {}", text_of(&*panic))));
    let difference = match said {
        Ok(said) => difference(&kafka, &said),
        Err(error) => Some(Difference { signature: format!("ours: {error}"), kafka: None, ours: None }),
    };
    match difference {
        None => Ok(Some(kafka)),
        Some(difference) => Err(Box::new((kafka, difference))),
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("")
}

/// A sequence being played.
pub struct Run<'a> {
    reference: &'a mut dyn Peer,
    ours: Ours,
    pub view: View,
    pub played: Vec<Played>,
    /// The reference could not carry out a command; nothing more can be learnt.
    pub ended: bool,
}

impl<'a> Run<'a> {
    pub fn new(reference: &'a mut dyn Peer, config: &Value) -> Run<'a> {
        let mut run = Run { reference, ours: Ours::new(), view: View::default(), played: Vec::new(), ended: false };
        run.send(config).expect("a fresh coordinator says nothing");
        run
    }

    /// Plays one step.
    pub fn step(&mut self, step: &Step) -> Result<(), Box<Mismatch>> {
        let Some(resolved) = resolve(step, &mut self.view).filter(|_| !self.ended) else { return Ok(()) };
        let reply = self.send(&resolved.command)?;
        if let Some(then) = &resolved.then {
            self.send(then)?;
        }
        if let (Some((group, slot)), Some(reply), Step::Heartbeat { .. } | Step::Commit { .. }) =
            (resolved.from, reply, step)
        {
            self.view.told_by(&reply, group, slot);
        }
        Ok(())
    }

    fn send(&mut self, command: &Value) -> Result<Option<Reply>, Box<Mismatch>> {
        match compare(self.reference, &mut self.ours, command) {
            Ok(None) => {
                self.ended = true;
                Ok(None)
            }
            Ok(Some(kafka)) => {
                self.view.learn(&kafka);
                self.played.push(Played { command: command.clone(), kafka: kafka.clone() });
                Ok(Some(kafka))
            }
            Err(differs) => {
                let (kafka, difference) = *differs;
                let mut played = std::mem::take(&mut self.played);
                played.push(Played { command: command.clone(), kafka });
                Err(Box::new(Mismatch { difference, played }))
            }
        }
    }
}

fn replay(reference: &mut dyn Peer, config: &Value, steps: &[Step]) -> Option<Box<Mismatch>> {
    let mut run = Run::new(reference, config);
    steps.iter().find_map(|step| run.step(step).err())
}

/// The smallest part of a sequence found that still shows the same difference.
pub fn shrink(
    reference: &mut dyn Peer,
    config: &Value,
    mut steps: Vec<Step>,
    mut found: Box<Mismatch>,
) -> Box<Mismatch> {
    let signature = found.difference.signature.clone();
    let mut fails =
        |steps: &[Step]| replay(reference, config, steps).filter(|mismatch| mismatch.difference.signature == signature);
    let mut size = steps.len().div_ceil(2);
    loop {
        let mut at = 0;
        let mut removed = false;
        while at < steps.len() {
            let end = (at + size).min(steps.len());
            let without = [&steps[..at], &steps[end..]].concat();
            match fails(&without) {
                Some(mismatch) => {
                    (found, steps, removed) = (mismatch, without, true);
                }
                None => at = end,
            }
        }
        if size > 1 {
            size = size.div_ceil(2);
        } else if !removed {
            return found;
        }
    }
}
