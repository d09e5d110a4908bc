//! Tables as scripts know them: cells padded to the widest of their column, a tab after each (CLI-GLB-013).

/// The text of a table; without rows and header it is empty. A cell of several lines takes several lines.
pub(crate) fn render(header: Option<&[String]>, rows: &[Vec<String>]) -> String {
    let all: Vec<&[String]> = header
        .into_iter()
        .chain(rows.iter().map(Vec::as_slice))
        .collect();
    let columns = all.iter().map(|row| row.len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            all.iter()
                .filter_map(|row| row.get(column))
                .flat_map(|cell| cell.split('\n'))
                .map(|line| line.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for (at, row) in all.iter().enumerate() {
        // Parity: a header ends in a blank, every other line in a tab.
        let end = if at == 0 && header.is_some() {
            ' '
        } else {
            '\t'
        };
        line(row, &widths, end, &mut out);
    }
    out
}

fn line(row: &[String], widths: &[usize], end: char, out: &mut String) {
    let height = row
        .iter()
        .map(|cell| cell.split('\n').count())
        .max()
        .unwrap_or(1);
    for level in 0..height {
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            let text = cell.split('\n').nth(level).unwrap_or_default();
            out.push_str(text);
            out.extend(std::iter::repeat_n(' ', width - text.chars().count()));
            out.push(if column + 1 == row.len() { end } else { '\t' });
        }
        out.push('\n');
    }
}

/// Rows as a watch prints them: each for itself, since their widths are not known together.
pub(crate) fn render_loose(rows: &[Vec<String>]) -> String {
    rows.iter()
        .map(|row| render(None, std::slice::from_ref(row)))
        .collect()
}
