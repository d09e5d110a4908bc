//! What a text contains that decides how it may be written.

/// The styles open to a text.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Analysis {
    pub(crate) multiline: bool,
    pub(crate) plain: bool,
    pub(crate) single: bool,
    pub(crate) block: bool,
}

pub(crate) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Characters that need no escape; everything beyond the basic plane does.
pub(crate) fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && c != '\u{feff}'
}

/// Which generation of the Go writer is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// go-yaml v2 behind `sigs.k8s.io/yaml`: folds at column 80, lists as far left as their key.
    Marshal,
    /// go-yaml v3 with an indentation of two: never folds, lists indented.
    Pretty,
}

/// Looks at a text once, as the emitter does, for block context.
pub(crate) fn analyze(text: &str, form: Form) -> Analysis {
    if text.is_empty() {
        return Analysis {
            multiline: false,
            plain: true,
            single: true,
            block: false,
        };
    }
    let mut block_indicators = text.starts_with("---") || text.starts_with("...");
    let (mut breaks, mut special, mut tabs) = (false, false, false);
    let (mut space_break, mut break_space) = (false, false);
    let (mut after_space, mut after_break) = (false, false);
    let mut after_blank = true;
    let mut chars = text.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        let blank_follows = chars.peek().is_none_or(|next| matches!(next, ' ' | '\t'));
        if first {
            block_indicators |= match c {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"'
                | '%' | '@' | '`' => true,
                '?' | ':' | '-' => blank_follows || next_is_break(chars.peek()),
                _ => false,
            };
        } else {
            block_indicators |= match c {
                ':' => blank_follows || next_is_break(chars.peek()),
                '#' => after_blank,
                _ => false,
            };
        }
        let tab = c == '\t' && form == Form::Pretty;
        tabs |= tab;
        special |= !is_printable(c) && !tab;
        let breaking = is_break(c);
        if c == ' ' {
            break_space |= after_break;
        } else if breaking {
            breaks = true;
            space_break |= after_space;
        }
        after_space = c == ' ';
        after_break = breaking;
        after_blank = matches!(c, ' ' | '\t') || breaking;
        first = false;
    }
    let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
    let edges = edge(text.chars().next()) || edge(text.chars().next_back());
    let hard = space_break || special;
    Analysis {
        multiline: breaks,
        plain: !(edges || break_space || hard || tabs || breaks || block_indicators),
        single: !(break_space || hard || tabs),
        block: !(text.ends_with(' ') || hard),
    }
}

fn next_is_break(next: Option<&char>) -> bool {
    next.is_some_and(|c| is_break(*c))
}
