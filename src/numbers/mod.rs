//! Formatting of numbers for people. Output for programs has all digits.

mod scaled;

pub use scaled::{product, times_power_of_two};

/// Ten significant digits, which tell two inertias apart: `1165132.634`.
#[must_use]
pub fn value(x: f64) -> String {
    significant(x, 10)
}

/// Six significant digits.
#[must_use]
pub fn short(x: f64) -> String {
    significant(x, 6)
}

/// At least `digits` significant digits: all digits before the point are kept. No trailing zeros.
#[must_use]
pub fn significant(x: f64, digits: usize) -> String {
    let size = x.abs();
    if x == 0.0 || !x.is_finite() {
        return x.to_string();
    }
    if !(1e-4..1e15).contains(&size) {
        return format!("{x:.*e}", digits.saturating_sub(1));
    }
    let before = size.log10().floor() as i32 + 1;
    trimmed(format!("{x:.*}", usize::try_from(digits as i32 - before).unwrap_or(0)))
}

/// At least three significant digits: all digits before the point are kept. With trailing zeros, for columns.
#[must_use]
pub fn three(x: f64) -> String {
    match x.abs() {
        size if size >= 99.95 => format!("{x:.0}"),
        size if size >= 9.995 => format!("{x:.1}"),
        size if size >= 0.999_5 => format!("{x:.2}"),
        _ => format!("{x:.3}"),
    }
}

/// A rate, as three digits and an SI prefix: `12.3 M`.
#[must_use]
pub fn rate(x: f64) -> String {
    let steps = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e4, " k")];
    match steps.iter().find(|(size, _)| x.abs() >= *size) {
        _ if !x.is_finite() => "-".into(),
        Some((1e4, prefix)) => three(x / 1e3) + prefix,
        Some((size, prefix)) => three(x / size) + prefix,
        None => three(x),
    }
}

/// A duration, given in seconds, in a suitable unit.
#[must_use]
pub fn time(seconds: f64) -> String {
    match seconds {
        s if s < 0.000_999_5 => format!("{:.0} µs", s * 1e6),
        s if s < 0.999_5 => format!("{} ms", three(s * 1e3)),
        s if s < 99.95 => format!("{} s", three(s)),
        s => format!("{s:.0} s"),
    }
}

/// A rough duration, given in seconds: `less than a second`, `about 24 s`, `about 3 min`, `about 2.5 h`.
#[must_use]
pub fn about(seconds: f64) -> String {
    match seconds {
        s if s < 0.95 => "less than a second".into(),
        s if s < 99.5 => format!("about {s:.0} s"),
        s if s < 99.5 * 60.0 => format!("about {:.0} min", s / 60.0),
        s => format!("about {:.1} h", s / 3600.0),
    }
}

/// A fraction of 1 as a percentage with two decimals.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

/// A fraction of 1 as a percentage with one decimal.
#[must_use]
pub fn short_percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// A fixed number of decimals, where what rounds to zero has no sign: `0.0`, never `-0.0`.
#[must_use]
pub fn decimals(x: f64, digits: usize) -> String {
    let text = format!("{x:.digits$}");
    match text.strip_prefix('-') {
        Some(zero) if zero.chars().all(|c| matches!(c, '0' | '.')) => zero.to_owned(),
        _ => text,
    }
}

/// `1 row`, `2000 rows`.
#[must_use]
pub fn plural(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// `1 row`, `2,000 rows`.
#[must_use]
pub fn grouped_plural(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count(n as f64)) }
}

