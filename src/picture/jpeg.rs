//! Whether the compressed data of a JPEG are whole.
//!
//! Decoders fill what is missing from a JPEG with grey, so that browsers show something, and digits next to the gap
//! would be read as if nothing were missing. So the codes are followed here first, without the pixels (ITU-T T.81,
//! annexes F and G): each block of each scan must be there, no code may be left over, and the end must be marked.
//! Changed bits after which the codes still fit can't be told.

/// Most scans, as the decoder reads. A progressive picture has about ten.
const MOST_SCANS: usize = 100;
/// Bits of a sample.
const BITS: u8 = 8;
/// Coefficients of a block.
const BLOCK: usize = 64;
/// Most bits of a difference between two means, and of another coefficient, in pictures of 8 bits.
const MOST_BITS_OF_MEAN: u8 = 11;
const MOST_BITS: u8 = 10;

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const RESTART_INTERVAL: u8 = 0xdd;
const TABLES: u8 = 0xc4;
const STEPS: u8 = 0xdb;

/// Why a JPEG is not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// What is damaged.
    Damaged(String),
    /// What kind it is, which the decoder would read wrongly.
    Kind(String),
}

/// Follows the codes of a JPEG of at most so many pixels. Kinds that are not read at all are left to the decoder to
/// refuse.
pub(super) fn check(bytes: &[u8], most_pixels: u64) -> Result<(), Fault> {
    let mut file = File { bytes, at: 0, coding: Coding::default(), frame: None, scans: 0, most_pixels };
    while let Some(marker) = file.marker() {
        match marker {
            START | 0x01 | 0xd0..=0xd7 => {}
            END => return file.end(),
            SCAN => file.scan()?,
            TABLES => file.tables()?,
            STEPS => file.segment().and_then(steps).ok_or_else(|| wrong("a table of steps"))?,
            RESTART_INTERVAL => {
                let interval = file.segment().and_then(|mut segment| segment.two());
                file.coding.interval = interval.ok_or_else(|| wrong("its restart interval"))?;
            }
            0xc0..=0xc2 => file.frame(marker == 0xc2)?,
            0xc3 | 0xc5..=0xcf => return Ok(()),
            _ => file.segment().map(drop).ok_or_else(|| wrong("a segment"))?,
        }
    }
    Err(damaged("it has no end, so the file was cut short"))
}

fn damaged(what: impl Into<String>) -> Fault {
    Fault::Damaged(what.into())
}

fn wrong(what: &str) -> Fault {
    damaged(format!("{what} can't be right"))
}

struct File<'a> {
    bytes: &'a [u8],
    at: usize,
    coding: Coding,
    frame: Option<Frame>,
    scans: usize,
    most_pixels: u64,
}

/// What the tables before a scan say.
#[derive(Default)]
struct Coding {
    means: [Option<Codes>; 4],
    others: [Option<Codes>; 4],
    /// Units between two restarts; 0 for none.
    interval: usize,
}

impl<'a> File<'a> {
    /// The next marker, and the place after it.
    fn marker(&mut self) -> Option<u8> {
        loop {
            let at = self.at + self.bytes.get(self.at..)?.iter().position(|&byte| byte == 0xff)?;
            let fill = self.bytes[at..].iter().take_while(|&&byte| byte == 0xff).count();
            self.at = at + fill + 1;
            match *self.bytes.get(at + fill)? {
                0 => {}
                marker => return Some(marker),
            }
        }
    }

