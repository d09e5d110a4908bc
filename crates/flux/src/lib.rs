//! `flux`, the command line for people and scripts.
//!
//! Reading order: `cli` (the command line itself), `root` (the commands there are), `say` (what is printed where),
//! then one module per verb.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program reads files and the environment, and prints"
)]

mod check;
pub mod cli;
mod completion;
mod connect;
mod create;
mod delete;
mod events;
mod export;
mod files;
mod get;
mod install;
mod kinds;
mod kubeconfig;
mod manifest;
mod prompt;
mod reconcile;
mod resume;
mod root;
mod say;
mod stats;
mod suspend;
mod table;
mod trace;
mod tree;
mod verbs;
mod version;
mod wait;

use cli::command::{Parsed, parse};

/// Runs one command line (without the program's own name); the exit code is returned, never taken.
pub async fn run(words: &[String]) -> u8 {
    let result = match parse(&root::ROOT, words) {
        Ok(Parsed::Run(call)) => run_call(&call).await,
        Ok(Parsed::Help(path)) => {
            print!("{}", cli::help::render(&path));
            Ok(())
        }
        Ok(Parsed::Version) => {
            println!("flux version {}", version::VERSION);
            Ok(())
        }
        Err(fail) => Err(fail),
    };
    match result {
        Ok(()) => 0,
        Err(fail) => {
            if !fail.text.is_empty() {
                say::fail(&fail);
            }
            fail.code
        }
    }
}

async fn run_call(call: &cli::command::Call) -> Result<(), cli::Fail> {
    let Some(run) = call.path.last().and_then(|command| command.run) else {
        return Ok(());
    };
    for note in call.flags.notes() {
        println!("{note}");
    }
    root::check(call)?;
    run(call).await
}
