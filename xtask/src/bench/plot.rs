//! A plot of bars, as SVG that both light and dark pages can show.

use std::fmt::Write as _;

pub(super) struct Bar<'a> {
    pub(super) name: &'a str,
    pub(super) figure: &'a str,
    pub(super) at_most: f64,
    pub(super) ratio: f64,
}

const WIDTH: f64 = 720.0;
const LABEL: f64 = 230.0;
const HEIGHT: f64 = 24.0;
/// Where the bound of each figure is drawn: a bar that ends before it holds.
const BOUND: f64 = 320.0;

/// One bar for each figure, as long as its share of what it may be.
pub(super) fn svg(bars: &[Bar<'_>]) -> String {
    let height = HEIGHT * (bars.len() + 1) as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"#808080\">\n\
         <title>Each ratio as a share of its bound</title>\n"
    );
    for (index, bar) in bars.iter().enumerate() {
        let Bar { name, figure, at_most, ratio } = bar;
        let top = HEIGHT * index as f64;
        let length = (BOUND * ratio / at_most).min(WIDTH - LABEL - 90.0);
        let color = if ratio <= at_most { "#3a86c8" } else { "#c8553a" };
        let (baseline, bar_top, bar_height) = (top + 16.0, top + 4.0, HEIGHT - 8.0);
        let end = LABEL + length + 6.0;
        // Writing to a text cannot fail.
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{baseline}\" text-anchor=\"end\">{name}, {figure}</text>\n\
             <rect x=\"{LABEL}\" y=\"{bar_top}\" width=\"{length:.1}\" height=\"{bar_height}\" fill=\"{color}\"/>\n\
             <text x=\"{end:.1}\" y=\"{baseline}\">{ratio} of {at_most}</text>",
            LABEL - 8.0
        );
    }
    let (bound, end) = (LABEL + BOUND, HEIGHT * bars.len() as f64);
    let _ = writeln!(
        svg,
        "<path d=\"M{bound} 0V{end}\" stroke=\"#808080\" stroke-dasharray=\"4\"/>\n\
         <text x=\"{bound}\" y=\"{}\" text-anchor=\"middle\">bound</text>\n</svg>",
        end + 16.0
    );
    svg
}
