//! Races planted in kernels on purpose, for a race detector to find (`tests/races.sh`).

use std::borrow::Cow;

use crate::engine::options::Race;

/// The text of the kernel `name`, with the race if it concerns this kernel.
pub(super) fn plant<'a>(race: Option<Race>, name: &str, text: &'a str) -> Cow<'a, str> {
    match race {
        Some(Race::EveryKernel) if text.contains("var<workgroup>") => write_by_all(name, text).into(),
        Some(Race::NoBarriers(kernel)) if kernel == name => text.replace("workgroupBarrier();", "").into(),
        _ => text.into(),
    }
}

/// The first thing that every invocation does is to write one and the same word.
fn write_by_all(name: &str, text: &str) -> String {
    let body = text.split_once(&format!("fn {name}(")).and_then(|(_, entry)| entry.split_once('{'));
    let body = body.map_or_else(|| panic!("{name} has no entry point of its name"), |(_, body)| body);
    let before = &text[..text.len() - body.len()];
    format!("{before}\n    planted = 1u;{body}\nvar<workgroup> planted: u32;\n")
}
