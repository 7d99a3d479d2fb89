//! Pauses of a guess that leaves much open.

/// Passes without a guess, after it left too many points or candidates open.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pause {
    left: u32,
    next: u32,
}

impl Pause {
    /// Whether the next pass may use the guess. Counts the pass.
    pub(super) fn is_over(&mut self) -> bool {
        let over = self.left == 0;
        self.left = self.left.saturating_sub(1);
        over
    }

    /// Decides from the candidates of a pass over so many points whether to pause. A candidate was measured to take about
    /// 96 cycles, and one for every 7 features; the guess saves one for every 64 features of a point and a centroid.
    pub(super) fn decide(&mut self, points: u64, candidates: u64, n_dims: usize, n_columns: usize) {
        let spent = candidates * (96 + n_dims as u64 / 7);
        let saved = points * (n_columns * n_dims) as u64 / 64;
        if spent > saved {
            self.again();
        }
    }

    /// Pauses, twice as long as the last time.
    pub(super) fn again(&mut self) {
        self.next = (2 * self.next).clamp(1, 1 << 10);
        self.left = self.next;
    }
}
