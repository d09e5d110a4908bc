//! Errors that mean "this object cannot become that one; only a new one can".

/// Whether an API error says so. `reason` is the reason of the API status (empty where there was none).
pub fn is_immutable(reason: &str, message: &str) -> bool {
    if matches!(reason, "Conflict" | "Invalid") {
        return true;
    }
    // One white space of whatever sort, as in the patterns of upstream.
    let text: String = message
        .chars()
        .map(|c| if c.is_ascii_whitespace() { ' ' } else { c })
        .collect();
    text.contains("is immutable") || text.contains("immutable field")
}
