//! The text as it grows: columns, indentation, folding.

use crate::emit::analyze::{Analysis, Form, analyze, is_break, is_printable};
use crate::resolve::needs_quotes;

/// The column after which a blank becomes a line end.
const WIDTH: usize = 80;
const INDENT: usize = 2;
/// Longer keys are written with a `?`.
const SIMPLE_KEY: usize = 128;

pub(crate) struct Writer {
    out: String,
    column: usize,
    /// Indentation of each open collection.
    indents: Vec<usize>,
    /// Nothing but indentation (and `-`, `?`, `:` that start a node) is on the line.
    indention: bool,
    /// The last thing written was a blank.
    whitespace: bool,
    /// A mapping value is being written, which decides about the indentation of lists.
    in_value: bool,
    form: Form,
    width: usize,
}

impl Writer {
    pub(crate) fn new(form: Form) -> Self {
        Self {
            out: String::new(),
            column: 0,
            indents: Vec::new(),
            indention: true,
            whitespace: true,
            in_value: false,
            form,
            width: match form {
                Form::Marshal => WIDTH,
                Form::Pretty => usize::MAX,
            },
        }
    }

    /// Which writer this is.
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    pub(crate) fn finish(mut self) -> String {
        if self.column > 0 {
            self.out.push('\n');
        }
        self.out
    }

    pub(crate) fn open_seq(&mut self) {
        let indent = match self.indents.last() {
            None => 0,
            Some(indent) if self.in_value && !self.indention && self.form == Form::Marshal => {
                *indent
            }
            Some(indent) => indent + INDENT,
        };
        self.indents.push(indent);
    }

    pub(crate) fn open_map(&mut self) {
        let indent = self.indents.last().map_or(0, |indent| indent + INDENT);
        self.indents.push(indent);
    }

    pub(crate) fn close(&mut self) {
        self.indents.pop();
    }

    pub(crate) fn item(&mut self) {
        self.line(self.indent());
        self.indicator("-", true, true);
        self.in_value = false;
    }

    pub(crate) fn key(&mut self, key: &str) {
        self.line(self.indent());
        self.in_value = false;
        let analysis = analyze(key, self.form);
        if analysis.multiline || key.len() > SIMPLE_KEY {
            self.indicator("?", true, true);
            self.text(key, analysis, false);
            self.line(self.indent());
            self.indicator(":", true, true);
        } else {
            self.text(key, analysis, true);
            self.put(':');
            self.whitespace = false;
            self.indention = false;
        }
        self.in_value = true;
    }

    /// A word that needs no quotes.
    pub(crate) fn plain(&mut self, word: &str) {
        if !self.whitespace {
            self.put(' ');
        }
        self.out.push_str(word);
        self.column += word.len();
        self.whitespace = false;
        self.indention = false;
    }

    pub(crate) fn string(&mut self, text: &str) {
        self.text(text, analyze(text, self.form), false);
    }

    /// A text in double quotes, whatever it needs.
    pub(crate) fn quoted(&mut self, text: &str) {
        self.write_double(text, true);
    }

    /// A text in single quotes where those are possible.
    pub(crate) fn single_quoted(&mut self, text: &str) {
        if analyze(text, self.form).single {
            self.write_single(text, true);
        } else {
            self.write_double(text, true);
        }
    }

    fn indent(&self) -> usize {
        self.indents.last().copied().unwrap_or(0)
    }

    /// Where the continuation of a scalar stands.
    fn scalar_indent(&self) -> usize {
        self.indents.last().map_or(INDENT, |indent| indent + INDENT)
    }

    fn text(&mut self, text: &str, analysis: Analysis, simple_key: bool) {
        let literal = text.contains('\n');
        let quoted = !literal && needs_quotes(text);
        if literal && analysis.block && !simple_key {
            return self.literal(text);
        }
        let fold = !simple_key;
        let bare = !literal && !quoted;
        let plain = analysis.plain && !(text.is_empty() && simple_key);
        let single = analysis.single && !(simple_key && analysis.multiline);
        if bare && plain {
            self.write_plain(text, fold);
        } else if bare && single {
            self.write_single(text, fold);
        } else {
            self.write_double(text, fold);
        }
    }

