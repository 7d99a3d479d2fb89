//! AMX: eight tiles of 16 rows of 64 bytes, and an instruction that adds the product of two bf16 tiles to an `f32`
//! tile. Stable Rust has no intrinsics for it, so the instructions are written in assembly.
//!
//! Linux enables the tiles of a process only on request. The unit is used only after a self-test on numbers whose
//! products and sums are exact: see [`usable`].

use std::arch::asm;
use std::arch::x86_64::__cpuid_count;
use std::marker::PhantomData;
use std::sync::OnceLock;

use super::products::{self, DEPTH, ROWS};

/// Points per tile of points: two AMX tiles of 16 columns.
const WIDTH: usize = 32;
/// Bytes per row of points or products.
const STRIDE: usize = WIDTH * 4;

/// Operand of `ldtilecfg`: palette 1, eight tiles of 16 rows of 64 bytes.
#[repr(C, align(64))]
struct Config {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

static CONFIG: Config = Config {
    palette: 1,
    start_row: 0,
    reserved: [0; 14],
    row_bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
};

/// The tiles, configured on the current thread until this is dropped.
#[derive(Debug)]
pub(in crate::engine::cpu) struct Configured {
    stays_here: PhantomData<*const ()>,
}

impl Configured {
    /// `None` if the tiles can't be used.
    pub(super) fn new() -> Option<Self> {
        usable().then(Self::unchecked)
    }

    fn unchecked() -> Self {
        // SAFETY: only called after `usable` has found tiles, or by its self-test after the processor and the
        // system reported them; the instruction reads 64 bytes.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const CONFIG, options(nostack, readonly)) };
        Self { stays_here: PhantomData }
    }

