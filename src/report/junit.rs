//! JUnit XML: one suite for a scenario, one case for an expectation.

use super::{Fate, RunReport, Verdict};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// The XML document over several runs. It holds no wall time, so that equal runs give equal files.
pub fn document(reports: &[RunReport]) -> String {
    let mut all = Report::new("groupsim");
    for report in reports {
        let mut suite = TestSuite::new(report.file.clone());
        suite.add_property(("name", report.name.as_str()));
        suite.add_property(("seed", report.seed.to_string().as_str()));
        suite.add_property(("trace_hash", report.hash.to_string().as_str()));
        suite.add_property(("verdict", report.verdict().word()));
        for expectation in &report.expectations {
            let judged = &expectation.judged;
            let status = match expectation.fate {
                Fate::Held => TestCaseStatus::success(),
                Fate::Undecided => {
                    let mut status = TestCaseStatus::skipped();
                    status.set_message("not judged: the run ended before its end");
                    status
                }
                Fate::Broken => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    let at = judged.first_broken.map(|at| format!(", first broken at t={at}")).unwrap_or_default();
                    status.set_message(format!("got {}{at}, seed {}", judged.measured, report.seed));
                    if let Some(note) = &judged.note {
                        status.set_description(note.clone());
                    }
                    status
                }
            };
            let mut case = TestCase::new(format!("{}: {}", judged.list, judged.text), status);
            case.set_classname(report.file.clone());
            suite.add_test_case(case);
        }
        if let Some(case) = whole_run(report) {
            suite.add_test_case(case);
        }
        all.add_test_suite(suite);
    }
    all.to_string().unwrap_or_default()
}

/// A case for the run as a whole, where expectations do not tell its verdict.
fn whole_run(report: &RunReport) -> Option<TestCase> {
    let status = match report.verdict() {
        Verdict::Broken => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            let model = report.outcome.findings.iter().find(|f| f.class == crate::oracle::Class::Model);
            let message = report.breakage.clone().or_else(|| model.map(|f| f.sentence.clone())).unwrap_or_default();
            status.set_message(format!("groupsim broke, seed {}: {message}", report.seed));
            status
        }
        _ if report.expectations.is_empty() => TestCaseStatus::success(),
        _ => return None,
    };
    let mut case = TestCase::new("the run", status);
    case.set_classname(report.file.clone());
    Some(case)
}
