//! The devices that a test body runs on: the CPU, and every adapter that wgpu finds.
//!
//! Without an adapter a GPU test passes silently, and `gpu_tests_skipped` reports how many did. With
//! `CAIRN_REQUIRE_GPU=vulkan,gl` a missing adapter of these backends is a failure. `CAIRN_CPU` and `CAIRN_GPU` name
//! the kernels that devices are opened with.

use cairn::engine::certify::Bound;
use cairn::engine::cpu::Cpu;
use cairn::engine::{Engine, OpenOptions, Testing};

#[cfg(feature = "gpu")]
pub(crate) use adapters::{Adapter, opened};

/// What a test body runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Cpu,
    Vulkan,
    Gl,
    /// Metal or Direct3D.
    Native,
}

/// How devices are opened: with the kernels that are asked for from outside.
pub(crate) fn options() -> OpenOptions {
    let named = |variable: &str| std::env::var(variable).ok().filter(|name| !name.is_empty());
    let (cpu_kernel, gpu_kernel) = (named("CAIRN_CPU"), named("CAIRN_GPU"));
    OpenOptions { cpu_kernel, gpu_kernel, ..OpenOptions::default() }
}

/// The same, with this bound of the errors.
fn bounded(bound: Bound) -> OpenOptions {
    OpenOptions { testing: Testing { bound, ..Testing::default() }, ..options() }
}

/// The processor, with the kernel that is asked for from outside.
pub(crate) fn processor() -> Cpu {
    cpu(&options())
}

fn cpu(options: &OpenOptions) -> Cpu {
    Cpu::open(options).unwrap_or_else(|error| panic!("{error}"))
}

/// Calls `body` with each device of `backend`, one at a time.
pub(crate) fn on(backend: Backend, body: &dyn Fn(&dyn Engine)) {
    match backend {
        Backend::Cpu => body(&processor()),
        #[cfg(feature = "gpu")]
        gpu => opened(gpu).iter().for_each(|adapter| adapter.with(body)),
        #[cfg(not(feature = "gpu"))]
        _ => {}
    }
}

/// Calls `body` with each device of `backend`, with the unsound `bound` as its certificate.
pub(crate) fn on_mutants(backend: Backend, bound: Bound, body: &dyn Fn(&dyn Engine)) {
    match backend {
        Backend::Cpu => body(&cpu(&bounded(bound))),
        #[cfg(feature = "gpu")]
        gpu => opened(gpu).iter().for_each(|adapter| body(&adapter.mutant(bound))),
        #[cfg(not(feature = "gpu"))]
        _ => {}
    }
}

#[cfg(feature = "gpu")]
mod adapters {
    use std::io::Write;
    use std::process::Command;
    use std::sync::{Mutex, OnceLock, PoisonError, TryLockError};

    use cairn::engine::Engine;
    use cairn::engine::gpu::{AdapterInfo, Gpu, adapters};

    use super::super::cases::{long, quick};
    use super::{Backend, Bound, bounded, options};

    /// Devices of a Vulkan adapter: a software adapter leaves processors idle between the small tasks of a test.
    const DEVICES: usize = 2;

    /// An open adapter. Tests take turns on its devices.
    pub(crate) struct Adapter {
        pub(crate) info: AdapterInfo,
        devices: Vec<Mutex<Gpu>>,
    }

    impl Adapter {
        pub(crate) fn with(&self, body: &dyn Fn(&dyn Engine)) {
            let free = self.devices.iter().find_map(|gpu| match gpu.try_lock() {
                Err(TryLockError::WouldBlock) => None,
                Err(TryLockError::Poisoned(gpu)) => Some(gpu.into_inner()),
                Ok(gpu) => Some(gpu),
            });
            let wait = || self.devices[0].lock().unwrap_or_else(PoisonError::into_inner);
            body(&*free.unwrap_or_else(wait));
        }

        pub(crate) fn mutant(&self, bound: Bound) -> Gpu {
            Gpu::open(&self.info, &bounded(bound)).expect("it opened before")
        }
    }

