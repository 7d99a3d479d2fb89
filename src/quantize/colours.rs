//! The pixels of a picture -> its distinct colours, as a table with weights.

use ndarray::Array2;
use rayon::prelude::*;

use crate::data::Dataset;
use crate::picture::{Pixels, Samples};

/// Colours that share their red and green stand in one bucket.
const BUCKETS: usize = 1 << 16;

/// The distinct colours of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colours {
    /// Columns of the picture.
    pub width: usize,
    /// Rows of the picture.
    pub height: usize,
    /// Red, green, blue and opacity of each colour, in ascending order. All that is not seen at all is one colour, of
    /// zeros. (n_colours)
    pub colours: Vec<[u8; 4]>,
    /// Number of pixels of each colour. (n_colours)
    pub counts: Vec<u64>,
    /// The number of each pixel's colour. (height, width)
    pub pixels: Vec<u32>,
}

/// What the columns of the table of colours are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// Brightness alone, since all is grey and opaque.
    Grey,
    /// Red, green and blue, since all is opaque.
    Rgb,
    /// Red, green and blue, each times the opacity, and the opacity times 255: what is seen less counts less.
    Seen,
}

impl Colours {
    /// The colours of pixels of red, green, blue and opacity, of 8 bits; `None` if they have other values.
    #[must_use]
    pub fn of(picture: &Pixels) -> Option<Self> {
        let Samples::Eight(samples) = &picture.samples else { return None };
        let (values, []) = samples.as_chunks::<4>() else { return None };
        if picture.channels.count() != 4 {
            return None;
        }
        let keys: Vec<u32> = values.par_iter().map(|&colour| key(colour)).collect();
        let mut sorted = keys.clone();
        sorted.par_sort_unstable();
        let runs = || sorted.chunk_by(|a, b| a == b);
        let distinct: Vec<u32> = runs().map(|run| run[0]).collect();
        let starts = starts(&distinct);
        let place = |&key: &u32| {
            let bucket = (key >> 16) as usize;
            let of_bucket = &distinct[starts[bucket]..starts[bucket + 1]];
            (starts[bucket] + of_bucket.partition_point(|&other| other < key)) as u32
        };
        Some(Self {
            width: picture.kind.width,
            height: picture.kind.height,
            colours: distinct.iter().map(|key| key.to_be_bytes()).collect(),
            counts: runs().map(|run| run.len() as u64).collect(),
            pixels: keys.par_iter().map(place).collect(),
        })
    }

    /// The colours as a table, a row for each, whose weights are numbers of pixels. Its columns are grey; or red, green and
    /// blue; or if something is not opaque red, green and blue, each times the opacity, and 255 times the opacity.
    #[must_use]
    pub fn table(&self, name: &str) -> Dataset<'static> {
        let space = self.space();
        let n_dims = space.names().len();
        let values: Vec<f32> = self.colours.iter().flat_map(|&colour| space.values(colour)).collect();
        let shape = (self.colours.len(), n_dims);
        let points = Array2::from_shape_fn(shape, |(row, column)| values[row * n_dims + column]);
        let weights = self.counts.iter().map(|&count| count as f64).collect();
        let columns = space.names().iter().map(|&name| name.to_owned()).collect();
        Dataset { columns, ..Dataset::new(name, points).with_weights(weights) }
    }

    /// Whether all is opaque.
    #[must_use]
    pub fn is_opaque(&self) -> bool {
        self.colours.iter().all(|colour| colour[3] == u8::MAX)
    }

    pub(super) fn space(&self) -> Space {
        let is_grey = |&[red, green, blue, _]: &[u8; 4]| red == green && green == blue;
        match (self.is_opaque(), self.colours.iter().all(is_grey)) {
            (false, _) => Space::Seen,
            (true, true) => Space::Grey,
            (true, false) => Space::Rgb,
        }
    }
}

/// A colour as a number, in whose order colours are. What is not seen has no colour.
fn key(colour: [u8; 4]) -> u32 {
    if colour[3] == 0 { 0 } else { u32::from_be_bytes(colour) }
}