    /// The content of a segment, and the place after it.
    fn segment(&mut self) -> Option<Segment<'a>> {
        let mut rest = Segment(self.bytes.get(self.at..)?);
        let length = rest.two()?;
        let content = rest.take(length.checked_sub(2)?)?;
        self.at += length;
        Some(Segment(content))
    }

    fn frame(&mut self, progressive: bool) -> Result<(), Fault> {
        let frame =
            self.segment().and_then(|mut segment| Frame::of(&mut segment, progressive, self.most_pixels));
        let frame = frame.filter(|_| self.frame.is_none()).ok_or_else(|| wrong("its header"))?;
        let n = frame.components.len();
        if ![1, 3, 4].contains(&n) {
            return Err(Fault::Kind(format!("has {n} colour components, and 1, 3 or 4 are read")));
        }
        if frame.bits != BITS {
            return Err(Fault::Kind(format!("has {} bits per sample, and {BITS} are read", frame.bits)));
        }
        self.frame = Some(frame);
        Ok(())
    }

    fn tables(&mut self) -> Result<(), Fault> {
        let error = || wrong("a table of codes");
        let mut segment = self.segment().ok_or_else(error)?;
        while !segment.0.is_empty() {
            let (kind, codes) = segment.one().zip(Codes::of(&mut segment)).ok_or_else(error)?;
            let tables = if kind < 16 { &mut self.coding.means } else { &mut self.coding.others };
            *tables.get_mut(usize::from(kind % 16)).ok_or_else(error)? = Some(codes);
        }
        Ok(())
    }

    fn scan(&mut self) -> Result<(), Fault> {
        self.scans += 1;
        if self.scans > MOST_SCANS {
            return Err(damaged(format!("it has more than {MOST_SCANS} scans")));
        }
        let (segment, frame) = (self.segment(), self.frame.as_mut());
        let scan =
            segment.zip(frame.as_deref()).and_then(|(mut segment, frame)| Scan::of(&mut segment, frame));
        let (scan, frame) = scan.zip(frame).ok_or_else(|| wrong("the header of a scan"))?;
        let mut bits = Bits { bytes: self.bytes, at: self.at, byte: 0, left: 0 };
        let (mut done, all) = (0, scan.units(frame));
        let followed = follow(&scan, frame, &self.coding, &mut bits, &mut done);
        self.at = bits.at;
        followed.ok_or_else(|| {
            let share = 100.0 * done as f64 / all.max(1) as f64;
            let of = if frame.progressive { format!("scan {}", self.scans) } else { "the picture".into() };
            damaged(format!("its data are cut short or changed, at the latest after {share:.0}% of {of}"))
        })
    }

    fn end(&self) -> Result<(), Fault> {
        let all = |frame: &Frame| frame.components.iter().all(|component| component.complete == u64::MAX);
        let whole = self.frame.as_ref().is_some_and(all);
        if whole { Ok(()) } else { Err(damaged("a part of its data is missing")) }
    }
}

/// Tables of the steps of coefficients, which are never 0: with that, blocks would be grey.
fn steps(mut segment: Segment<'_>) -> Option<()> {
    while !segment.0.is_empty() {
        let wide = segment.one()? >= 16;
        for _ in 0..BLOCK {
            let step = if wide { segment.two()? } else { segment.one()?.into() };
            (step != 0).then_some(())?;
        }
    }
    Some(())
}

/// Bytes that are not yet read.
struct Segment<'a>(&'a [u8]);

impl<'a> Segment<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    fn one(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    fn two(&mut self) -> Option<usize> {
        self.take(2).map(|bytes| usize::from(bytes[0]) << 8 | usize::from(bytes[1]))
    }
}

/// A Huffman code: the number of codes of each length, and what they stand for.
struct Codes {
    counts: [u16; 16],
    values: Vec<u8>,
}

impl Codes {
    fn of(segment: &mut Segment<'_>) -> Option<Self> {
        let counts: [u8; 16] = segment.take(16)?.try_into().ok()?;
        let counts = counts.map(u16::from);
        let values = segment.take(counts.iter().sum::<u16>().into())?.to_vec();
        (values.len() <= 256).then_some(Self { counts, values })
    }

    /// The next code's value.
    fn next(&self, bits: &mut Bits<'_>) -> Option<u8> {
        let (mut code, mut first, mut place) = (0u32, 0, 0);
        for count in self.counts {
            code |= bits.one()?;
            let count = u32::from(count);
            if code < first + count {
                return self.values.get((place + code - first) as usize).copied();
            }
            place += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}

/// The bits of a scan, up to the next marker.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    byte: u8,
    left: u8,
}

impl Bits<'_> {
    fn load(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        if byte == 0xff {
            if self.bytes.get(self.at + 1) != Some(&0) {
                return None; // a marker
            }
            self.at += 1;
        }
        self.at += 1;
        Some(byte)
    }

    fn one(&mut self) -> Option<u32> {
        if self.left == 0 {
            (self.byte, self.left) = (self.load()?, 8);
        }
        self.left -= 1;
        Some(u32::from(self.byte >> self.left & 1))
    }

    fn several(&mut self, n: u8) -> Option<u32> {
        (0..n).try_fold(0, |bits, _| Some(bits << 1 | self.one()?))
    }

    /// The end before a marker: only zeros, with which some cameras fill, may be left.
    fn end(&mut self) -> Option<()> {
        self.left = 0;
        while let Some(byte) = self.load() {
            (byte == 0).then_some(())?;
        }
        Some(())
    }

    /// The marker of restart `n`.
    fn restart(&mut self, n: usize) -> Option<()> {
        self.end()?;
        let fill = self.bytes[self.at..].iter().take_while(|&&byte| byte == 0xff).count();
        let marker = *self.bytes.get(self.at + fill)?;
        self.at += fill + 1;
        (usize::from(marker) == 0xd0 + n % 8).then_some(())
    }
}

