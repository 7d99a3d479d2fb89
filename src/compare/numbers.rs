//! Numbers for people: times and rates.

/// A time in the unit that suits it, from seconds.
#[must_use]
pub fn time(seconds: f64) -> String {
    match seconds {
        s if s < 0.000_999_5 => format!("{:.0} µs", s * 1e6),
        s if s < 0.999_5 => format!("{} ms", three(s * 1e3)),
        s if s < 99.95 => format!("{} s", three(s)),
        s => format!("{s:.0} s"),
    }
}

/// Three digits, and thousands, millions and billions by their letters: `12.3 M`.
#[must_use]
pub fn rate(x: f64) -> String {
    let steps = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e4, " k")];
    match steps.iter().find(|(size, _)| x.abs() >= *size) {
        _ if !x.is_finite() => "-".into(),
        Some((1e4, letter)) => three(x / 1e3) + letter,
        Some((size, letter)) => three(x / size) + letter,
        None => three(x),
    }
}

/// Three significant digits, all before the point in any case.
pub(super) fn three(x: f64) -> String {
    match x.abs() {
        x_abs if x_abs >= 99.95 => format!("{x:.0}"),
        x_abs if x_abs >= 9.995 => format!("{x:.1}"),
        x_abs if x_abs >= 0.999_5 => format!("{x:.2}"),
        _ => format!("{x:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_rates_have_three_digits() {
        let times = [4e-5, 0.0023456, 0.9999, 1.0, 12.345, 150.0].map(time);
        assert_eq!(times, ["40 µs", "2.35 ms", "1.00 s", "1.00 s", "12.3 s", "150 s"]);
        let rates = [0.1234, 3.0, 9999.0, 12_345.0, 1.2e6, 3.4e9, 5e12, f64::INFINITY].map(rate);
        assert_eq!(rates, ["0.123", "3.00", "9999", "12.3 k", "1.20 M", "3.40 G", "5.00 T", "-"]);
    }
}
