//! A TCP connection, through a proxy where there is one: what SSH runs over.

use base64::Engine as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::error::{Cause, shorten};
use crate::remote::Proxy;

/// The most bytes of a proxy's answer.
const ANSWER_BYTES: usize = 8192;

/// Connects to a host.
pub(crate) async fn connect(
    proxy: Option<&Proxy>,
    host: &str,
    port: u16,
) -> Result<TcpStream, Cause> {
    let Some(proxy) = proxy else {
        return dial(host, port).await;
    };
    let unusable = |why: &'static str| Cause::Configuration {
        what: "the proxy",
        source: why.into(),
    };
    let through = proxy
        .url
        .host_str()
        .ok_or_else(|| unusable("it has no host"))?;
    let (scheme, given) = (proxy.url.scheme(), proxy.url.port());
    match scheme {
        "http" => {
            let stream = dial(through, given.unwrap_or(80)).await?;
            http_connect(stream, proxy, host, port).await
        }
        "socks5" | "socks5h" => {
            let stream = dial(through, given.unwrap_or(1080)).await?;
            socks5(stream, proxy, host, port).await
        }
        _ => Err(unusable("SSH goes through http and socks5 proxies only")),
    }
}

async fn dial(host: &str, port: u16) -> Result<TcpStream, Cause> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, port))
        .await
        .map_err(|error| broken(&error))?;
    stream.set_nodelay(true).map_err(|error| broken(&error))?;
    Ok(stream)
}

fn broken(error: &std::io::Error) -> Cause {
    Cause::Connect {
        detail: shorten(&error.to_string()),
    }
}

fn refused(why: &str) -> Cause {
    Cause::Connect {
        detail: format!("the proxy refuses: {}", shorten(why)),
    }
}

async fn http_connect(
    mut stream: TcpStream,
    proxy: &Proxy,
    host: &str,
    port: u16,
) -> Result<TcpStream, Cause> {
    let mut request =
        format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
    if let Some((username, password)) = &proxy.credentials {
        let pair = [username.as_bytes(), b":", password.expose()].concat();
        let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
        request.extend_from_slice(format!("Proxy-Authorization: Basic {encoded}\r\n").as_bytes());
    }
    request.extend_from_slice(b"\r\n");
    stream
        .write_all(&request)
        .await
        .map_err(|error| broken(&error))?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= ANSWER_BYTES {
            return Err(refused("its answer does not end"));
        }
        // One byte at a time: what follows the answer belongs to SSH.
        answer.push(stream.read_u8().await.map_err(|error| broken(&error))?);
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.lines().next().unwrap_or_default();
    if status.starts_with("HTTP/1.") && status.split(' ').nth(1) == Some("200") {
        Ok(stream)
    } else {
        Err(refused(status))
    }
}

/// RFC 1928, with the passwords of RFC 1929. The proxy resolves the name.
async fn socks5(
    mut stream: TcpStream,
    proxy: &Proxy,
    host: &str,
    port: u16,
) -> Result<TcpStream, Cause> {
    let method = u8::from(proxy.credentials.is_some()) * 2;
    stream
        .write_all(&[5, 1, method])
        .await
        .map_err(|error| broken(&error))?;
    let mut chosen = [0; 2];
    stream
        .read_exact(&mut chosen)
        .await
        .map_err(|error| broken(&error))?;
    if chosen != [5, method] {
        return Err(refused("no method of authentication in common"));
    }
    if let Some((username, password)) = &proxy.credentials {
        let mut request = vec![1];
        for part in [username.as_bytes(), password.expose()] {
            request.push(u8::try_from(part.len()).map_err(|_| refused("too long a password"))?);
            request.extend_from_slice(part);
        }
        stream
            .write_all(&request)
            .await
            .map_err(|error| broken(&error))?;
        let mut answer = [0; 2];
        stream
            .read_exact(&mut answer)
            .await
            .map_err(|error| broken(&error))?;
        if answer[1] != 0 {
            return Err(refused("user name or password"));
        }
    }
    let mut request = vec![5, 1, 0, 3];
    request.push(u8::try_from(host.len()).map_err(|_| refused("too long a host name"))?);
    request.extend_from_slice(host.as_bytes());
    request.extend_from_slice(&port.to_be_bytes());
    stream
        .write_all(&request)
        .await
        .map_err(|error| broken(&error))?;
    let mut answer = [0; 4];
    stream
        .read_exact(&mut answer)
        .await
        .map_err(|error| broken(&error))?;
    if answer[1] != 0 {
        return Err(refused(&format!("code {}", answer[1])));
    }
    let address = match answer[3] {
        1 => 4,
        4 => 16,
        3 => usize::from(stream.read_u8().await.map_err(|error| broken(&error))?),
        _ => return Err(refused("an address of an unknown kind")),
    };
    let mut bound = vec![0; address + 2];
    stream
        .read_exact(&mut bound)
        .await
        .map_err(|error| broken(&error))?;
    Ok(stream)
}
