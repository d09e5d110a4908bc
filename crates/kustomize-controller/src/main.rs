//! The process: flags from the command line, everything else in the library.

use std::process::ExitCode;

use kustomize_controller::KustomizeController;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    flux_runtime::run(KustomizeController)
}
