//! Files of pictures: what they have in common, and their pixels one file at a time.

use std::io::{BufReader, Read};

use super::columns::MOST_COLUMNS;
use super::error::DataError;
use super::input::{Input, Stored, read_error};
use super::options::ReadOptions;
use super::reading::PictureReading;
use crate::picture::{Channels, Kind, MOST_BYTES, PictureError, Pixels, Samples, kind};

/// A file of a picture.
struct PictureFile {
    stored: Stored,
    kind: Kind,
}

/// The pictures of a table.
pub(super) struct PictureFiles {
    files: Vec<PictureFile>,
    channels: Channels,
    deep: bool,
    /// Whether brightness is that on white paper, where a picture is not opaque.
    on_white: bool,
}

impl PictureFiles {
    /// Reads the headers. The values of a pixel are those asked for, or those that hold all pictures: colours if any has
    /// them, opacity if any pixel is not opaque.
    pub(super) fn open(inputs: Vec<Input>, options: &ReadOptions) -> Result<Self, DataError> {
        let files: Vec<PictureFile> = inputs.into_iter().map(PictureFile::open).collect::<Result<_, _>>()?;
        let deep = files[0].kind.deep;
        let mut pictures =
            Self { files, channels: Channels::Grey, deep, on_white: options.as_drawings.is_some() };
        pictures.check_like_first(|kind| kind.deep == deep, |kind| bits(kind.deep).to_owned())?;
        pictures.channels = match options.channels {
            Some(channels) => channels,
            None if pictures.on_white => Channels::Grey,
            None => pictures.all_channels()?,
        };
        Ok(pictures)
    }

    /// Number of pictures.
    pub(super) fn count(&self) -> usize {
        self.files.len()
    }

    /// Number of pixels of a picture.
    pub(super) fn n_pixels(&self, picture: usize) -> usize {
        let kind = self.files[picture].kind;
        kind.width * kind.height
    }

    /// Number of pixels of all pictures.
    pub(super) fn all_pixels(&self) -> u64 {
        (0..self.count()).map(|picture| self.n_pixels(picture) as u64).sum()
    }

    /// The values of a pixel.
    pub(super) fn channels(&self) -> Channels {
        self.channels
    }

    /// Bytes of a value.
    pub(super) fn value_bytes(&self) -> u64 {
        if self.deep { 2 } else { 1 }
    }

    /// The names of the files.
    pub(super) fn names(&self) -> Vec<String> {
        self.files.iter().map(|file| file.stored.name().to_owned()).collect()
    }

    /// Columns and rows of pixels of each picture, which must be the same, and not more than there can be columns.
    pub(super) fn one_size(&self) -> Result<(usize, usize), DataError> {
        let Kind { width, height, .. } = self.files[0].kind;
        self.check_like_first(
            |kind| (kind.width, kind.height) == (width, height),
            |kind| format!("is {} x {} pixels", kind.width, kind.height),
        )?;
        let columns = width as u64 * height as u64 * self.channels.count() as u64;
        if columns > MOST_COLUMNS {
            let name = self.files[0].stored.name().to_owned();
            return Err(DataError::PictureColumns { name, width, height, columns, most: MOST_COLUMNS });
        }
        Ok((width, height))
    }

    /// What was found.
    pub(super) fn reading(&self, pixels: bool, left_out: Vec<String>) -> PictureReading {
        let of = |file: &PictureFile| (file.kind.width, file.kind.height);
        let first = of(&self.files[0]);
        PictureReading {
            count: self.count(),
            size: self.files.iter().all(|file| of(file) == first).then_some(first),
            n_pixels: self.all_pixels(),
            channels: self.channels,
            deep: self.deep,
            pixels,
            left_out,
        }
    }

    /// The values of a picture. (height, width, channels)
    pub(super) fn samples(&self, picture: usize) -> Result<Samples, DataError> {
        let file = &self.files[picture];
        if self.on_white && file.kind.channels.has_alpha() {
            return file.pixels(Some(Channels::GreyAlpha)).map(|pixels| on_white(&pixels.samples));
        }
        file.pixels(Some(self.channels)).map(|pixels| pixels.samples)
    }

    /// The values that hold all pictures.
    fn all_channels(&self) -> Result<Channels, DataError> {
        let has_colour = |file: &PictureFile| matches!(file.kind.channels, Channels::Rgb | Channels::Rgba);
        let mut alpha = false;
        for file in self.files.iter().filter(|file| file.kind.channels.has_alpha()) {
            alpha = alpha || file.pixels(None)?.channels.has_alpha();
        }
        Ok(Channels::of(self.files.iter().any(has_colour), alpha))
    }

    /// Checks that something holds for all pictures, as it does for the first one; `what` says it.
    fn check_like_first(
        &self,
        holds: impl Fn(&Kind) -> bool,
        what: impl Fn(&Kind) -> String,
    ) -> Result<(), DataError> {
        let Some(other) = self.files.iter().find(|file| !holds(&file.kind)) else { return Ok(()) };
        let first = &self.files[0];
        let difference = format!("{} where {} {}", what(&other.kind), first.stored.name(), what(&first.kind));
        Err(DataError::OtherPicture { name: other.stored.name().to_owned(), difference })
    }
}

impl PictureFile {
    fn open(input: Input) -> Result<Self, DataError> {
        let stored = input.store()?;
        let kind = kind(BufReader::new(stored.open()?)).map_err(|error| bad(&stored, error))?;
        Ok(Self { stored, kind })
    }

    fn pixels(&self, channels: Option<Channels>) -> Result<Pixels, DataError> {
        let failed = |reason| read_error(self.stored.name(), reason);
        let (mut file, mut bytes) = (self.stored.open()?, Vec::new());
        file.by_ref().take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        file.check_unchanged()?;
        Pixels::decode(&bytes, channels, true).map_err(|error| bad(&self.stored, error))
    }
}

/// The brightness of pixels on white paper, from brightness and opacity.
fn on_white(samples: &Samples) -> Samples {
    let mixed = |grey: u64, alpha: u64, most: u64| (grey * alpha + most * (most - alpha) + most / 2) / most;
    match samples {
        Samples::Eight(samples) => {
            let grey = |pixel: &[u8]| mixed(pixel[0].into(), pixel[1].into(), u8::MAX.into()) as u8;
            Samples::Eight(samples.chunks_exact(2).map(grey).collect())
        }
        Samples::Sixteen(samples) => {
            let grey = |pixel: &[u16]| mixed(pixel[0].into(), pixel[1].into(), u16::MAX.into()) as u16;
            Samples::Sixteen(samples.chunks_exact(2).map(grey).collect())
        }
    }
}

fn bad(stored: &Stored, error: PictureError) -> DataError {
    DataError::Picture { name: stored.name().to_owned(), error }
}

fn bits(deep: bool) -> &'static str {
    if deep { "has 16 bits a value" } else { "has 8 bits a value or fewer" }
}
