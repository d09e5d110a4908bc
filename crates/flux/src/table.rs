//! Tables as scripts know them: cells padded to the widest of their column, a tab after each (CLI-GLB-013).

/// The text of a table; without rows and header it is empty.
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
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for row in all {
        for (cell, width) in row.iter().zip(&widths) {
            out.push_str(cell);
            out.extend(std::iter::repeat_n(' ', width - cell.chars().count()));
            out.push('\t');
        }
        out.push('\n');
    }
    out
}

/// Rows as a watch prints them: not padded, since their widths are not known together.
pub(crate) fn render_loose(rows: &[Vec<String>]) -> String {
    rows.iter()
        .map(|row| format!("{}\t\n", row.join("\t")))
        .collect()
}
