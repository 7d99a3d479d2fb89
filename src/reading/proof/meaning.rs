//! What a frame says, and its colour.

use image::Rgb;

use crate::reading::Digit;

/// Digits of less confidence are unsure: of held-out ones below it, three in ten were misread.
const SURE: f64 = 0.1;

/// What a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Read,
    Unsure,
    NotADigit,
    LeftOut,
}

impl Meaning {
    /// In the order of the legend.
    pub(super) const ALL: [Self; 4] = [Self::Read, Self::Unsure, Self::NotADigit, Self::LeftOut];

    pub(super) fn of(digit: &Digit) -> Self {
        match digit {
            digit if digit.strange => Self::NotADigit,
            digit if digit.confidence < SURE => Self::Unsure,
            _ => Self::Read,
        }
    }

    /// Told apart on light and dark paper, and by colour-blind readers.
    pub(super) fn color(self) -> Rgb<u8> {
        match self {
            Self::Read => Rgb([0, 114, 178]),
            Self::Unsure => Rgb([190, 110, 0]),
            Self::NotADigit => Rgb([200, 30, 90]),
            Self::LeftOut => Rgb([125, 125, 135]),
        }
    }

    /// For the legend.
    pub(super) fn text(self) -> String {
        let percent = SURE * 100.0;
        match self {
            Self::Read => "read".into(),
            Self::Unsure => format!("read, but unsure: confidence below {percent:.0}%"),
            Self::NotADigit => "? not a digit: too far from every centroid".into(),
            Self::LeftOut => "left out by its size".into(),
        }
    }
}
