//! The command line itself: flags, commands, help, failures. It knows nothing of Flux.
//!
//! Scripts depend on how upstream's command line is spelled (flags anywhere, `--flag=value`, joined switches,
//! comma lists, exit codes, wording of complaints), so the rules of pflag and cobra are implemented here as data
//! plus one parser; `docs/decisions/0002-command-line.md` says why no argument crate is used.

pub mod command;
pub mod flag;
pub mod help;

/// Why a command ended, as the user reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fail {
    /// The exit code.
    pub code: u8,
    /// What is printed behind the symbol, without the last line feed.
    pub text: String,
}

impl Fail {
    /// An error: exit code 1.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            code: 1,
            text: text.into(),
        }
    }

    /// A failure that a symbol line has already explained: `⚠️` for code 1, `✗` for others.
    pub fn coded(code: u8, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }
}

impl std::fmt::Display for Fail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Fail {}
