//! What a comparison says, as sentences and numbers that every format shares.

use super::report::{Device, Document, Measurement, Overtake, Timing};
use super::statistics::Ratio;
use super::sweep::{Crossover, Parameter};

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
fn three(x: f64) -> String {
    match x.abs() {
        x_abs if x_abs >= 99.95 => format!("{x:.0}"),
        x_abs if x_abs >= 9.995 => format!("{x:.1}"),
        x_abs if x_abs >= 0.999_5 => format!("{x:.2}"),
        _ => format!("{x:.3}"),
    }
}

/// `0.42 [0.41, 0.44]`.
#[must_use]
pub fn ratio(ratio: &Ratio) -> String {
    format!("{} [{}, {}]", three(ratio.median), three(ratio.low), three(ratio.high))
}

/// How a device compares with the first, in a sentence without its end.
#[must_use]
pub fn verdict(device: &str, base: &str, ratio: &Ratio) -> String {
    if ratio.unclear() {
        return format!("{device} and {base}: no clear difference");
    }
    let (fast, slow, times) = match ratio.median < 1.0 {
        true => (device, base, [1.0 / ratio.median, 1.0 / ratio.high, 1.0 / ratio.low]),
        false => (base, device, [ratio.median, ratio.low, ratio.high]),
    };
    let [times, low, high] = times.map(three);
    format!("{fast} is {times} times as fast as {slow} (95%: {low} to {high})")
}

/// Where a device overtakes the first, in a sentence without its end.
#[must_use]
pub fn crossover(parameter: Parameter, overtake: &Overtake) -> String {
    let Overtake { device, base, crossover, from_cold } = overtake;
    let main = place(parameter, device, base, crossover);
    if crossover == from_cold {
        return main;
    }
    let cold = place(parameter, device, base, from_cold);
    format!("{main}; with opening the device and building its kernels, {cold}")
}

fn place(parameter: Parameter, device: &str, base: &str, crossover: &Crossover) -> String {
    let name = parameter.name();
    let winner = |base_wins: bool| if base_wins { base } else { device };
    match crossover {
        Crossover::Throughout { base_wins } => format!("{} wins throughout", winner(*base_wins)),
        Crossover::Once { base_wins, after, from } => {
            let (winner, other) = (winner(*base_wins), winner(!*base_wins));
            format!("{winner} wins from {name} = {from} on ({other} up to {after})")
        }
        Crossover::Often { at } => {
            let at: Vec<String> = at.iter().map(u64::to_string).collect();
            format!("{device} and {base} take turns: the faster one changes at {name} = {}", at.join(", "))
        }
    }
}

/// That the devices agree, and on what, or why that can't be said.
#[must_use]
pub fn verified(document: &Document) -> String {
    let alive = |m: &Measurement| m.devices.iter().filter(|timing| timing.failure.is_none()).count();
    let verified: Vec<&Measurement> =
        document.measurements.iter().filter(|m| m.fingerprint.is_some()).collect();
    let Some(last) = verified.iter().max_by_key(|m| m.value) else {
        return "nothing: no device computed a result".into();
    };
    let fingerprint = last.fingerprint.as_deref().unwrap_or_default();
    if alive(last) < 2 {
        return format!("one device only, nothing to hold it against; fingerprint {fingerprint}");
    }
    let names: Vec<&str> = document.devices.iter().map(|device| device.name.as_str()).collect();
    let names = names.join(" and ");
    match &document.sweep {
        None => format!("{names} agree in every bit: fingerprint {fingerprint}"),
        Some(_) => {
            let (n, value) = (verified.len(), last.value.unwrap_or(0));
            format!("{names} agree in every bit at all {n} values; fingerprint at {value}: {fingerprint}")
        }
    }
}

/// Who is faster, and from where on: sentences without their end.
#[must_use]
pub fn findings(document: &Document) -> Vec<String> {
    if let Some(sweep) = &document.sweep {
        return document.crossovers.iter().map(|c| crossover(sweep.parameter, c)).collect();
    }
    let Some(measurement) = document.measurements.first() else { return Vec::new() };
    let Some(base) = measurement.devices.first() else { return Vec::new() };
    let of = |timing: &Timing| Some(verdict(&timing.name, &base.name, timing.ratio.as_ref()?));
    measurement.devices.iter().filter_map(of).collect()
}

/// All warnings with their places; of one kind, device and several values only the first, and how many more.
#[must_use]
pub fn warnings(document: &Document) -> Vec<String> {
    let mut groups: Vec<(&str, &str, String, usize)> = Vec::new();
    for measurement in &document.measurements {
        let sweep = document.sweep.as_ref().zip(measurement.value);
        let place = sweep.map(|(sweep, value)| format!(", {} = {value}", sweep.parameter.name()));
        let place = place.unwrap_or_default();
        for timing in &measurement.devices {
            for warning in &timing.warnings {
                let same = |group: &&mut (&str, &str, String, usize)| {
                    (group.0, group.1) == (warning.kind, timing.name.as_str())
                };
                match groups.iter_mut().find(same) {
                    Some(group) => group.3 += 1,
                    None => {
                        let text = format!("{}{place}: {}", timing.name, warning.text);
                        groups.push((warning.kind, &timing.name, text, 0));
                    }
                }
            }
        }
    }
    let text = |(_, _, text, more): (&str, &str, String, usize)| match more {
        0 => text,
        1 => text + " (so also at 1 other value)",
        more => format!("{text} (so also at {more} other values)"),
    };
    groups.into_iter().map(text).collect()
}

/// A device's name and what it is.
#[must_use]
pub fn device(device: &Device) -> String {
    let driver = if device.driver.is_empty() { String::new() } else { format!(", {}", device.driver) };
    let software = if device.software { "; no GPU, but a program on the CPU" } else { "" };
    format!("{} ({}{driver}{software})", device.name, device.adapter)
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

    #[test]
    fn verdicts_name_the_faster_one() {
        let of = |median, low, high| verdict("gpu", "cpu", &Ratio { median, low, high });
        assert_eq!(of(0.5, 0.4, 0.625), "gpu is 2.00 times as fast as cpu (95%: 1.60 to 2.50)");
        assert_eq!(of(3.0, 2.0, 4.0), "cpu is 3.00 times as fast as gpu (95%: 2.00 to 4.00)");
        assert_eq!(of(1.1, 0.9, 1.2), "gpu and cpu: no clear difference");
    }

    #[test]
    fn crossovers_name_the_value() {
        let of = |crossover: Crossover, from_cold: Crossover| {
            let overtake = Overtake { device: "gpu".into(), base: "cpu".into(), crossover, from_cold };
            super::crossover(Parameter::Restarts, &overtake)
        };
        let once = |from| Crossover::Once { base_wins: false, after: from - 1, from };
        assert_eq!(of(once(37), once(37)), "gpu wins from restarts = 37 on (cpu up to 36)");
        let throughout = Crossover::Throughout { base_wins: true };
        assert_eq!(of(throughout.clone(), throughout.clone()), "cpu wins throughout");
        let text = of(once(37), throughout);
        assert!(text.ends_with("; with opening the device and building its kernels, cpu wins throughout"));
        let often = Crossover::Often { at: vec![2, 5] };
        assert_eq!(
            of(often.clone(), often),
            "gpu and cpu take turns: the faster one changes at restarts = 2, 5"
        );
    }
}
