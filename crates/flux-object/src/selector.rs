//! Selectors: the label selector grammar of Kubernetes, and selectors by anchored pattern.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::Object;

/// A label selector: all of its requirements hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

/// One requirement of a label selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Key of the label.
    pub key: String,
    /// What its value has to be.
    pub operator: Operator,
}

/// What the value of a label has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operator {
    /// Present, with one of these values.
    In(BTreeSet<String>),
    /// Absent, or with none of these values.
    NotIn(BTreeSet<String>),
    /// Present.
    Exists,
    /// Absent.
    DoesNotExist,
    /// Present, a whole number, greater than this.
    GreaterThan(i64),
    /// Present, a whole number, less than this.
    LessThan(i64),
}

/// Why a selector cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SelectorError {
    /// The label selector does not follow the grammar.
    #[error("unable to parse requirement: {0}")]
    Grammar(String),
    /// A pattern is not a regular expression.
    #[error("pattern of '{field}' is not a regular expression")]
    Pattern {
        /// The field of the selector.
        field: &'static str,
        /// What is wrong with it.
        #[source]
        source: Box<regex::Error>,
    },
}

impl LabelSelector {
    /// Reads a selector such as `app=web,tier in (a,b),!old`. The empty text selects everything.
    ///
    /// # Errors
    /// When the text does not follow the grammar.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let mut tokens = tokenize(text);
        tokens.reverse();
        let mut parser = Parser(tokens);
        let mut requirements = Vec::new();
        if parser.peek().is_none() {
            return Ok(Self { requirements });
        }
        loop {
            requirements.push(parser.requirement()?);
            match parser.next() {
                None => break,
                Some(Token::Comma) => {}
                Some(found) => return Err(expected("',' or the end", Some(&found))),
            }
        }
        Ok(Self { requirements })
    }

    /// From `matchLabels` and `matchExpressions` entries already read.
    pub fn new(requirements: Vec<Requirement>) -> Self {
        Self { requirements }
    }

    /// The requirements.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// Whether the labels fulfil every requirement.
    pub fn matches(&self, labels: &BTreeMap<&str, &str>) -> bool {
        self.requirements.iter().all(|r| r.matches(labels))
    }
}

impl Requirement {
    fn matches(&self, labels: &BTreeMap<&str, &str>) -> bool {
        let value = labels.get(self.key.as_str()).copied();
        let number = || value.and_then(|v| v.parse::<i64>().ok());
        match &self.operator {
            Operator::In(values) => value.is_some_and(|v| values.contains(v)),
            Operator::NotIn(values) => value.is_none_or(|v| !values.contains(v)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan(bound) => number().is_some_and(|n| n > *bound),
            Operator::LessThan(bound) => number().is_some_and(|n| n < *bound),
        }
    }
}

/// The texts of a selector by pattern, as written in a spec. Empty texts select everything.
#[derive(Debug, Clone, Default)]
pub struct PatternOptions<'a> {
    /// Pattern of the API group.
    pub group: &'a str,
    /// Pattern of the API version.
    pub version: &'a str,
    /// Pattern of the kind.
    pub kind: &'a str,
    /// Pattern of the name.
    pub name: &'a str,
    /// Pattern of the namespace.
    pub namespace: &'a str,
    /// Label selector over the labels.
    pub label_selector: &'a str,
    /// Label selector over the annotations.
    pub annotation_selector: &'a str,
}

/// A selector by pattern: every pattern has to match the whole of its field.
#[derive(Debug, Clone)]
pub struct PatternSelector {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    labels: LabelSelector,
    annotations: LabelSelector,
}

impl PatternSelector {
    /// Reads the patterns.
    ///
    /// # Errors
    /// When a pattern is no regular expression, or a label selector does not follow the grammar.
    pub fn new(options: &PatternOptions<'_>) -> Result<Self, SelectorError> {
        Ok(Self {
            group: anchored("group", options.group)?,
            version: anchored("version", options.version)?,
            kind: anchored("kind", options.kind)?,
            name: anchored("name", options.name)?,
            namespace: anchored("namespace", options.namespace)?,
            labels: LabelSelector::parse(options.label_selector)?,
            annotations: LabelSelector::parse(options.annotation_selector)?,
        })
    }

    /// Whether the object is selected.
    pub fn matches(&self, object: &Object) -> bool {
        let gvk = object.gvk();
        let holds = |pattern: &Option<Regex>, text: &str| {
            pattern.as_ref().is_none_or(|regex| regex.is_match(text))
        };
        holds(&self.group, &gvk.group)
            && holds(&self.version, &gvk.version)
            && holds(&self.kind, &gvk.kind)
            && holds(&self.name, object.name())
            && holds(&self.namespace, object.namespace())
            && self.labels.matches(&object.labels())
            && self.annotations.matches(&object.annotations())
    }
}

fn anchored(field: &'static str, pattern: &str) -> Result<Option<Regex>, SelectorError> {
    if pattern.is_empty() {
        return Ok(None);
    }
    match Regex::new(&format!("^(?:{pattern})$")) {
        Ok(regex) => Ok(Some(regex)),
        Err(source) => Err(SelectorError::Pattern {
            field,
            source: Box::new(source),
        }),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Comma,
    Open,
    Close,
    Not,
    Equal,
    NotEqual,
    Greater,
    Less,
}

impl Token {
    /// As it is written; for a word, the word itself.
    fn symbol(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::Comma => ",",
            Self::Open => "(",
            Self::Close => ")",
            Self::Not => "!",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::Less => "<",
        }
    }
}

