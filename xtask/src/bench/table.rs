//! `docs/benchmarks.md`: replaces the measured rows of its table and leaves the rest of the text alone.

use super::{COMPARISONS, Figure, plot};
use crate::Error;
use crate::workspace::Tree;

const FILE: &str = "docs/benchmarks.md";
const PLOT: &str = "docs/benchmarks.svg";
const HEAD: &str = "| row | work | against | figure | at most | ratio | of runs |\n|---|---|---|---|---|---|---|\n";

/// Replaces the rows of one comparison, keeps the others, and redraws the plot.
pub(super) fn replace(tree: &Tree, name: &str, figures: &[Figure]) -> Result<(), Error> {
    let text = tree.read(FILE)?;
    let (before, rows, after) = split(&text)?;
    let measured = figures.iter().map(|figure| row(name, figure)).collect();
    let rows = merged(rows, name, measured);
    let text = format!("{before}{HEAD}{}{after}", rows.concat());
    tree.write(FILE, &text)?;
    tree.write(PLOT, &drawn(&text)?)
}

/// The plot of the table in a text.
fn drawn(text: &str) -> Result<String, Error> {
    let (_, rows, _) = split(text)?;
    Ok(plot::svg(&rows.iter().filter_map(|row| bar(row)).collect::<Vec<_>>()))
}

/// The text before the table, its rows, and the text after it.
fn split(text: &str) -> Result<(&str, Vec<&str>, &str), Error> {
    let (before, rest) = text
        .split_once(HEAD)
        .ok_or_else(|| Error::new(format!("{FILE} has no table that begins with\n{HEAD}")))?;
    let end: usize =
        rest.split_inclusive('\n').take_while(|l| l.starts_with('|')).map(str::len).sum();
    let (rows, after) = rest.split_at(end);
    Ok((before, rows.split_inclusive('\n').collect(), after))
}

/// All rows in the order of the comparisons.
fn merged(old: Vec<&str>, name: &str, measured: Vec<String>) -> Vec<String> {
    let mut rows: Vec<String> =
        old.into_iter().filter(|row| cell(row, 1) != name).map(Into::into).collect();
    rows.extend(measured);
    rows.sort_by_key(|row| COMPARISONS.iter().position(|(name, ..)| *name == cell(row, 1)));
    rows
}

fn row(name: &str, figure: &Figure) -> String {
    let (median, runs) = (figure.median(), figure.ratios.len());
    let Figure { work, against, figure, at_most, .. } = figure;
    let at_most = at_most.map_or("–".to_owned(), |at_most| at_most.to_string());
    format!("| {name} | {work} | {against} | {figure} | {at_most} | {median:.3} | {runs} |\n")
}

fn bar(row: &str) -> Option<plot::Bar<'_>> {
    let (at_most, ratio) = (cell(row, 5).parse().ok()?, cell(row, 6).parse().ok()?);
    Some(plot::Bar { name: cell(row, 1), figure: cell(row, 4), at_most, ratio })
}

fn cell(row: &str, index: usize) -> &str {
    row.split('|').nth(index).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_plot_shows_the_committed_table() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let text = |name| std::fs::read_to_string(root.join(name)).expect(name);
        let drawn = drawn(&text(FILE)).expect("a plot");
        assert_eq!(drawn, text(PLOT), "`cargo xtask bench` draws it");
    }

    #[test]
    fn unmeasured_rows_are_kept() {
        let text = format!(
            "# Text\n\n{HEAD}| growth | w | a | f | 1.5 | 1.2 | 5 |\n| planning | w | a | f | 0.3 | 0.9 | 5 |\n\nMore\n"
        );
        let (before, rows, after) = split(&text).expect("a table");
        assert_eq!((before, after), ("# Text\n\n", "\nMore\n"));
        let figure = Figure {
            work: "work",
            against: "other",
            figure: "wall time",
            at_most: Some(0.25),
            ratios: vec![0.2, 0.1, 0.4],
        };
        let rows = merged(rows, "planning", vec![row("planning", &figure)]);
        insta::assert_snapshot!(rows.concat(), @"
        | planning | work | other | wall time | 0.25 | 0.200 | 3 |
        | growth | w | a | f | 1.5 | 1.2 | 5 |
        ");
        assert_eq!(
            bar(&rows[0]).map(|bar| (bar.name, bar.at_most, bar.ratio)),
            Some(("planning", 0.25, 0.2))
        );
    }
}
