//! The curve as a picture: calls at once, and what the engine adds to the models. Pure.

use std::fmt::Write as _;

use super::Point;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 320.0;
/// Room for the words at the left and below.
const LEFT: f64 = 64.0;
const BELOW: f64 = 48.0;
const EDGE: f64 = 24.0;
/// About so many steps between lines across.
const STEPS: f64 = 5.0;
/// The least that the picture covers, in milliseconds.
const LEAST_SPAN: f64 = 50.0;

/// An SVG picture, readable on light and dark pages.
pub(super) fn picture(points: &[Point]) -> String {
    let most_calls = points.iter().map(|point| f64::from(point.calls)).fold(1.0, f64::max);
    let (least_ms, step_ms, n_steps) = scale(points);
    let most_ms = least_ms + step_ms * f64::from(n_steps);
    let x = |calls: u16| LEFT + (WIDTH - LEFT - EDGE) * f64::from(calls) / most_calls;
    let y = |ms: f64| HEIGHT - BELOW - (HEIGHT - BELOW - EDGE) * (ms - least_ms) / (most_ms - least_ms);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\" \
         fill=\"#777\" role=\"img\" aria-label=\"Milliseconds the engine adds to the models, by calls at once\">\n"
    );
    for step in 0..=n_steps {
        let ms = least_ms + step_ms * f64::from(step);
        let at = y(ms);
        let _ = writeln!(svg, "<path d=\"M{LEFT} {at:.1}H{:.1}\" stroke=\"#7775\"/>", WIDTH - EDGE);
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{ms:.0} ms</text>", LEFT - 8.0, at + 4.0);
    }
    for point in points {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            x(point.calls),
            HEIGHT - BELOW + 18.0,
            point.calls
        );
    }
    let middle = (LEFT + WIDTH - EDGE) / 2.0;
    let _ = writeln!(svg, "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">calls at once</text>", HEIGHT - 8.0);
    for (name, colour, n, of) in [
        ("95 of 100 answers", "#2563eb", 0u8, (|point: &Point| point.added_p95_ms) as fn(&Point) -> f64),
        ("half of them", "#93b4f5", 1, |point: &Point| point.added_p50_ms),
    ] {
        let line: Vec<String> = points.iter().map(|point| format!("{:.1},{:.1}", x(point.calls), y(of(point)))).collect();
        let _ = writeln!(svg, "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>", line.join(" "));
        let at = EDGE + 14.0 * f64::from(n);
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{at:.1}\" fill=\"{colour}\">{name}</text>", LEFT + 12.0);
    }
    svg.push_str("</svg>\n");
    svg
}

/// Where the lines across begin, how far apart they are and how many steps there are; zero is among them. Less than zero is added where the
/// recogniser has done its work while the caller was silent.
fn scale(points: &[Point]) -> (f64, f64, u32) {
    let all = || points.iter().flat_map(|point| [point.added_p50_ms, point.added_p95_ms]);
    let (least, most) = (all().fold(0.0, f64::min), all().fold(0.0, f64::max));
    let step = rounded((most - least).max(LEAST_SPAN) / STEPS);
    let below = (least / step).floor() * step;
    let above = ((most / step).ceil() * step).max(below + LEAST_SPAN);
    (below, step, ((above - below) / step).ceil() as u32)
}

/// The next number that reads well.
fn rounded(most: f64) -> f64 {
    let scale = 10f64.powf(most.log10().floor());
    let nice = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|n| n * scale).find(|n| *n >= most);
    nice.unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_is_in_the_picture() {
        let point = |calls, added| Point { calls, added_p50_ms: added / 2.0, added_p95_ms: added, ..Point::default() };
        let svg = picture(&[point(1, 12.0), point(100, 48.0), point(200, 190.0)]);
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
        assert_eq!(svg.matches("<polyline").count(), 2);
        for words in [">200<", ">100<", "200 ms", "calls at once", "67.2,", "696.0,"] {
            assert!(svg.contains(words), "{words} is not in {svg}");
        }
        assert!(!svg.contains(">-"), "nothing is below zero");
        assert_eq!(scale(&[point(1, 190.0)]), (0.0, 50.0, 4));
        assert_eq!(scale(&[point(1, -60.0), point(100, -20.0)]), (-60.0, 20.0, 3));
        assert_eq!(scale(&[point(1, -30.0), point(100, 25.0)]), (-40.0, 20.0, 4));
        assert_eq!((rounded(190.0), rounded(50.0), rounded(51.0)), (200.0, 50.0, 100.0));
        assert!(picture(&[]).contains("</svg>"));
    }
}