/// An integer with thousands separators: `2,000`.
#[must_use]
pub fn count(n: f64) -> String {
    if n.fract() != 0.0 || n.abs() >= 1e15 {
        return grouped(n);
    }
    let digits = format!("{:.0}", n.abs());
    let head = digits.len() % 3;
    let mut groups: Vec<&str> = if head > 0 { vec![&digits[..head]] } else { Vec::new() };
    groups.extend((head..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    format!("{}{}", if n < 0.0 { "−" } else { "" }, groups.join(","))
}

/// At most six digits; from 10,000 on an integer with thousands separators.
#[must_use]
pub fn grouped(x: f64) -> String {
    let size = x.abs();
    match size {
        _ if x == 0.0 => "0".into(),
        _ if !(1e-3..1e12).contains(&size) => format!("{x:.2e}"),
        1e4.. => count(x.round()),
        1e3.. => trimmed(format!("{x:.1}")),
        10.0.. => trimmed(format!("{x:.2}")),
        1.0.. => trimmed(format!("{x:.3}")),
        _ => trimmed(format!("{x:.4}")),
    }
}

/// A short label for a tick of an axis: `1.165M`.
#[must_use]
pub fn tick(x: f64) -> String {
    match x.abs() {
        size if size >= 1e12 => format!("{x:.1e}"),
        size if size >= 1e9 => trimmed(format!("{:.3}", x / 1e9)) + "G",
        size if size >= 1e6 => trimmed(format!("{:.3}", x / 1e6)) + "M",
        size if size >= 1e4 => trimmed(format!("{:.2}", x / 1e3)) + "k",
        size if size > 0.0 && size < 1e-3 => format!("{x:.1e}"),
        _ => trimmed(decimals(x, 3)),
    }
}

/// A decimal without trailing zeros.
fn trimmed(text: String) -> String {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rounded_zero_has_no_sign() {
        let written = [(-0.04, 1), (-0.0, 2), (-0.06, 1), (0.04, 1), (-0.4, 0)].map(|(x, n)| decimals(x, n));
        assert_eq!(written, ["0.0", "0.00", "-0.1", "0.0", "0"]);
        assert_eq!((tick(-0.0), tick(-0.25)), ("0".to_owned(), "-0.25".to_owned()));
    }

    #[test]
    fn numbers_have_the_digits_that_matter() {
        let cases = [
            (1_165_132.634_118_9, "1165132.634"),
            (0.1 + 0.2, "0.3"),
            (123_456_789_012.6, "123456789013"),
            (2e-7, "2.000000000e-7"),
            (3e15, "3.000000000e15"),
            (0.0, "0"),
            (f64::INFINITY, "inf"),
        ];
        for (x, text) in cases {
            assert_eq!(value(x), text);
        }
        assert_eq!([short(1_165_132.6), rate(523.6), rate(0.1234)], ["1165133", "524", "0.123"]);
        assert_eq!([percent(0.12345), short_percent(0.12345)], ["12.35%", "12.3%"]);
    }

    #[test]
    fn times_and_rates_have_three_digits() {
        let times = [4e-5, 0.0023456, 0.9999, 1.0, 12.345, 150.0].map(time);
        assert_eq!(times, ["40 µs", "2.35 ms", "1.00 s", "1.00 s", "12.3 s", "150 s"]);
        let rates = [0.1234, 3.0, 9999.0, 12_345.0, 1.2e6, 3.4e9, 5e12, f64::INFINITY].map(rate);
        assert_eq!(rates, ["0.123", "3.00", "9999", "12.3 k", "1.20 M", "3.40 G", "5.00 T", "-"]);
    }

    #[test]
    fn large_numbers_are_grouped() {
        let counts = [0.0, 7.0, 999.0, 1000.0, 1_165_132.0, -25_000.0, 0.5].map(count);
        assert_eq!(counts, ["0", "7", "999", "1,000", "1,165,132", "−25,000", "0.5"]);
        let values = [0.25, 4.56789, 1_165_132.6, 2e-9, 12.5].map(grouped);
        assert_eq!(values, ["0.25", "4.568", "1,165,133", "2.00e-9", "12.5"]);
        assert_eq!([1_165_000.0, 0.5, 1000.0].map(tick), ["1.165M", "0.5", "1000"]);
        assert_eq!([plural(1, "row"), plural(2000, "row")], ["1 row", "2000 rows"]);
        assert_eq!([grouped_plural(1, "row"), grouped_plural(2000, "row")], ["1 row", "2,000 rows"]);
    }
}