    impl Backend {
        const GPUS: [Self; 3] = [Self::Vulkan, Self::Gl, Self::Native];

        fn has(self, adapter: &AdapterInfo) -> bool {
            let backend = adapter.backend.as_str();
            match self {
                Self::Cpu => false,
                Self::Vulkan => backend == "Vulkan",
                Self::Gl => backend == "Gl",
                Self::Native => matches!(backend, "Metal" | "Dx12"),
            }
        }

        /// Whether tests of what the host does, which is the same with every API, are left to another one: GL's
        /// are, unless there is time for all.
        pub(crate) fn is_left_to_another(self) -> bool {
            self == Self::Gl && !long() && !opened(Self::Vulkan).is_empty()
        }

        fn name(self) -> String {
            format!("{self:?}").to_lowercase()
        }

        fn required(self) -> bool {
            let named = std::env::var("CAIRN_REQUIRE_GPU").unwrap_or_default();
            named.split(',').any(|name| name.trim().eq_ignore_ascii_case(&self.name()))
        }
    }

    /// The adapters of a backend, each opened once a process.
    ///
    /// Panics if there is none and `CAIRN_REQUIRE_GPU` names the backend.
    pub(crate) fn opened(backend: Backend) -> Vec<&'static Adapter> {
        static OPENED: OnceLock<Vec<Adapter>> = OnceLock::new();
        let all = OPENED.get_or_init(|| adapters(&[], true).into_iter().map(open).collect());
        let mut found: Vec<_> = all.iter().filter(|adapter| backend.has(&adapter.info)).collect();
        // a quick run leaves the second interface of the same devices to tests/run.sh
        if backend == Backend::Gl
            && quick()
            && !backend.required()
            && all.iter().any(|a| Backend::Vulkan.has(&a.info))
        {
            found.clear();
        }
        assert!(
            !(found.is_empty() && backend.required()),
            "CAIRN_REQUIRE_GPU asks for a {} adapter; found {}",
            backend.name(),
            names()
        );
        found
    }

    fn open(info: AdapterInfo) -> Adapter {
        let open = |_| {
            let gpu = Gpu::open(&info, &options());
            Mutex::new(gpu.unwrap_or_else(|error| panic!("{} ({}): {error}", info.name, info.backend)))
        };
        // contexts of GL are shared
        let n_devices = if Backend::Gl.has(&info) { 1 } else { DEVICES };
        let devices = (0..n_devices).map(open).collect();
        Adapter { info, devices }
    }

    /// Every adapter in one line.
    fn names() -> String {
        let names: Vec<_> = adapters(&[], true)
            .iter()
            .map(|adapter| format!("{} ({})", adapter.name, adapter.backend))
            .collect();
        if names.is_empty() { "no adapter at all".into() } else { names.join(", ") }
    }

    /// Not a check: reports how many GPU tests of this crate were skipped, and why. Written past the test
    /// harness, which hides what passing tests print.
    #[test]
    fn gpu_tests_skipped() {
        let own = std::env::current_exe().expect("a test knows its own file");
        let list =
            Command::new(own).args(["--list", "--format", "terse"]).output().expect("tests can be listed");
        let list = String::from_utf8(list.stdout).expect("names are text");
        let found = adapters(&[], true);
        for backend in Backend::GPUS.into_iter().filter(|backend| !found.iter().any(|a| backend.has(a))) {
            let name = format!("::{}: test", backend.name());
            let skipped = list.lines().filter(|line| line.ends_with(&name)).count();
            if skipped > 0 {
                let (of, found) = (env!("CARGO_CRATE_NAME"), names());
                let text = format!(
                    "\n{of}: {skipped} GPU tests skipped: no {} adapter (found {found}); tests/run.sh installs one\n",
                    backend.name()
                );
                std::io::stderr().write_all(text.as_bytes()).expect("stderr");
            }
        }
    }
}
