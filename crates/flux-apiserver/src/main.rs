//! The API server as a program: prints where it listens, writes a kubeconfig, serves until stopped.

use std::io::Write;
use std::net::SocketAddr;

use flux_apiserver::{Options, Server};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = Options::default();
    let mut kubeconfig = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--listen" => options.listen = args.next().unwrap_or_default().parse::<SocketAddr>()?,
            "--kubeconfig" => kubeconfig = args.next(),
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    let server = Server::start(options).await?;
    let text = server.kubeconfig("admin");
    let mut out = std::io::stdout();
    match kubeconfig {
        Some(path) => {
            let mut file = private(&path)?;
            file.write_all(text.as_bytes())?;
            writeln!(out, "serving on {}, kubeconfig in {path}", server.url())?;
        }
        None => write!(out, "{text}")?,
    }
    out.flush()?;
    tokio::signal::ctrl_c().await?;
    server.stop().await;
    Ok(())
}

/// A file that only its owner reads: it will hold a token that may do all.
fn private(path: &str) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
