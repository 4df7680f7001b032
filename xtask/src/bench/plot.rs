//! A bar plot, as an SVG that works on light and dark pages.

use std::fmt::Write as _;

pub(super) struct Bar<'a> {
    pub(super) name: &'a str,
    pub(super) figure: &'a str,
    pub(super) at_most: f64,
    pub(super) ratio: f64,
}

const HEIGHT: f64 = 24.0;
/// Where the bound of each figure is drawn, from the start of the bars: a bar that ends before it is within
/// its bound.
const BOUND: f64 = 320.0;
/// The longest bar; a longer one is cut off and ends in an arrowhead.
const LONGEST: f64 = 400.0;
const ARROWHEAD: f64 = 8.0;
/// The room for the ratio after the longest bar.
const RATIO: f64 = 90.0;
/// The width of a character: no common sans-serif font has a greater average.
const CHARACTER: f64 = 6.8;

/// One bar for each figure; its length is the ratio as a share of the bound.
pub(super) fn svg(bars: &[Bar<'_>]) -> String {
    let height = HEIGHT * (bars.len() + 1) as f64;
    let names = bars.iter().map(|bar| label(bar).chars().count()).max().unwrap_or_default();
    let start = (names as f64 * CHARACTER + 16.0).ceil();
    let width = start + LONGEST + ARROWHEAD + RATIO;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"#808080\">\n\
         <title>Each ratio as a share of its bound; a bar that ends in an arrowhead is longer than shown</title>\n"
    );
    for (index, bar) in bars.iter().enumerate() {
        let Bar { at_most, ratio, .. } = bar;
        let top = HEIGHT * index as f64;
        let length = BOUND * ratio / at_most;
        let (shown, is_cut) = (length.min(LONGEST), length > LONGEST);
        let color = if ratio <= at_most { "#3a86c8" } else { "#c8553a" };
        let (baseline, bar_top, bar_height) = (top + 16.0, top + 4.0, HEIGHT - 8.0);
        let tip = start + shown;
        let end = tip + if is_cut { ARROWHEAD } else { 0.0 } + 6.0;
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{baseline}\" text-anchor=\"end\">{}</text>\n\
             <rect x=\"{start}\" y=\"{bar_top}\" width=\"{shown:.1}\" height=\"{bar_height}\" fill=\"{color}\"/>",
            start - 8.0,
            label(bar)
        );
        if is_cut {
            let half = bar_height / 2.0;
            let _ = writeln!(
                svg,
                "<path d=\"M{tip} {bar_top}l{ARROWHEAD} {half}l-{ARROWHEAD} {half}z\" fill=\"{color}\"/>"
            );
        }
        let _ = writeln!(svg, "<text x=\"{end:.1}\" y=\"{baseline}\">{ratio} of {at_most}</text>");
    }
    let (bound, end) = (start + BOUND, HEIGHT * bars.len() as f64);
    let _ = writeln!(
        svg,
        "<path d=\"M{bound} 0V{end}\" stroke=\"#808080\" stroke-dasharray=\"4\"/>\n\
         <text x=\"{bound}\" y=\"{}\" text-anchor=\"middle\">bound</text>\n</svg>",
        end + 16.0
    );
    svg
}

fn label(bar: &Bar<'_>) -> String {
    format!("{}, {}", bar.name, bar.figure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_room_and_cut_bars_end_in_an_arrowhead() {
        let (name, figure) = ("submitting", "processor time without planning and more");
        let bar = |ratio| Bar { name, figure, at_most: 1.0, ratio };
        let svg = svg(&[bar(0.5), bar(1.25), bar(1.26), bar(8.0)]);
        let attribute = |element: &str, name: &str| -> f64 {
            let (_, rest) = element.split_once(&format!("{name}=\"")).expect(name);
            rest.split('"').next().expect("a value").parse().expect("a number")
        };
        let names: Vec<_> =
            svg.lines().filter(|line| line.contains("text-anchor=\"end\"")).collect();
        assert_eq!(names.len(), 4);
        let needed = CHARACTER * format!("{name}, {figure}").len() as f64;
        assert!(names.iter().all(|text| attribute(text, " x") >= needed), "{svg}");
        let width: f64 = svg
            .split("0 0 ")
            .nth(1)
            .and_then(|w| w.split(' ').next()?.parse().ok())
            .expect("a width");
        let bars: Vec<_> = svg.lines().filter(|line| line.starts_with("<rect")).collect();
        assert!(
            bars.iter().all(|bar| attribute(bar, " x") + attribute(bar, "width") + RATIO <= width)
        );
        let arrowheads = svg.lines().filter(|line| line.starts_with("<path") && line.contains('l'));
        assert_eq!(arrowheads.count(), 2, "{svg}");
    }
}
