//! Tokens to a template.

use crate::Error;
use crate::scan::{Mode, Scanner, Token, is_name};

/// How deep expressions may nest; upstream's limit is its stack.
const MOST_DEPTH: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Text(String),
    Expression(Expression),
}

/// `${name}`, `${name op word}`, `${#name}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expression {
    pub(crate) name: String,
    /// As written: `:-`, `//`, `^^`; empty for a plain variable.
    pub(crate) operator: String,
    pub(crate) words: Vec<Node>,
}

const WORD: Mode = Mode {
    word: true,
    open: false,
    close: false,
    escape: false,
};

pub(crate) fn parse(text: &str) -> Result<Vec<Node>, Error> {
    let mut parser = Parser {
        scanner: Scanner::new(text),
        depth: 0,
    };
    let mut nodes = Vec::new();
    let mode = Mode {
        open: true,
        escape: true,
        ..WORD
    };
    loop {
        parser.scanner.in_expression = false;
        match parser.scanner.scan(|_, _| true, mode) {
            Token::Word(text) => nodes.push(Node::Text(text)),
            Token::Open => nodes.push(Node::Expression(parser.expression()?)),
            Token::End => return Ok(nodes),
            Token::Close | Token::Illegal => return Err(Error::BadSubstitution),
        }
    }
}

struct Parser<'a> {
    scanner: Scanner<'a>,
    depth: usize,
}

impl Parser<'_> {
    /// After `${`, up to and with `}`.
    fn expression(&mut self) -> Result<Expression, Error> {
        self.scanner.in_expression = true;
        if self.depth >= MOST_DEPTH {
            return Err(Error::BadSubstitution);
        }
        self.depth += 1;
        let expression = self.expression_within()?;
        self.depth -= 1;
        Ok(expression)
    }

    fn expression_within(&mut self) -> Result<Expression, Error> {
        if self.scanner.peek() == '#' {
            return self.length();
        }
        let Token::Word(name) = self.scanner.scan(is_name, WORD) else {
            return Err(Error::VariableName);
        };
        let (operator, words) = match self.scanner.peek() {
            ':' if matches!(self.scanner.peek_second(), '=' | '-' | '?' | '+') => self.default()?,
            // Parity: upstream loses its place looking past the colon at these.
            ':' if self.scanner.is_at_end_after_next() => return Err(Error::BadSubstitution),
            ':' if !self.scanner.peek_second().is_ascii() => return Err(Error::BadSubstitution),
            ':' => self.substring()?,
            '=' => self.default()?,
            ',' | '^' => self.casing()?,
            '/' => self.replace()?,
            '#' => self.trim(|c, i| c == '#' && i < 3)?,
            '%' => self.trim(|c, i| c == '%' && i < 3)?,
            _ => {
                let close = Mode {
                    close: true,
                    ..Mode::default()
                };
                if self.scanner.scan(is_name, close) != Token::Close {
                    return Err(Error::MissingClosingBrace);
                }
                (String::new(), Vec::new())
            }
        };
        Ok(Expression {
            name,
            operator,
            words,
        })
    }

    fn length(&mut self) -> Result<Expression, Error> {
        let operator = self.operator(|c, i| c == '#' && i == 1)?;
        let Token::Word(name) = self.scanner.scan(is_name, WORD) else {
            return Err(Error::BadSubstitution);
        };
        self.close()?;
        Ok(Expression {
            name,
            operator,
            words: Vec::new(),
        })
    }

    fn default(&mut self) -> Result<(String, Vec<Node>), Error> {
        let accept = if self.scanner.peek() == '=' {
            |c, i| c == '=' && i == 1
        } else {
            |c, i| (i == 1 && c == ':') || (i == 2 && matches!(c, '=' | '-' | '?' | '+'))
        };
        let Token::Word(operator) = self.scanner.scan(accept, WORD) else {
            return Err(Error::DefaultFunction);
        };
        let mut words = Vec::new();
        while self.scanner.peek() != '}' {
            words.push(self.parameter(|c, _| c != '}', WORD)?);
        }
        self.close()?;
        Ok((operator, words))
    }

    fn substring(&mut self) -> Result<(String, Vec<Node>), Error> {
        let operator = self.operator(|c, i| c == ':' && i == 1)?;
        let mut words = vec![self.parameter(|c, _| c != ':' && c != '}', WORD)?];
        let delimiter = Mode {
            close: true,
            ..WORD
        };
        match self.scanner.scan(|c, _| c == ':', delimiter) {
            Token::Close => return Ok((operator, words)),
            Token::Word(_) => {}
            _ => return Err(Error::BadSubstitution),
        }
        words.push(self.parameter(|c, _| c != '}', WORD)?);
        self.close()?;
        Ok((operator, words))
    }

    fn trim(&mut self, accept: fn(char, usize) -> bool) -> Result<(String, Vec<Node>), Error> {
        let operator = self.operator(accept)?;
        let words = vec![self.parameter(|c, _| c != '}', WORD)?];
        self.close()?;
        Ok((operator, words))
    }

    fn replace(&mut self) -> Result<(String, Vec<Node>), Error> {
        let operator =
            self.operator(|c, i| (i == 1 && c == '/') || (i == 2 && matches!(c, '/' | '#' | '%')))?;
        let escaping = Mode {
            escape: true,
            ..WORD
        };
        let mut words = vec![self.parameter(|c, _| c != '/', escaping)?];
        self.operator(|c, _| c == '/')?;
        if self.scanner.peek() != '}' {
            words.push(self.parameter(|c, _| c != '}', escaping)?);
        }
        self.close()?;
        Ok((operator, words))
    }

    fn casing(&mut self) -> Result<(String, Vec<Node>), Error> {
        let operator = self.operator(|c, i| matches!(c, ',' | '^') && i < 3)?;
        self.close()?;
        Ok((operator, Vec::new()))
    }

    fn operator(&mut self, accept: fn(char, usize) -> bool) -> Result<String, Error> {
        match self.scanner.scan(accept, WORD) {
            Token::Word(operator) => Ok(operator),
            _ => Err(Error::BadSubstitution),
        }
    }

    /// One word, or one expression within this one.
    fn parameter(&mut self, accept: fn(char, usize) -> bool, mode: Mode) -> Result<Node, Error> {
        let mode = Mode { open: true, ..mode };
        match self.scanner.scan(accept, mode) {
            Token::Open => self.expression().map(Node::Expression),
            Token::Word(text) => Ok(Node::Text(text)),
            _ => Err(Error::FunctionSubstitution),
        }
    }

    fn close(&mut self) -> Result<(), Error> {
        let close = Mode {
            close: true,
            ..Mode::default()
        };
        match self.scanner.scan(is_name, close) {
            Token::Close => Ok(()),
            _ => Err(Error::BadSubstitution),
        }
    }
}
