//! Numbers as a person reads them.

use std::time::Duration;

/// Ten digits: enough to tell two inertias apart, without the noise behind.
pub(super) fn value(x: f64) -> String {
    significant(x, 10)
}

/// Six digits, for a glance.
pub(super) fn short(x: f64) -> String {
    significant(x, 6)
}

/// A number a second.
pub(super) fn rate(x: f64) -> String {
    if x.is_finite() { significant(x, 3) } else { "-".into() }
}

/// A share, as a percentage.
pub(super) fn percent(x: f64) -> String {
    format!("{:.2}%", x * 100.0)
}

/// A time in the unit that suits it.
pub(super) fn time(duration: Duration) -> String {
    match duration.as_secs_f64() {
        s if s < 0.001 => format!("{:.0} µs", s * 1e6),
        s if s < 1.0 => format!("{} ms", significant(s * 1e3, 3)),
        s if s < 100.0 => format!("{s:.2} s"),
        s => format!("{s:.0} s"),
    }
}

/// `1 row`, `2 rows`.
pub(super) fn plural(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// `digits` significant digits, all before the point in any case, trailing zeros left out.
fn significant(x: f64, digits: usize) -> String {
    let size = x.abs();
    if x == 0.0 || !x.is_finite() {
        return x.to_string();
    }
    if !(1e-4..1e15).contains(&size) {
        return format!("{x:.*e}", digits - 1);
    }
    let before = size.log10().floor() as i32 + 1;
    let text = format!("{x:.*}", usize::try_from(digits as i32 - before).unwrap_or(0));
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(
            (short(1_165_132.6), rate(523.6), rate(0.1234)),
            ("1165133".into(), "524".into(), "0.123".into())
        );
    }

    #[test]
    fn times_have_a_unit() {
        let texts = [40, 2_346, 1_000_000, 150_000_000].map(|us| time(Duration::from_micros(us)));
        assert_eq!(texts, ["40 µs", "2.35 ms", "1.00 s", "150 s"]);
    }
}
