//! Choice of instructions for a job: the widest that the processor has, or those named by the user.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
use super::amx;
use super::{Kernel, Matrix, Products};
use crate::engine::EngineError;

/// The instructions of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine::cpu) struct Instructions {
    /// For the loops over lanes.
    pub(in crate::engine::cpu) kernel: Kernel,
    /// The unit that multiplies bf16 matrices, if any.
    pub(in crate::engine::cpu) matrix: Option<Matrix>,
    /// The kernel's loop over bytes, if it is used.
    pub(in crate::engine::cpu) bytes: Option<Products>,
}

/// All compiled kernels, the widest first.
const KERNELS: &[Kernel] = &[
    #[cfg(target_arch = "x86_64")]
    Kernel::Avx512,
    #[cfg(target_arch = "x86_64")]
    Kernel::Avx2,
    #[cfg(target_arch = "aarch64")]
    Kernel::Neon,
    Kernel::Portable,
];

impl Instructions {
    /// The widest that this processor has.
    pub(in crate::engine::cpu) fn widest() -> Self {
        Self::all().next().unwrap_or(Self::of(Kernel::Portable))
    }

    /// What this processor can run, the widest first.
    fn all() -> impl Iterator<Item = Self> {
        let kernels = KERNELS.iter().filter(|kernel| kernel.runs_here());
        amx().into_iter().chain(kernels.map(|&kernel| Self::of(kernel)))
    }

    fn of(kernel: Kernel) -> Self {
        Self { kernel, matrix: None, bytes: kernel.bytes() }
    }

    /// The instructions of this name. [`EngineError::CpuKernel`] if this processor can't run them.
    pub(in crate::engine::cpu) fn named(name: &str) -> Result<Self, EngineError> {
        let found =
            Self::plain().into_iter().chain(Self::all()).find(|instructions| instructions.name() == name);
        found.ok_or_else(|| EngineError::CpuKernel {
            name: name.to_owned(),
            known: Self::all().map(Self::name).collect(),
        })
    }

    /// A matrix unit and loops over bytes in plain arithmetic: slow, for tests on processors that have none.
    fn plain() -> [Self; 3] {
        let kernel = KERNELS.iter().copied().find(|kernel| kernel.runs_here()).unwrap_or(Kernel::Portable);
        [
            Self { kernel, matrix: Some(Matrix::Plain), bytes: None },
            Self { kernel: Kernel::Portable, matrix: None, bytes: Some(Products::Bytes) },
            Self { kernel: Kernel::Portable, matrix: None, bytes: Some(Products::ShortBytes) },
        ]
    }

    pub(in crate::engine::cpu) fn name(self) -> &'static str {
        match self.matrix {
            None => match (self.kernel, self.bytes) {
                (Kernel::Portable, Some(Products::ShortBytes)) => "short-int8",
                (Kernel::Portable, Some(_)) => "int8",
                _ => self.kernel.name(),
            },
            Some(Matrix::Plain) => "bf16",
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Some(Matrix::Amx) => "amx",
        }
    }
}

/// AMX with AVX-512, if the processor has both.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn amx() -> Option<Instructions> {
    let kernel = Kernel::Avx512;
    (kernel.runs_here() && amx::usable()).then_some(Instructions {
        kernel,
        matrix: Some(Matrix::Amx),
        bytes: kernel.bytes(),
    })
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn amx() -> Option<Instructions> {
    None
}