/// The frame of a picture.
struct Frame {
    progressive: bool,
    bits: u8,
    width: usize,
    height: usize,
    components: Vec<Part>,
    /// Largest horizontal and vertical sampling.
    most: (usize, usize),
}

/// A component of the colour.
struct Part {
    id: u8,
    across: usize,
    down: usize,
    /// A bit for each coefficient that the scans have to its last bit.
    complete: u64,
    /// Blocks in a row, and for each block which coefficients are not 0; empty if that does not matter.
    stride: usize,
    filled: Vec<u64>,
}

impl Frame {
    fn of(segment: &mut Segment<'_>, progressive: bool, most_pixels: u64) -> Option<Self> {
        let (bits, height, width, n) = (segment.one()?, segment.two()?, segment.two()?, segment.one()?);
        ((width * height) as u64 <= most_pixels).then_some(())?;
        let mut components = Vec::new();
        for _ in 0..n {
            let (id, sampling, _) = (segment.one()?, segment.one()?, segment.one()?);
            let (across, down) = (usize::from(sampling >> 4), usize::from(sampling & 15));
            ((1..=4).contains(&across) && (1..=4).contains(&down)).then_some(())?;
            components.push(Part { id, across, down, complete: 0, stride: 0, filled: Vec::new() });
        }
        let most = |of: fn(&Part) -> usize| components.iter().map(of).max();
        let most = (most(|part| part.across)?, most(|part| part.down)?);
        let mut frame = Self { progressive, bits, width, height, components, most };
        if progressive {
            let (across, down) = frame.units();
            for part in &mut frame.components {
                part.stride = across * part.across;
                part.filled = vec![0; part.stride * down * part.down];
            }
        }
        Some(frame)
    }

    /// Units of all components, across and down.
    fn units(&self) -> (usize, usize) {
        (self.width.div_ceil(8 * self.most.0), self.height.div_ceil(8 * self.most.1))
    }

    /// Blocks of a component that is alone in its scan, across and down.
    fn blocks(&self, part: &Part) -> (usize, usize) {
        let of = |size: usize, own: usize, most: usize| (size * own).div_ceil(most).div_ceil(8);
        (of(self.width, part.across, self.most.0), of(self.height, part.down, self.most.1))
    }
}

/// The header of a scan.
struct Scan {
    /// Of each component: its place in the frame, and the tables for means and for other coefficients.
    parts: Vec<(usize, usize, usize)>,
    /// First and last coefficient.
    from: usize,
    to: usize,
    /// Whether it adds a bit to an earlier scan, and whether that is the last.
    refines: bool,
    last: bool,
}

impl Scan {
    fn of(segment: &mut Segment<'_>, frame: &Frame) -> Option<Self> {
        let n = segment.one()?;
        let mut parts = Vec::new();
        for _ in 0..n {
            let (id, tables) = (segment.one()?, segment.one()?);
            let place = frame.components.iter().position(|part| part.id == id)?;
            parts.push((place, usize::from(tables >> 4), usize::from(tables & 15)));
        }
        let (from, to, bits) = (segment.one()?.into(), segment.one()?.into(), segment.one()?);
        let (from, to) = if frame.progressive { (from, to) } else { (0, BLOCK - 1) };
        let alone = from == 0 || parts.len() == 1;
        let fits = (1..=4).contains(&parts.len()) && alone && from <= to && to < BLOCK;
        let (refines, last) = (frame.progressive && bits >> 4 != 0, !frame.progressive || bits & 15 == 0);
        fits.then_some(Self { parts, from, to, refines, last })
    }

    /// Units across and down: blocks if the component is alone.
    fn size(&self, frame: &Frame) -> (usize, usize) {
        match self.parts[..] {
            [(only, ..)] => frame.blocks(&frame.components[only]),
            _ => frame.units(),
        }
    }

    fn units(&self, frame: &Frame) -> usize {
        let (across, down) = self.size(frame);
        across * down
    }
}

