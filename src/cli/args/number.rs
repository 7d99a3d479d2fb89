//! Whole numbers, as typed.

use std::fmt::Display;
use std::str::FromStr;

/// Parses a whole number from 0 to the largest that the type holds.
pub(super) fn whole<T: FromStr + Display + Limits>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| refusal::<T>(text, 0))
}

/// The same from 1.
pub(super) fn positive<T: FromStr + Display + Limits + PartialEq + Default>(text: &str) -> Result<T, String> {
    let number = text.trim().parse().ok().filter(|number| *number != T::default());
    number.ok_or_else(|| refusal::<T>(text, 1))
}

fn refusal<T: Display + Limits>(text: &str, least: u32) -> String {
    let text = text.trim();
    let is_large = text.len() > 1 && text.chars().all(|c| c.is_ascii_digit());
    match is_large {
        true => format!("give a whole number of at most {}", T::LARGEST),
        false => format!("give a whole number, {least} or more"),
    }
}

/// The largest number of a type.
pub(super) trait Limits {
    const LARGEST: Self;
}

impl Limits for u32 {
    const LARGEST: Self = u32::MAX;
}

impl Limits for u64 {
    const LARGEST: Self = u64::MAX;
}

impl Limits for usize {
    const LARGEST: Self = usize::MAX;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_whole_number_is_told_which_are() {
        assert_eq!((whole("0"), whole(" 7 ")), (Ok(0u64), Ok(7u64)));
        for text in ["-1", "1.5", "", "ten"] {
            assert_eq!(whole::<u32>(text), Err("give a whole number, 0 or more".into()), "{text}");
        }
        assert_eq!(whole::<u32>("4294967296"), Err("give a whole number of at most 4294967295".into()));
        assert_eq!(positive::<u32>("0"), Err("give a whole number, 1 or more".into()));
    }
}
