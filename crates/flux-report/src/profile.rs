//! What differs between kinds, as data.

/// Whether a condition that holds is good news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polarity {
    /// True is good.
    Positive,
    /// True is bad.
    Negative,
}

/// A condition type that a controller owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owned {
    /// Such as `FetchFailed`.
    pub r#type: &'static str,
    /// What it means when it holds.
    pub polarity: Polarity,
}

impl Owned {
    /// True is good.
    pub const fn positive(r#type: &'static str) -> Self {
        Self {
            r#type,
            polarity: Polarity::Positive,
        }
    }

    /// True is bad.
    pub const fn negative(r#type: &'static str) -> Self {
        Self {
            r#type,
            polarity: Polarity::Negative,
        }
    }
}

/// What the chassis has to know of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Kind, such as `Kustomization`.
    pub kind: &'static str,
    /// Owned conditions besides Ready, Reconciling and Stalled; the first of a group wins the summary (COM-API-010).
    pub owned: &'static [Owned],
    /// Put on objects before anything else is done; `None` for kinds without.
    pub finalizer: Option<&'static str>,
    /// Field manager of writes to the object itself and its status.
    pub field_manager: &'static str,
    /// Ready follows from the owned conditions rather than from the result alone.
    pub summarized: bool,
    /// The failure of a reconcile is logged with its duration and the next try rather than as `Reconciler error`.
    pub timed_failures: bool,
}

impl Profile {
    /// The polarity of an owned condition type; types nobody declared are positive.
    pub fn polarity(&self, r#type: &str) -> Polarity {
        self.owned
            .iter()
            .find(|o| o.r#type == r#type)
            .map_or(Polarity::Positive, |o| o.polarity)
    }
}
