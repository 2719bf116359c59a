//! The last words about a run that did not hold: what broke, when first, why, and what to paste.

use super::shell::quote;
use super::summary::{BAD, NOTE, paint};
use super::{Expectation, RunReport, Verdict};
use crate::ids::Seq;
use crate::oracle::{Class, Finding};
use crate::time::{Duration, Instant};
use std::fmt::Write;

/// The epilogue, or `None` if nothing broke.
pub fn epilogue(report: &RunReport) -> Option<String> {
    let text = match report.verdict() {
        Verdict::Held | Verdict::Undecided => return None,
        Verdict::Failed => failed(report),
        Verdict::Broken => broken(report),
    };
    Some(text)
}

fn failed(report: &RunReport) -> String {
    let mut text = format!("{}  {}  seed {}\n", paint(BAD, "FAIL"), report.file, report.seed);
    let broken = report.broken();
    let width = broken.iter().map(|e| e.judged.text.chars().count()).max().unwrap_or(0);
    for expectation in &broken {
        let judged = &expectation.judged;
        let _ = write!(text, "  {:<10}  {:<width$}  got {}", judged.list, judged.text, judged.measured);
        if let Some(at) = judged.first_broken {
            let _ = write!(text, "   first broken at t={at}");
            if let Some(seq) = judged.seq {
                let _ = write!(text, "  e{seq}");
            }
        }
        text.push('\n');
        if let Some(why) = &judged.note {
            let _ = writeln!(text, "      {}", paint(NOTE, why));
        }
    }
    if let Some(first) = broken.first() {
        commands(&mut text, report, Place::of(first));
    }
    text
}

fn broken(report: &RunReport) -> String {
    let mut text = format!("{}  {}  seed {}\n", paint(BAD, "BROKEN"), report.file, report.seed);
    text.push_str(
        "  this is a fault of groupsim, not of the scenario; please report it with the line to reproduce it\n",
    );
    if let Some(breakage) = &report.breakage {
        let _ = writeln!(text, "  {breakage}");
    }
    let model: Vec<&Finding> = report.outcome.findings.iter().filter(|f| f.class == Class::Model).collect();
    for finding in model.iter().take(10) {
        let _ = writeln!(text, "  {} {}   at t={}  e{}", finding.oracle, finding.what, finding.at, finding.seq);
        let _ = writeln!(text, "      {}", paint(NOTE, &finding.sentence));
    }
    if model.len() > 10 {
        let _ = writeln!(text, "  and {} more", model.len() - 10);
    }
    let place = match model.first() {
        Some(finding) => Place { at: Some(finding.at), seq: Some(finding.seq), early: true },
        None => Place { at: None, seq: None, early: false },
    };
    commands(&mut text, report, place);
    text
}

/// Where to look.
struct Place {
    at: Option<Instant>,
    seq: Option<Seq>,
    /// Whether a run that ends just after `at` fails too.
    early: bool,
}

impl Place {
    fn of(first: &Expectation) -> Place {
        Place { at: first.judged.first_broken, seq: first.judged.seq, early: first.shows_early }
    }
}

fn commands(text: &mut String, report: &RunReport, place: Place) {
    let mut target = format!("{} --seed {}", quote(&report.file), report.seed);
    for set in &report.sets {
        let _ = write!(target, " --set {}", quote(set));
    }
    let until = place.at.filter(|_| place.early).map(just_after).filter(|&t| t < Instant::ZERO + report.run_for);
    let until = until.map(|t| format!(" --until {t}")).unwrap_or_default();
    let _ = writeln!(text, "  reproduce:  groupsim run {target}{until}");
    if let Some(at) = place.at {
        let _ = writeln!(text, "  state:      groupsim describe {target} --at {at}");
    }
    if let Some(seq) = place.seq {
        let _ = writeln!(text, "  picture:    groupsim chart {target} --around e{seq} -o fail.svg");
    } else if report.breakage.is_none() {
        let _ = writeln!(text, "  picture:    groupsim chart {target} -o fail.svg");
    }
}

/// The next whole second after `at`.
fn just_after(at: Instant) -> Instant {
    Instant::ZERO + Duration::from_secs(at.as_us() / 1_000_000 + 1)
}
