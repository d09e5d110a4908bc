//! The server's half of `upload-pack`: bytes in, bytes out, one request at a time.

use std::collections::BTreeSet;

use gix_hash::ObjectId;

use crate::protocol::{flush, line};
use crate::serve::walk::{Answer, Question, answer};
use crate::serve::{Repository, pack};

/// The most bytes of one packet on a side band, its number included.
const BAND_BYTES: usize = 65_515;

/// One step of a conversation. A stateless transport repeats the whole question in every step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Talk {
    /// The client has said nothing yet: references or capabilities are announced.
    Greeting,
    /// The client has sent a request.
    Request,
}

/// Answers one step in a version of the protocol (0, 1 or 2).
pub fn upload_pack(repository: &Repository, version: u8, talk: Talk, request: &[u8]) -> Vec<u8> {
    let answered = match (talk, version) {
        (Talk::Greeting, 2) => Ok(greeting_v2()),
        (Talk::Greeting, _) => Ok(greeting_v0(repository, version)),
        (Talk::Request, 2) => request_v2(repository, request),
        (Talk::Request, _) => request_v0(repository, request),
    };
    answered.unwrap_or_else(|message| {
        let mut out = Vec::new();
        line(&mut out, &format!("ERR {message}"));
        out
    })
}

fn greeting_v2() -> Vec<u8> {
    let mut out = Vec::new();
    for text in [
        "version 2",
        "agent=git/flux",
        "ls-refs=unborn",
        "fetch=shallow",
        "object-format=sha1",
    ] {
        line(&mut out, text);
    }
    flush(&mut out);
    out
}

/// What the versions 0 and 1 can do here.
const CAPABILITIES_V0: &str = "side-band-64k ofs-delta shallow no-progress include-tag \
    allow-tip-sha1-in-want allow-reachable-sha1-in-want object-format=sha1 agent=git/flux";

fn greeting_v0(repository: &Repository, version: u8) -> Vec<u8> {
    let mut out = Vec::new();
    if version == 1 {
        line(&mut out, "version 1");
    }
    let head = head_of(repository);
    let symbolic = match head {
        Some(_) => format!(" symref=HEAD:{}", repository.head()),
        None => String::new(),
    };
    let capabilities = format!("{CAPABILITIES_V0}{symbolic}");
    let mut lines = Vec::new();
    if let Some(head) = head {
        lines.push(format!("{head} HEAD"));
    }
    for (name, id) in repository.ids() {
        lines.push(format!("{id} {name}"));
        if let Some(peeled) = repository.peeled(id) {
            lines.push(format!("{peeled} {name}^{{}}"));
        }
    }
    if lines.is_empty() {
        lines.push(format!("{} capabilities^{{}}", "0".repeat(40)));
    }
    for (at, text) in lines.iter().enumerate() {
        let tail = if at == 0 {
            format!("\0{capabilities}")
        } else {
            String::new()
        };
        line(&mut out, &format!("{text}{tail}"));
    }
    flush(&mut out);
    out
}

fn head_of(repository: &Repository) -> Option<ObjectId> {
    repository
        .ids()
        .find(|(name, _)| *name == repository.head())
        .map(|(_, id)| id)
}

fn request_v2(repository: &Repository, request: &[u8]) -> Result<Vec<u8>, String> {
    let mut lines = Lines { rest: request };
    let mut command = String::new();
    loop {
        match lines.next()? {
            Some(Line::Text(text)) => {
                if let Some(name) = text.strip_prefix("command=") {
                    name.clone_into(&mut command);
                } else if text
                    .strip_prefix("object-format=")
                    .is_some_and(|f| f != "sha1")
                {
                    return Err("unsupported object format".to_owned());
                }
            }
            Some(Line::Delimiter) => break,
            Some(Line::Flush) | None => {
                lines.rest = &[];
                break;
            }
        }
    }
    match command.as_str() {
        "ls-refs" => ls_refs(repository, &mut lines),
        "fetch" => fetch_v2(repository, &mut lines),
        other => Err(format!("unknown command '{other}'")),
    }
}

fn ls_refs(repository: &Repository, lines: &mut Lines<'_>) -> Result<Vec<u8>, String> {
    let (mut peel, mut symrefs, mut unborn) = (false, false, false);
    let mut prefixes = Vec::new();
    while let Some(Line::Text(text)) = lines.next()? {
        match text.as_str() {
            "peel" => peel = true,
            "symrefs" => symrefs = true,
            "unborn" => unborn = true,
            text => prefixes.extend(text.strip_prefix("ref-prefix ").map(str::to_owned)),
        }
    }
    let wanted = |name: &str| prefixes.is_empty() || prefixes.iter().any(|p| name.starts_with(p));
    let mut out = Vec::new();
    if wanted("HEAD") {
        let target = if symrefs {
            format!(" symref-target:{}", repository.head())
        } else {
            String::new()
        };
        match head_of(repository) {
            Some(id) => line(&mut out, &format!("{id} HEAD{target}")),
            None if unborn => line(&mut out, &format!("unborn HEAD{target}")),
            None => {}
        }
    }
    for (name, id) in repository.ids().filter(|(name, _)| wanted(name)) {
        let peeled = repository.peeled(id).filter(|_| peel);
        let peeled = peeled.map(|id| format!(" peeled:{id}")).unwrap_or_default();
        line(&mut out, &format!("{id} {name}{peeled}"));
    }
    flush(&mut out);
    Ok(out)
}