fn tokenize(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let token = match c {
            ' ' | '\t' | '\n' | '\r' => continue,
            ',' => Token::Comma,
            '(' => Token::Open,
            ')' => Token::Close,
            '>' => Token::Greater,
            '<' => Token::Less,
            '=' => {
                rest.next_if_eq(&'=');
                Token::Equal
            }
            '!' if rest.next_if_eq(&'=').is_some() => Token::NotEqual,
            '!' => Token::Not,
            _ => {
                let mut word = String::from(c);
                while let Some(c) = rest.next_if(|c| !" \t\n\r,()><=!".contains(*c)) {
                    word.push(c);
                }
                Token::Word(word)
            }
        };
        tokens.push(token);
    }
    tokens
}

/// The tokens still to be read, the next one last.
struct Parser(Vec<Token>);

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.0.last()
    }

    fn next(&mut self) -> Option<Token> {
        self.0.pop()
    }

    fn requirement(&mut self) -> Result<Requirement, SelectorError> {
        let absent = self.peek() == Some(&Token::Not);
        if absent {
            self.next();
        }
        let key = match self.next() {
            Some(Token::Word(word)) => word,
            found => return Err(expected("identifier", found.as_ref())),
        };
        check_key(&key)?;
        let operator = if absent {
            Operator::DoesNotExist
        } else {
            self.operator()?
        };
        Ok(Requirement { key, operator })
    }

    fn operator(&mut self) -> Result<Operator, SelectorError> {
        if matches!(self.peek(), None | Some(Token::Comma)) {
            return Ok(Operator::Exists);
        }
        match self.next() {
            Some(Token::Equal) => Ok(Operator::In(BTreeSet::from([self.value()?]))),
            Some(Token::NotEqual) => Ok(Operator::NotIn(BTreeSet::from([self.value()?]))),
            Some(Token::Greater) => Ok(Operator::GreaterThan(self.number()?)),
            Some(Token::Less) => Ok(Operator::LessThan(self.number()?)),
            Some(Token::Word(word)) if word == "in" => Ok(Operator::In(self.values()?)),
            Some(Token::Word(word)) if word == "notin" => Ok(Operator::NotIn(self.values()?)),
            found => Err(expected("an operator", found.as_ref())),
        }
    }

    /// One value; it may be empty.
    fn value(&mut self) -> Result<String, SelectorError> {
        match self.peek() {
            None | Some(Token::Comma) => Ok(String::new()),
            Some(Token::Word(_)) => match self.next() {
                Some(Token::Word(word)) => check_value(word),
                found => Err(expected("a value", found.as_ref())),
            },
            found => Err(expected("a value", found)),
        }
    }

    fn number(&mut self) -> Result<i64, SelectorError> {
        let text = self.value()?;
        text.parse()
            .map_err(|_| SelectorError::Grammar(format!("'{text}' is not a whole number")))
    }

    fn values(&mut self) -> Result<BTreeSet<String>, SelectorError> {
        if self.next() != Some(Token::Open) {
            return Err(expected("'('", self.peek()));
        }
        let mut values = BTreeSet::new();
        loop {
            match self.next() {
                Some(Token::Word(word)) => {
                    values.insert(check_value(word)?);
                    match self.next() {
                        Some(Token::Comma) => {}
                        Some(Token::Close) => return Ok(values),
                        found => return Err(expected("',' or ')'", found.as_ref())),
                    }
                }
                // Parity: an empty value is a value, as in `in (,a)`.
                Some(Token::Comma) => {
                    values.insert(String::new());
                }
                Some(Token::Close) => {
                    values.insert(String::new());
                    return Ok(values);
                }
                found => return Err(expected("a value", found.as_ref())),
            }
        }
    }
}

fn expected(what: &str, found: Option<&Token>) -> SelectorError {
    let found = match found {
        None => "the end".to_owned(),
        Some(token) => format!("'{}'", token.symbol()),
    };
    SelectorError::Grammar(format!("found {found}, expected: {what}"))
}

/// `prefix/name` or `name`: the prefix a DNS name, the name up to 63 of `[A-Za-z0-9._-]`.
fn check_key(key: &str) -> Result<(), SelectorError> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let name_ok = !name.is_empty() && is_label_text(name);
    let prefix_ok = prefix.is_none_or(|p| {
        !p.is_empty()
            && p.len() <= 253
            && p.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'))
    });
    if name_ok && prefix_ok {
        Ok(())
    } else {
        Err(SelectorError::Grammar(format!(
            "'{key}' is not a label key"
        )))
    }
}

fn check_value(value: String) -> Result<String, SelectorError> {
    if is_label_text(&value) {
        Ok(value)
    } else {
        Err(SelectorError::Grammar(format!(
            "'{value}' is not a label value"
        )))
    }
}

fn is_label_text(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && text.chars().all(inner)
        && edge(text.chars().next())
        && edge(text.chars().next_back())
}
