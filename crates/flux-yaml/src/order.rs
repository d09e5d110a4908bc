//! The order in which the writer puts the keys of a mapping.

use std::cmp::Ordering;

/// Compares two keys as the Go writer does: digits by value, letters after everything else.
///
/// Not a total order: `v10` < `v1alpha1` < `v2` < `v10`. Sort with [`sort_keys`], never with the standard library.
pub fn compare_keys(a: &str, b: &str) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    if less(a, b, false) {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

fn less(a: &str, b: &str, after_digits: bool) -> bool {
    let same = a
        .char_indices()
        .zip(b.chars())
        .find(|((_, x), y)| x != y)
        .map(|((at, _), _)| at);
    let Some(at) = same else {
        return a.len() < b.len();
    };
    let (Some(x), Some(y)) = (a[at..].chars().next(), b[at..].chars().next()) else {
        return a.len() < b.len();
    };
    let (x_letter, y_letter) = (is_letter(x), is_letter(y));
    if x_letter && y_letter {
        return x < y;
    }
    if x_letter || y_letter {
        let digit_before = after_digits && a[..at].chars().next_back().is_some_and(is_digit);
        return if digit_before { x_letter } else { y_letter };
    }
    let started = (x == '0' || y == '0')
        && a[..at]
            .chars()
            .rev()
            .take_while(|c| is_digit(*c))
            .any(|c| c != '0');
    let (x_value, x_len) = digits(&a[at..], started);
    let (y_value, y_len) = digits(&b[at..], started);
    if x_value != y_value {
        return x_value < y_value;
    }
    if x_len != y_len {
        return x_len < y_len;
    }
    x < y
}

fn digits(text: &str, started: bool) -> (i64, usize) {
    let mut value = i64::from(started);
    let mut len = 0;
    for c in text.chars().take_while(|c| is_digit(*c)) {
        // Wraps as Go's int64 does for very long runs of digits.
        value = value
            .wrapping_mul(10)
            .wrapping_add(i64::from(c as u32) - i64::from(u32::from('0')));
        len += 1;
    }
    (value, len)
}

fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphabetic()
    } else {
        c.is_alphabetic()
    }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Sorts by key with [`compare_keys`]; every input order of the same keys gives the same result.
pub fn sort_keys<T>(items: &mut [T], key: impl Fn(&T) -> &str) {
    sort_by(items, key, false);
}

/// The same for the newer writer, where a letter after a digit comes before other characters.
pub(crate) fn sort_keys_pretty<T>(items: &mut [T], key: impl Fn(&T) -> &str) {
    sort_by(items, key, true);
}

fn sort_by<T>(items: &mut [T], key: impl Fn(&T) -> &str, after_digits: bool) {
    items.sort_by(|a, b| key(a).cmp(key(b)));
    // The comparison is no total order, which the standard sorts may refuse with a panic.
    // Go sorts up to twelve keys by insertion; longer runs are merged.
    if items.len() <= 12 {
        for end in 1..items.len() {
            let mut at = end;
            while at > 0 && less(key(&items[at]), key(&items[at - 1]), after_digits) {
                items.swap(at, at - 1);
                at -= 1;
            }
        }
        return;
    }
    let mut order: Vec<usize> = (0..items.len()).collect();
    merge_sort(&mut order, &|a, b| {
        less(key(&items[a]), key(&items[b]), after_digits)
    });
    permute(items, order);
}

fn merge_sort(order: &mut [usize], less: &impl Fn(usize, usize) -> bool) {
    if order.len() < 2 {
        return;
    }
    let middle = order.len() / 2;
    merge_sort(&mut order[..middle], less);
    merge_sort(&mut order[middle..], less);
    let (left, right) = (order[..middle].to_vec(), order[middle..].to_vec());
    let (mut i, mut j) = (0, 0);
    for slot in order.iter_mut() {
        let take_right = i == left.len() || (j < right.len() && less(right[j], left[i]));
        if take_right {
            *slot = right[j];
            j += 1;
        } else {
            *slot = left[i];
            i += 1;
        }
    }
}

/// Moves `items` so that position `k` holds what was at `order[k]`.
fn permute<T>(items: &mut [T], mut order: Vec<usize>) {
    for start in 0..items.len() {
        let mut at = start;
        while order[at] != start {
            let from = order[at];
            order[at] = at;
            items.swap(at, from);
            at = from;
        }
        order[at] = at;
    }
}
