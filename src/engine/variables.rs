//! The environment variables of every program that opens devices. The library reads none of them: a program passes their
//! values.

use super::{Backend, EngineError, OpenOptions};

/// Names [`OpenOptions::cpu_kernel`].
const CPU_KERNEL: &str = "CAIRN_CPU";
/// Names [`OpenOptions::gpu_kernel`].
const GPU_KERNEL: &str = "CAIRN_GPU";
/// Names [`OpenOptions::backends`], separated by commas.
const BACKENDS: &str = "WGPU_BACKEND";

/// A variable names a graphics API that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{BACKENDS}={list}: unknown graphics API {name:?}; give vulkan, metal, dx12 or gl, separated by commas"
)]
pub struct UnknownBackend {
    /// The variable's value.
    list: String,
    /// The unknown part.
    name: String,
}

impl OpenOptions {
    /// Options from the values of environment variables; `None` for one that is unset.
    ///
    /// # Errors
    /// [`UnknownBackend`].
    pub fn from_variables(value: impl Fn(&str) -> Option<String>) -> Result<Self, UnknownBackend> {
        let value = |name: &str| value(name).filter(|value| !value.is_empty());
        Ok(Self {
            cpu_kernel: value(CPU_KERNEL),
            gpu_kernel: value(GPU_KERNEL),
            backends: value(BACKENDS).map_or_else(|| Ok(Vec::new()), |list| backends(&list))?,
            ..Self::default()
        })
    }
}

fn backends(list: &str) -> Result<Vec<Backend>, UnknownBackend> {
    let unknown = |name: &str| UnknownBackend { list: list.to_owned(), name: name.to_owned() };
    let names = list.split(',').map(str::trim);
    names.map(|name| Backend::parse(name).ok_or_else(|| unknown(name))).collect()
}

/// The variable that an error is about, and its value, as `CAIRN_CPU=wide`.
#[must_use]
pub fn blamed(error: &EngineError) -> Option<String> {
    match error {
        EngineError::CpuKernel { name, .. } => Some(format!("{CPU_KERNEL}={name}")),
        EngineError::GpuKernel { name, .. } => Some(format!("{GPU_KERNEL}={name}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_interfaces() {
        assert_eq!(backends("vulkan"), Ok(vec![Backend::Vulkan]));
        assert_eq!(backends("GL, vk"), Ok(vec![Backend::Gl, Backend::Vulkan]));
        let error = backends("vulkan,glide").unwrap_err().to_string();
        assert!(error.contains("WGPU_BACKEND=vulkan,glide") && error.contains("\"glide\""), "{error}");
    }

    #[test]
    fn an_empty_value_is_none() {
        let options =
            OpenOptions::from_variables(|name| Some(if name == CPU_KERNEL { "avx2" } else { "" }.into()));
        let options = options.expect("no interface is named");
        assert_eq!(options.cpu_kernel.as_deref(), Some("avx2"));
        assert!(options.gpu_kernel.is_none() && options.backends.is_empty());
    }
}