    fn write_plain(&mut self, text: &str, fold: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        if text.len() <= self.width.saturating_sub(self.column) {
            self.push(text);
        } else {
            let mut spaces = false;
            let mut chars = text.chars().peekable();
            while let Some(c) = chars.next() {
                if c == ' ' {
                    if fold && !spaces && self.column > self.width && chars.peek() != Some(&' ') {
                        self.line(self.scalar_indent());
                    } else {
                        self.put(c);
                    }
                    spaces = true;
                } else {
                    self.put(c);
                    self.indention = false;
                    spaces = false;
                }
            }
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn write_single(&mut self, text: &str, fold: bool) {
        self.indicator("'", true, false);
        let (mut spaces, mut breaks) = (false, false);
        let mut chars = text.chars().peekable();
        let mut first = true;
        while let Some(c) = chars.next() {
            if c == ' ' {
                let inside = !first && chars.peek().is_some_and(|next| *next != ' ');
                if fold && !spaces && self.column > self.width && inside {
                    self.line(self.scalar_indent());
                } else {
                    self.put(c);
                }
                spaces = true;
            } else if is_break(c) {
                if !breaks && c == '\n' {
                    self.new_line();
                }
                self.break_char(c);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.line(self.scalar_indent());
                }
                if c == '\'' {
                    self.put('\'');
                }
                self.put(c);
                self.indention = false;
                (spaces, breaks) = (false, false);
            }
            first = false;
        }
        self.put('\'');
        self.whitespace = false;
        self.indention = false;
    }

    fn write_double(&mut self, text: &str, fold: bool) {
        self.indicator("\"", true, false);
        let mut spaces = false;
        let mut chars = text.chars().peekable();
        let mut first = true;
        // Parity: the Go writer looks for a byte order mark at the start of the text, whatever the character.
        let escape_all = text.starts_with('\u{feff}');
        while let Some(c) = chars.next() {
            if escape_all || !is_printable(c) || is_break(c) || c == '"' || c == '\\' {
                self.escape(c);
                spaces = false;
            } else if c == ' ' {
                if fold && !spaces && self.column > self.width && !first && chars.peek().is_some() {
                    self.line(self.scalar_indent());
                    if chars.peek() == Some(&' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                spaces = true;
            } else {
                self.put(c);
                spaces = false;
            }
            first = false;
        }
        self.put('"');
        self.whitespace = false;
        self.indention = false;
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                let text = match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                self.push(&text);
                return;
            }
        };
        self.put('\\');
        self.put(short);
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false);
        if text.starts_with(|c: char| c == ' ' || is_break(c)) {
            self.put('2');
        }
        let mut ends = text.chars().rev();
        match (ends.next(), ends.next()) {
            (Some(last), _) if !is_break(last) => self.put('-'),
            (Some(_), None) => self.put('+'),
            (Some(_), Some(before)) if is_break(before) => self.put('+'),
            _ => {}
        }
        self.new_line();
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        for c in text.chars() {
            if is_break(c) {
                self.break_char(c);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.line(self.scalar_indent());
                }
                self.put(c);
                self.indention = false;
                breaks = false;
            }
        }
    }

    fn indicator(&mut self, mark: &str, needs_blank: bool, starts_node: bool) {
        if needs_blank && !self.whitespace {
            self.put(' ');
        }
        self.push(mark);
        self.whitespace = false;
        self.indention = self.indention && starts_node;
    }

    /// A new line, unless the current one has nothing on it, then blanks up to the column.
    fn line(&mut self, indent: usize) {
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.new_line();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn new_line(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    fn break_char(&mut self, c: char) {
        if c == '\n' {
            self.new_line();
        } else {
            self.out.push(c);
            self.column = 0;
        }
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }
}