    /// See `Ready::products`. Tiles of 32 points.
    #[inline]
    pub(super) fn products(&self, rows: &[u16], points: &[i32], depth: usize, products: &mut [f32]) {
        let n_rows = rows.len() / depth;
        assert!(depth.is_multiple_of(DEPTH) && depth > 0 && rows.len() == n_rows * depth);
        assert!(points.len() == depth / 2 * WIDTH && products.len() == n_rows * WIDTH);
        match n_rows {
            // SAFETY: tiles are configured while `self` lives; the lengths are checked above.
            ROWS => unsafe { one(rows.as_ptr(), points.as_ptr(), depth, products.as_mut_ptr()) },
            // SAFETY: as above.
            32 => unsafe { two(rows.as_ptr(), points.as_ptr(), depth, products.as_mut_ptr()) },
            other => unreachable!("no product of {other} rows"),
        }
    }
}

impl Drop for Configured {
    fn drop(&mut self) {
        // SAFETY: tiles are configured, and their contents are no longer needed.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}

/// Products of 16 rows with 32 points.
///
/// # Safety
/// Tiles are configured; `rows` is (16, depth), `points` (depth / 2, 32), `products` (16, 32), depth a multiple of 32.
unsafe fn one(rows: *const u16, points: *const i32, depth: usize, products: *mut f32) {
    // SAFETY: by the caller's contract each load and store stays within these lengths.
    unsafe {
        asm!(
            "tilezero tmm0",
            "tilezero tmm1",
            "2:",
            "tileloadd tmm4, [{rows} + {row}]",
            "tileloadd tmm6, [{points} + {stride}]",
            "tileloadd tmm7, [{points} + {stride} + 64]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "add {rows}, 64",
            "add {points}, 2048", // 16 pairs of features of 32 points
            "dec {steps}",
            "jnz 2b",
            "tilestored [{products} + {stride}], tmm0",
            "tilestored [{products} + {stride} + 64], tmm1",
            rows = inout(reg) rows => _,
            points = inout(reg) points => _,
            steps = inout(reg) depth / DEPTH => _,
            products = in(reg) products,
            row = in(reg) depth * 2,
            stride = in(reg) STRIDE,
            out("tmm0") _, out("tmm1") _, out("tmm4") _, out("tmm6") _, out("tmm7") _,
            options(nostack)
        );
    }
}

/// Products of 32 rows with 32 points. Each loaded tile is used twice.
///
/// # Safety
/// Tiles are configured; `rows` is (32, depth), `points` (depth / 2, 32), `products` (32, 32), depth a multiple of 32.
unsafe fn two(rows: *const u16, points: *const i32, depth: usize, products: *mut f32) {
    // SAFETY: by the caller's contract each load and store stays within these lengths.
    unsafe {
        asm!(
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "2:",
            "tileloadd tmm4, [{rows} + {row}]",
            "tileloadd tmm5, [{more} + {row}]",
            "tileloadd tmm6, [{points} + {stride}]",
            "tileloadd tmm7, [{points} + {stride} + 64]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {rows}, 64",
            "add {more}, 64",
            "add {points}, 2048", // 16 pairs of features of 32 points
            "dec {steps}",
            "jnz 2b",
            "tilestored [{products} + {stride}], tmm0",
            "tilestored [{products} + {stride} + 64], tmm1",
            "tilestored [{products} + {stride} + 2048], tmm2", // 16 rows of 32 products on
            "tilestored [{products} + {stride} + 2112], tmm3",
            rows = inout(reg) rows => _,
            more = inout(reg) rows.add(ROWS * depth) => _,
            points = inout(reg) points => _,
            steps = inout(reg) depth / DEPTH => _,
            products = in(reg) products,
            row = in(reg) depth * 2,
            stride = in(reg) STRIDE,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack)
        );
    }
}

/// Whether the processor has tiles, the system lets this process use them, and they pass a self-test.
pub(super) fn usable() -> bool {
    static USABLE: OnceLock<bool> = OnceLock::new();
    *USABLE.get_or_init(|| processor_has_tiles() && system_allows_tiles() && tiles_multiply())
}

fn processor_has_tiles() -> bool {
    const BF16_AND_TILES: u32 = 1 << 22 | 1 << 24;
    let leaves = __cpuid_count(0, 0).eax;
    leaves >= 7 && __cpuid_count(7, 0).edx & BF16_AND_TILES == BF16_AND_TILES
}

/// Requests the tiles' registers from Linux, for all threads of this process.
fn system_allows_tiles() -> bool {
    const ARCH_PRCTL: usize = 158;
    const ARCH_REQ_XCOMP_PERM: usize = 0x1023;
    const XFEATURE_XTILEDATA: usize = 18;
    let answer: isize;
    // SAFETY: the call only allows this process to use more registers; it touches no memory.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => answer,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") XFEATURE_XTILEDATA,
            lateout("rcx") _, lateout("r11") _,
            options(nostack)
        );
    }
    answer == 0
}

/// Compares the tiles with plain arithmetic on small integers, where both are exact.
fn tiles_multiply() -> bool {
    let units = Configured::unchecked();
    let bf16 = |i: usize| ((((i * 37 + i / 7) % 31) as f32 - 15.0).to_bits() >> 16) as u16;
    [(ROWS, DEPTH), (2 * ROWS, DEPTH), (2 * ROWS, 3 * DEPTH), (ROWS, 2 * DEPTH)].iter().all(
        |&(n_rows, depth)| {
            let rows: Vec<u16> = (0..n_rows * depth).map(bf16).collect();
            let pair = |i: usize| i32::from(bf16(3 * i)) | i32::from(bf16(5 * i + 1)) << 16;
            let points: Vec<i32> = (0..depth / 2 * WIDTH).map(pair).collect();
            let (mut ours, mut plain) = (vec![0.0; n_rows * WIDTH], vec![0.0; n_rows * WIDTH]);
            units.products(&rows, &points, depth, &mut ours);
            products::plain(&rows, &points, depth, &mut plain);
            ours == plain
        },
    )
}
