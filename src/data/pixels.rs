//! Columns that are the pixels of a picture, by their names.

/// Height and width of the picture, if names count pixels row by row: `pixel_0_0`, `pixel_0_1`, ..
pub(crate) fn shape_of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<(usize, usize)> {
    let places: Option<Vec<_>> = names.into_iter().map(place).collect();
    let places = places?;
    let &(last_row, last_column) = places.last()?;
    let (height, width) = (last_row.checked_add(1)?, last_column.checked_add(1)?);
    let counts = places.iter().enumerate().all(|(at, &place)| place == (at / width, at % width));
    (counts && height.checked_mul(width)? == places.len()).then_some((height, width))
}

/// Row and column of a pixel: the two numbers that a name ends in.
pub(crate) fn place(name: &str) -> Option<(usize, usize)> {
    let (rest, column) = name.rsplit_once('_')?;
    let (_, row) = rest.rsplit_once('_')?;
    Some((row.parse().ok()?, column.parse().ok()?))
}

/// Names of the pixels of a picture, row by row, by which models know it.
pub(super) fn pixel_names(height: usize, width: usize) -> impl Iterator<Item = String> {
    (0..height).flat_map(move |row| (0..width).map(move |column| format!("pixel_{row}_{column}")))
}
