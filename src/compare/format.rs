//! Sentences that describe a comparison, for all formats.

use super::document::{DeviceReport, Document, Measurement, Overtake, Timing};
use super::statistics::{Interval, LEAST_PAIRS, Ratio};
use super::sweep::{Crossover, Parameter};
use super::warnings::Warning;
use crate::kmeans::Search;
use crate::numbers::{plural, three};

/// `0.42 [0.41, 0.44]`, or `0.42` if there are too few runs for an interval.
#[must_use]
pub fn ratio(ratio: &Ratio) -> String {
    let median = three(ratio.median);
    match ratio.interval {
        Some(Interval { low, high }) => format!("{median} [{}, {}]", three(low), three(high)),
        None => median,
    }
}

/// How a device compares with the first, as a sentence without its full stop.
#[must_use]
pub fn verdict(device: &str, base: &str, ratio: &Ratio) -> String {
    let Some(Interval { low, high }) = ratio.interval else { return few(&format!("{device} or {base}")) };
    let (fast, slow, times) = match ratio.faster() {
        None => return format!("{device} and {base}: no clear difference"),
        Some(true) => (device, base, [1.0 / ratio.median, 1.0 / high, 1.0 / low]),
        Some(false) => (base, device, [ratio.median, low, high]),
    };
    let [times, low, high] = times.map(three);
    format!("{fast} is {times} times as fast as {slow} (95%: {low} to {high})")
}

fn few(which: &str) -> String {
    format!("too few runs to say whether {which} is faster: at least {LEAST_PAIRS} of each are needed")
}

/// Where a device overtakes the first, as a sentence without its full stop.
#[must_use]
pub fn crossover(parameter: Parameter, overtake: &Overtake) -> String {
    let Overtake { device, base, crossover, unclear, from_cold, unclear_from_cold } = overtake;
    let main = place(parameter, device, base, crossover, unclear);
    if crossover == from_cold {
        return main;
    }
    let cold = place(parameter, device, base, from_cold, unclear_from_cold);
    format!("{main}; with opening the device and building its kernels, {cold}")
}

/// Which device is faster where; `unclear` are the values without a clear difference.
fn place(parameter: Parameter, device: &str, base: &str, crossover: &Crossover, unclear: &[u64]) -> String {
    let name = parameter.name();
    let winner = |base_wins: bool| if base_wins { base } else { device };
    let at_unclear = format!("no clear difference at {name} = {}", list(unclear));
    match crossover {
        Crossover::Unclear => format!("{device} and {base}: no clear difference at any value"),
        Crossover::Throughout { base_wins } if unclear.is_empty() => {
            format!("{} wins throughout", winner(*base_wins))
        }
        Crossover::Throughout { base_wins } => {
            format!("{} wins wherever the difference is clear ({at_unclear})", winner(*base_wins))
        }
        Crossover::Once { base_wins, after, from } => {
            let (winner, other) = (winner(*base_wins), winner(!*base_wins));
            let open = unclear.iter().any(|value| value > from);
            let on = if open { "on, wherever the difference is clear" } else { "on" };
            let more = if unclear.is_empty() { String::new() } else { format!("; {at_unclear}") };
            format!("{winner} wins from {name} = {from} {on} ({other} up to {after}{more})")
        }
        Crossover::Often { at } => {
            let more = if unclear.is_empty() { String::new() } else { format!(" ({at_unclear})") };
            format!("{device} and {base} take turns: the faster one changes at {name} = {}{more}", list(at))
        }
    }
}