/// Follows the codes of a scan. `done` counts its units.
fn follow(
    scan: &Scan,
    frame: &mut Frame,
    coding: &Coding,
    bits: &mut Bits<'_>,
    done: &mut usize,
) -> Option<()> {
    let (across, down) = scan.size(frame);
    let (mut run, mut restarts) = (0, 0);
    for (y, x) in (0..down).flat_map(|y| (0..across).map(move |x| (y, x))) {
        if coding.interval > 0 && *done > 0 && done.is_multiple_of(coding.interval) {
            (run == 0).then_some(())?;
            bits.restart(restarts)?;
            restarts += 1;
        }
        for &(place, means, others) in &scan.parts {
            let part = &mut frame.components[place];
            let tables = (coding.means.get(means)?.as_ref(), coding.others.get(others)?.as_ref());
            let (wide, high) = if scan.parts.len() == 1 { (1, 1) } else { (part.across, part.down) };
            for (v, h) in (0..high).flat_map(|v| (0..wide).map(move |h| (v, h))) {
                if frame.progressive {
                    let filled = part.filled.get_mut((y * high + v) * part.stride + x * wide + h)?;
                    scan.step(tables, filled, &mut run, bits)?;
                } else {
                    whole(tables.0?, tables.1?, bits)?;
                }
            }
        }
        *done += 1;
    }
    (run == 0).then_some(())?;
    let covered = u64::MAX >> (BLOCK - 1 - scan.to) & u64::MAX << scan.from;
    for &(place, ..) in scan.parts.iter().filter(|_| scan.last) {
        frame.components[place].complete |= covered;
    }
    bits.end()
}

/// A block of a picture that is not progressive.
fn whole(means: &Codes, others: &Codes, bits: &mut Bits<'_>) -> Option<()> {
    mean(means, bits)?;
    let mut at = 1;
    while at < BLOCK {
        let (zeros, size) = split(others.next(bits)?)?;
        match (zeros, size) {
            (15, 0) => at += 16,
            (_, 0) => return Some(()),
            _ => {
                at += zeros + 1;
                bits.several(size)?;
            }
        }
    }
    (at == BLOCK).then_some(())
}

fn mean(means: &Codes, bits: &mut Bits<'_>) -> Option<()> {
    let size = means.next(bits).filter(|&size| size <= MOST_BITS_OF_MEAN)?;
    bits.several(size).map(drop)
}

/// Zeros before a coefficient, and its bits.
fn split(code: u8) -> Option<(usize, u8)> {
    let (zeros, size) = (usize::from(code >> 4), code & 15);
    (size <= MOST_BITS).then_some((zeros, size))
}

impl Scan {
    /// A block in a scan of a progressive picture. `run` is the number of blocks from here on that have no code.
    fn step(
        &self,
        (means, others): (Option<&Codes>, Option<&Codes>),
        filled: &mut u64,
        run: &mut u32,
        bits: &mut Bits<'_>,
    ) -> Option<()> {
        match (self.from, self.refines) {
            (0, false) => mean(means?, bits),
            (0, true) => bits.one().map(drop),
            (_, false) => self.first(others?, filled, run, bits),
            (_, true) => self.again(others?, filled, run, bits),
        }
    }

    /// The first scan of some coefficients.
    fn first(&self, codes: &Codes, filled: &mut u64, run: &mut u32, bits: &mut Bits<'_>) -> Option<()> {
        let mut at = self.from;
        while *run == 0 && at <= self.to {
            let (zeros, size) = split(codes.next(bits)?)?;
            match (zeros, size) {
                (15, 0) => at += 16,
                (_, 0) => *run = (1 << zeros) + bits.several(zeros as u8)?,
                _ => {
                    at += zeros;
                    (at <= self.to).then_some(())?;
                    bits.several(size)?;
                    *filled |= 1 << at;
                    at += 1;
                }
            }
        }
        *run = run.saturating_sub(1);
        Some(())
    }

    /// A scan that adds a bit to coefficients, and new ones of one bit.
    fn again(&self, codes: &Codes, filled: &mut u64, run: &mut u32, bits: &mut Bits<'_>) -> Option<()> {
        let mut at = self.from;
        while *run == 0 && at <= self.to {
            let (zeros, size) = split(codes.next(bits)?)?;
            match size {
                0 if zeros < 15 => {
                    *run = (1 << zeros) + bits.several(zeros as u8)?;
                    break;
                }
                0 | 1 => bits.several(size)?,
                _ => return None,
            };
            at = self.skip(at, zeros, *filled, bits)?;
            if size == 1 {
                (at <= self.to).then_some(())?;
                *filled |= 1 << at;
            }
            at += 1;
        }
        if *run > 0 {
            self.skip(at, BLOCK, *filled, bits)?;
            *run -= 1;
        }
        Some(())
    }

    /// Skips so many zeros, and the bits of the coefficients between them; stops at the next zero, or at the end.
    fn skip(&self, mut at: usize, mut zeros: usize, filled: u64, bits: &mut Bits<'_>) -> Option<usize> {
        while at <= self.to {
            if filled >> at & 1 == 1 {
                bits.one()?;
            } else if zeros == 0 {
                break;
            } else {
                zeros -= 1;
            }
            at += 1;
        }
        Some(at)
    }
}
