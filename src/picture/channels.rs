//! Which values a pixel has.

/// The values of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// Brightness.
    Grey,
    /// Brightness and opacity.
    GreyAlpha,
    /// Red, green and blue.
    Rgb,
    /// Red, green, blue and opacity.
    Rgba,
}

impl Channels {
    /// Those of colours or greys, with opacity or without.
    #[cfg(feature = "cli")]
    pub(crate) fn of(colour: bool, alpha: bool) -> Self {
        match (colour, alpha) {
            (false, false) => Self::Grey,
            (false, true) => Self::GreyAlpha,
            (true, false) => Self::Rgb,
            (true, true) => Self::Rgba,
        }
    }

    /// The names of the values.
    #[must_use]
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Grey => &["grey"],
            Self::GreyAlpha => &["grey", "alpha"],
            Self::Rgb => &["red", "green", "blue"],
            Self::Rgba => &["red", "green", "blue", "alpha"],
        }
    }

    /// Their number.
    #[must_use]
    pub fn count(self) -> usize {
        self.names().len()
    }

    /// Whether opacity is one of them.
    #[must_use]
    pub fn has_alpha(self) -> bool {
        matches!(self, Self::GreyAlpha | Self::Rgba)
    }
}