/// Where each bucket of the colours begins, and their end. (BUCKETS + 1)
fn starts(distinct: &[u32]) -> Vec<usize> {
    let mut starts = vec![0; BUCKETS + 1];
    distinct.iter().for_each(|key| starts[(key >> 16) as usize + 1] += 1);
    (0..BUCKETS).for_each(|bucket| starts[bucket + 1] += starts[bucket]);
    starts
}

impl Space {
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Grey => &["grey"],
            Self::Rgb => &["red", "green", "blue"],
            Self::Seen => &["red * alpha", "green * alpha", "blue * alpha", "255 * alpha"],
        }
    }

    /// The row of a colour. All are whole numbers below 2^16.
    fn values(self, [red, green, blue, alpha]: [u8; 4]) -> Vec<f32> {
        let seen = |value: u8| f32::from(value) * f32::from(alpha);
        match self {
            Self::Grey => vec![red.into()],
            Self::Rgb => [red, green, blue].map(f32::from).to_vec(),
            Self::Seen => vec![seen(red), seen(green), seen(blue), seen(u8::MAX)],
        }
    }

    /// The colour that is nearest to a row, such as a centroid.
    pub(super) fn colour(self, row: &[f64]) -> [u8; 4] {
        let byte = |value: f64| value.round().clamp(0.0, 255.0) as u8;
        match (self, row) {
            (Self::Grey, &[grey]) => [byte(grey), byte(grey), byte(grey), u8::MAX],
            (Self::Rgb, &[red, green, blue]) => [byte(red), byte(green), byte(blue), u8::MAX],
            (Self::Seen, &[red, green, blue, seen]) if byte(seen / 255.0) > 0 => {
                let straight = |value: f64| byte(value / seen * 255.0);
                [straight(red), straight(green), straight(blue), byte(seen / 255.0)]
            }
            _ => [0; 4], // not seen
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Channels, Kind};

    fn picture(width: usize, values: &[[u8; 4]]) -> Pixels {
        let kind = Kind { width, height: values.len() / width, channels: Channels::Rgba, deep: false };
        Pixels { kind, channels: Channels::Rgba, samples: Samples::Eight(values.concat()) }
    }

    #[test]
    fn equal_pixels_are_one_row_of_their_number() {
        let (a, b, c) = ([9, 8, 7, 255], [9, 8, 6, 255], [0, 0, 1, 255]);
        let colours = Colours::of(&picture(3, &[a, b, a, c, a, b])).unwrap();
        assert_eq!((colours.width, colours.height), (3, 2));
        assert_eq!((colours.colours.as_slice(), colours.counts.as_slice()), (&[c, b, a][..], &[1, 2, 3][..]));
        assert_eq!(colours.pixels, [2, 1, 2, 0, 2, 1]);
        let table = colours.table("t");
        assert_eq!((table.columns.len(), table.weights.unwrap()), (3, vec![1.0, 2.0, 3.0]));
    }

    #[test]
    fn what_is_not_seen_is_one_colour() {
        let colours = Colours::of(&picture(2, &[[9, 9, 9, 0], [1, 2, 3, 0], [5, 5, 5, 255], [5, 5, 5, 9]]));
        let colours = colours.unwrap();
        assert_eq!(colours.colours, [[0; 4], [5, 5, 5, 9], [5, 5, 5, 255]]);
        assert_eq!((colours.space(), colours.is_opaque()), (Space::Seen, false));
    }

    #[test]
    fn each_colour_comes_back_from_its_row() {
        for alpha in 1..=255 {
            for value in [0, 1, 100, 254, 255] {
                let colour = [value, 255 - value, value / 2, alpha];
                let row: Vec<f64> = Space::Seen.values(colour).into_iter().map(f64::from).collect();
                assert_eq!(Space::Seen.colour(&row), colour);
            }
        }
        assert_eq!(Space::Grey.colour(&[7.4]), [7, 7, 7, 255]);
        assert_eq!(Space::Seen.colour(&[0.0; 4]), [0; 4]);
    }
}
