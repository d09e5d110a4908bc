//! What is printed where: progress and failures to stderr with a symbol, data to stdout (CLI-GLB-001, CLI-GLB-002).

use crate::cli::Fail;

/// Something is being done.
pub(crate) fn action(text: &str) {
    eprintln!("► {text}");
}

/// Something is being generated.
pub(crate) fn generate(text: &str) {
    eprintln!("✚ {text}");
}

/// Something is awaited.
pub(crate) fn waiting(text: &str) {
    eprintln!("◎ {text}");
}

/// Something worked.
pub(crate) fn success(text: &str) {
    eprintln!("✔ {text}");
}

/// Something the user should know.
pub(crate) fn warning(text: &str) {
    eprintln!("⚠️ {text}");
}

/// Something failed, and the command goes on.
pub(crate) fn failure(text: &str) {
    eprintln!("✗ {text}");
}

/// Why the command ended.
pub(crate) fn fail(fail: &Fail) {
    failure(&fail.text);
}

/// Data for scripts, as it is.
pub(crate) fn data(text: &str) {
    print!("{text}");
}

/// Has everything shown that was printed so far.
pub(crate) fn flush() {
    use std::io::Write;
    // Whoever no longer reads needs no answer.
    let _ = std::io::stdout().flush();
}

/// A remark without a symbol and without a line end.
pub(crate) fn plain(text: &str) {
    eprint!("{text}");
}
