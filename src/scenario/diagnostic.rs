//! What is wrong with a scenario file, where, and what would be right.

use super::codes::Code;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// A lint: the file can be run.
    Warning,
    /// The file cannot be run.
    Error,
}

impl Severity {
    /// `error` or `warning`.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A text that diagnostics point into: the file, or one `--set` argument.
#[derive(PartialEq, Eq, Debug)]
pub struct Source {
    /// The file's name as given, or `--set KEY=VALUE`.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The text as it is shown: what would command a terminal is a question mark, byte for byte.
    pub shown: String,
    /// Whether it is a file, so that a line and a column say something.
    pub is_file: bool,
}

impl Source {
    /// A file, or a `--set` argument.
    pub fn new(name: String, text: String, is_file: bool) -> Self {
        let harmless = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        let shown = if text.chars().all(harmless) {
            text.clone()
        } else {
            let mask = |c: char| if harmless(c) { c.to_string() } else { "?".repeat(c.len_utf8()) };
            text.chars().map(mask).collect()
        };
        Source { name, text, shown, is_file }
    }
}

/// A message in one line, whatever names of the file it repeats: control characters are written as escapes.
pub(super) fn tame(message: String) -> String {
    if !message.contains(char::is_control) {
        return message;
    }
    message.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// One mistake or lint. It is a [`miette::Diagnostic`]; [`Diagnostic::one_line`] is the short form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Which kind of mistake; `groupsim explain` expands it.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// Where: the text that `span` is about.
    pub source: Arc<Source>,
    /// Bytes of the offending token in `source.text`.
    pub span: Range<usize>,
    /// What would be right.
    pub help: Option<String>,
}

/// Longest line that is shown, with a caret or as its neighbour; near a longer one there is the one-line form only.
const MAX_SHOWN_LINE: usize = 400;

impl Diagnostic {
    /// Line and column (in characters) of the token, both from 1.
    pub fn line_and_column(&self) -> (usize, usize) {
        line_and_column(&self.source.text, self.span.start)
    }

    /// `file:line:col: error[GS010]: message`; without line and column if it is about the file as a whole.
    pub fn one_line(&self) -> String {
        let (severity, code) = (self.severity.name(), self.code.name());
        if !self.source.is_file || self.source.text.is_empty() {
            return format!("{}: {severity}[{code}]: {}", self.source.name, self.message);
        }
        let (line, column) = self.line_and_column();
        format!("{}:{line}:{column}: {severity}[{code}]: {}", self.source.name, self.message)
    }

    /// With the line, a caret under the token, and help; in colour or without.
    pub fn render(&self, colour: bool) -> String {
        if self.source.text.is_empty() || self.longest_shown_line() > MAX_SHOWN_LINE {
            let help = self.help.as_ref().map(|help| format!("  help: {help}\n")).unwrap_or_default();
            return format!("{}\n{help}", self.one_line());
        }
        let theme = if colour { miette::GraphicalTheme::unicode() } else { miette::GraphicalTheme::unicode_nocolor() };
        let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(110).with_links(false);
        let mut text = String::new();
        if handler.render_report(&mut text, self).is_err() {
            return self.one_line();
        }
        text
    }

    /// Of the token's line and its two neighbours.
    fn longest_shown_line(&self) -> usize {
        let (text, at) = (self.source.text.as_bytes(), self.span.start.min(self.source.text.len()));
        let before = text[..at].rsplit(|&b| b == b'\n').map(<[u8]>::len);
        let after = text[at..].split(|&b| b == b'\n').map(<[u8]>::len);
        before.take(2).chain(after.take(2)).max().unwrap_or(0)
    }
}

/// Line and column (in characters) of byte `at` of `text`, both from 1.
pub(super) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &miette::SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
        let contents = self.shown.read_span(span, before, after)?;
        Ok(Box::new(miette::MietteSpanContents::new_named(
            self.name.clone(),
            contents.data(),
            *contents.span(),
            contents.line(),
            contents.column(),
            contents.line_count(),
        )))
    }
}

impl miette::Diagnostic for Diagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code.name()))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        if self.source.text.is_empty() { None } else { Some(&*self.source) }
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        if self.source.text.is_empty() {
            return None;
        }
        Some(Box::new(std::iter::once(miette::LabeledSpan::new_with_span(None, self.span.clone()))))
    }
}

/// Everything that is wrong with a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScenarioErrors {
    /// Errors and warnings in order of the file; at least one is an error.
    pub diagnostics: Vec<Diagnostic>,
    /// Further mistakes that were found but not kept.
    pub left_out: usize,
}

impl fmt::Display for ScenarioErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.diagnostics.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&diagnostic.one_line())?;
        }
        if self.left_out > 0 {
            write!(f, "\n... and {} more", self.left_out)?;
        }
        Ok(())
    }
}

impl std::error::Error for ScenarioErrors {}