/// The lines that both versions share.
#[derive(Default)]
struct Asked {
    question: Question,
    done: bool,
}

impl Asked {
    fn read(&mut self, repository: &Repository, text: &str) -> Result<(), String> {
        let id = |hash: &str| {
            let hash = hash.split(' ').next().unwrap_or_default();
            ObjectId::from_hex(hash.as_bytes()).map_err(|_| format!("bad object id '{hash}'"))
        };
        if let Some(hash) = text.strip_prefix("want ") {
            let id = id(hash)?;
            if repository.object(&id).is_none() {
                return Err(format!("upload-pack: not our ref {id}"));
            }
            self.question.wants.push(id);
        } else if let Some(hash) = text.strip_prefix("have ") {
            self.question.haves.push(id(hash)?);
        } else if let Some(hash) = text.strip_prefix("shallow ") {
            self.question.shallow.insert(id(hash)?);
        } else if let Some(depth) = text.strip_prefix("deepen ") {
            let depth = depth.parse().map_err(|_| format!("bad depth '{depth}'"))?;
            self.question.depth = Some(depth).filter(|depth| *depth > 0);
        } else if text.starts_with("deepen-") {
            return Err(format!("'{text}' is not supported"));
        } else if text == "done" {
            self.done = true;
        }
        Ok(())
    }

    /// The objects that both sides have.
    fn common(&self, repository: &Repository) -> BTreeSet<ObjectId> {
        let haves = self.question.haves.iter().copied();
        haves.filter(|id| repository.object(id).is_some()).collect()
    }
}

fn fetch_v2(repository: &Repository, lines: &mut Lines<'_>) -> Result<Vec<u8>, String> {
    let mut asked = Asked::default();
    while let Some(Line::Text(text)) = lines.next()? {
        asked.read(repository, &text)?;
    }
    let mut out = Vec::new();
    if !asked.done {
        line(&mut out, "acknowledgments");
        let common = asked.common(repository);
        for id in &common {
            line(&mut out, &format!("ACK {id}"));
        }
        if common.is_empty() {
            line(&mut out, "NAK");
            flush(&mut out);
            return Ok(out);
        }
        line(&mut out, "ready");
        out.extend_from_slice(b"0001");
    }
    let answer = answer(repository, &asked.question);
    if asked.question.depth.is_some() {
        line(&mut out, "shallow-info");
        shallow_lines(&mut out, &answer);
        out.extend_from_slice(b"0001");
    }
    line(&mut out, "packfile");
    bands(&mut out, &written(repository, &answer)?);
    flush(&mut out);
    Ok(out)
}

fn request_v0(repository: &Repository, request: &[u8]) -> Result<Vec<u8>, String> {
    let mut lines = Lines { rest: request };
    let mut asked = Asked::default();
    let mut side_band = false;
    while let Some(next) = lines.next()? {
        if let Line::Text(text) = next {
            side_band |= text.starts_with("want ") && text.contains(" side-band-64k");
            asked.read(repository, &text)?;
        }
    }
    let mut out = Vec::new();
    if asked.question.wants.is_empty() {
        return Ok(out);
    }
    let answer = answer(repository, &asked.question);
    if asked.question.depth.is_some() {
        shallow_lines(&mut out, &answer);
        flush(&mut out);
    }
    let only_depth = !asked.done && asked.question.haves.is_empty();
    if only_depth && asked.question.depth.is_some() {
        return Ok(out);
    }
    match asked.common(repository).first() {
        Some(id) => line(&mut out, &format!("ACK {id}")),
        None => line(&mut out, "NAK"),
    }
    if asked.done {
        let pack = written(repository, &answer)?;
        if side_band {
            bands(&mut out, &pack);
            flush(&mut out);
        } else {
            out.extend_from_slice(&pack);
        }
    }
    Ok(out)
}

fn written(repository: &Repository, answer: &Answer) -> Result<Vec<u8>, String> {
    pack::write(repository, &answer.objects).map_err(|error| error.to_string())
}

fn shallow_lines(out: &mut Vec<u8>, answer: &Answer) {
    for id in &answer.shallow {
        line(out, &format!("shallow {id}"));
    }
    for id in &answer.unshallow {
        line(out, &format!("unshallow {id}"));
    }
}

fn bands(out: &mut Vec<u8>, pack: &[u8]) {
    for chunk in pack.chunks(BAND_BYTES) {
        out.extend_from_slice(format!("{:04x}\x01", chunk.len() + 5).as_bytes());
        out.extend_from_slice(chunk);
    }
}

/// One packet of a request.
enum Line {
    Text(String),
    Delimiter,
    Flush,
}

struct Lines<'a> {
    rest: &'a [u8],
}

impl Lines<'_> {
    fn next(&mut self) -> Result<Option<Line>, String> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let bad = || "malformed request".to_owned();
        let (digits, after) = self.rest.split_at_checked(4).ok_or_else(bad)?;
        let digits = std::str::from_utf8(digits).map_err(|_| bad())?;
        let length = usize::from_str_radix(digits, 16).map_err(|_| bad())?;
        self.rest = after;
        match length {
            0 => return Ok(Some(Line::Flush)),
            1 => return Ok(Some(Line::Delimiter)),
            _ => {}
        }
        let size = length.checked_sub(4).ok_or_else(bad)?;
        let (bytes, after) = self.rest.split_at_checked(size).ok_or_else(bad)?;
        self.rest = after;
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        Ok(Some(Line::Text(
            String::from_utf8_lossy(bytes).into_owned(),
        )))
    }
}