fn list(values: &[u64]) -> String {
    values.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

/// On what the devices agree, or why that is not known.
#[must_use]
pub fn verified(document: &Document) -> String {
    let of: Vec<&Measurement> = document.measurements.iter().filter(|m| m.fingerprint.is_some()).collect();
    let Some(last) = of.iter().max_by_key(|m| m.value) else {
        return "nothing: no device computed a result".into();
    };
    let agreed: Vec<&[&Measurement]> = of.chunk_by(|a, b| who(a) == who(b)).collect();
    let parts: Vec<String> = agreed.iter().map(|group| agreement(document, group)).collect();
    let at = match (&document.sweep, last.value) {
        (Some(sweep), Some(value)) => format!(" at {} = {value}", sweep.parameter.name()),
        _ => String::new(),
    };
    format!("{}; fingerprint{at}: {}", parts.join("; "), last.fingerprint.as_deref().unwrap_or_default())
}

/// The devices whose results were compared with each other.
fn who(measurement: &Measurement) -> Vec<&str> {
    let verified = measurement.devices.iter().filter(|timing| timing.verified);
    verified.map(|timing| timing.name.as_str()).collect()
}

/// What was verified at these values of a sweep, which have the same devices.
fn agreement(document: &Document, group: &[&Measurement]) -> String {
    let names = group.first().map(|m| who(m)).unwrap_or_default();
    let values: Vec<u64> = group.iter().filter_map(|m| m.value).collect();
    let asked = document.sweep.as_ref().map(|sweep| sweep.values.as_slice()).unwrap_or_default();
    let agree = names.len() > 1;
    let place = match &document.sweep {
        Some(_) if asked.len() > 1 && asked.iter().all(|value| values.contains(value)) => match agree {
            true => format!(" at all {} values", values.len()),
            false => " at any value".into(),
        },
        Some(sweep) if asked.len() > 1 => format!(" at {} = {}", sweep.parameter.name(), list(&values)),
        _ => String::new(),
    };
    match (agree, document.devices.len()) {
        (_, 1) => "one device only: nothing to compare it with".into(),
        (false, _) => format!("nothing{place}: there is no second result to compare with"),
        (true, _) => format!("{} agree in every bit{place}", names.join(" and ")),
    }
}

/// Which device is faster, and from which value on, as sentences without full stops. For an unfinished sweep, which
/// is faster at the largest value measured.
#[must_use]
pub fn findings(document: &Document) -> Vec<String> {
    let sweep = document.sweep.as_ref().filter(|sweep| sweep.values.len() > 1);
    let Some(sweep) = sweep else { return document.measurements.first().map(verdicts).unwrap_or_default() };
    let of = |overtake: &Overtake| match overtake.crossover {
        Crossover::Unclear if !timed_enough(document, &overtake.device) => {
            few(&format!("{} or {}", overtake.device, overtake.base))
        }
        _ => crossover(sweep.parameter, overtake),
    };
    if !document.crossovers.is_empty() {
        return document.crossovers.iter().map(of).collect();
    }
    let Some(last) = largest_timed(document).filter(|last| !verdicts(last).is_empty()) else {
        return Vec::new();
    };
    let place = format!("at {} = {}", sweep.parameter.name(), last.value.unwrap_or(0));
    verdicts(last).iter().map(|verdict| format!("not all values were measured; {place}, {verdict}")).collect()
}

fn verdicts(measurement: &Measurement) -> Vec<String> {
    let Some(base) = measurement.devices.first() else { return Vec::new() };
    let of = |timing: &Timing| Some(verdict(&timing.name, &base.name, timing.ratio.as_ref()?));
    measurement.devices.iter().filter_map(of).collect()
}

/// The measurement of the largest value with times, or the only measurement if it has times.
#[must_use]
pub fn largest_timed(document: &Document) -> Option<&Measurement> {
    document.measurements.iter().filter(|m| m.timed()).max_by_key(|m| m.value)
}

/// Whether any value has an interval.
fn timed_enough(document: &Document, device: &str) -> bool {
    let timings = document.measurements.iter().flat_map(|m| &m.devices);
    let ratios = timings.filter(|timing| timing.name == device).filter_map(|timing| timing.ratio);
    ratios.into_iter().any(|ratio| ratio.interval.is_some())
}

/// The job: `10 clusters, 1 to 256 restarts from k-means++, seed 42`.
#[must_use]
pub fn job(document: &Document) -> String {
    let params = &document.params;
    let range = |parameter: Parameter| {
        let sweep = document.sweep.as_ref().filter(|sweep| sweep.parameter == parameter)?;
        let (from, to) = sweep.values.iter().min().zip(sweep.values.iter().max())?;
        let noun = parameter.name().trim_end_matches('s');
        Some(if from == to { plural(*from, noun) } else { format!("{from} to {to} {noun}s") })
    };
    let clusters = range(Parameter::Clusters).unwrap_or_else(|| plural(params.n_clusters as u64, "cluster"));
    let restarts = range(Parameter::Restarts).unwrap_or_else(|| plural(params.n_restarts, "restart"));
    let points = range(Parameter::Points).map(|points| format!("{points}, ")).unwrap_or_default();
    let metric =
        if params.metric == "euclidean" { String::new() } else { format!(", metric {}", params.metric) };
    let search = params.population.map_or(Search::Restarts, |population| Search::Evolve { population });
    let (init, seed, search) = (&params.init, &params.seed, search.words(params.refine));
    format!("{points}{clusters}, {restarts} from {init}{search}, seed {seed}{metric}")
}

/// All warnings: first those about the data and the results, then those about times, with device and value, and the text that `add` gives for each. Of several values with the same kind
/// and device only the first is shown, with the number of the others.
#[must_use]
pub fn warnings(document: &Document, add: &dyn Fn(&Warning) -> &'static str) -> Vec<String> {
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
                        let text = format!("{}{place}: {}{}", timing.name, warning.text, add(warning));
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
    let doubts = document.warnings.iter().map(|warning| warning.text.clone());
    doubts.chain(groups.into_iter().map(text)).collect()
}

/// A device's name and description.
#[must_use]
pub fn device(device: &DeviceReport) -> String {
    let driver = if device.driver.is_empty() { String::new() } else { format!(", {}", device.driver) };
    let software = if device.software { "; software adapter on the CPU" } else { "" };
    format!("{} ({}{driver}{software})", device.name, device.adapter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_name_the_faster_one() {
        let of = |median, low, high| {
            verdict("gpu", "cpu", &Ratio { median, interval: Some(Interval { low, high }) })
        };
        assert_eq!(of(0.5, 0.4, 0.625), "gpu is 2.00 times as fast as cpu (95%: 1.60 to 2.50)");
        assert_eq!(of(3.0, 2.0, 4.0), "cpu is 3.00 times as fast as gpu (95%: 2.00 to 4.00)");
        assert_eq!(of(1.1, 0.9, 1.2), "gpu and cpu: no clear difference");
        let few = verdict("gpu", "cpu", &Ratio { median: 0.1, interval: None });
        assert!(few.contains("too few runs") && few.contains("at least 6"), "{few}");
    }

    #[test]
    fn crossovers_name_the_value() {
        let of = |crossover: Crossover, unclear: &[u64], from_cold: Crossover| {
            let (device, base) = ("gpu".into(), "cpu".into());
            let (unclear, unclear_from_cold) = (unclear.to_vec(), vec![7]);
            let overtake = Overtake { device, base, crossover, unclear, from_cold, unclear_from_cold };
            super::crossover(Parameter::Restarts, &overtake)
        };
        let once = |from| Crossover::Once { base_wins: false, after: from - 1, from };
        assert_eq!(of(once(37), &[], once(37)), "gpu wins from restarts = 37 on (cpu up to 36)");
        let between = of(once(37), &[12], once(37));
        assert_eq!(
            between,
            "gpu wins from restarts = 37 on (cpu up to 36; no clear difference at restarts = 12)"
        );
        assert!(of(once(37), &[40], once(37)).contains("= 37 on, wherever the difference is clear (cpu up"));
        let throughout = Crossover::Throughout { base_wins: true };
        assert_eq!(of(throughout.clone(), &[], throughout.clone()), "cpu wins throughout");
        let some = of(throughout.clone(), &[1], throughout.clone());
        assert_eq!(some, "cpu wins wherever the difference is clear (no clear difference at restarts = 1)");
        let text = of(once(37), &[], throughout);
        assert!(
            text.ends_with(
                "; with opening the device and building its kernels, cpu wins wherever the difference \
             is clear (no clear difference at restarts = 7)"
            ),
            "{text}"
        );
        let often = Crossover::Often { at: vec![2, 5] };
        assert_eq!(
            of(often.clone(), &[], often),
            "gpu and cpu take turns: the faster one changes at restarts = 2, 5"
        );
        let text = of(Crossover::Unclear, &[1, 2], Crossover::Unclear);
        assert_eq!(text, "gpu and cpu: no clear difference at any value");
    }
}
