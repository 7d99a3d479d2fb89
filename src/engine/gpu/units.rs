//! Matrix units: which adapters have those that a guess can run on, and what a device needs for them.

use wgpu::{CooperativeMatrixProperties, CooperativeScalarType, DeviceDescriptor, Features, Limits};

/// Features that `assign_matrix` needs of units that are not emulated.
const FEATURES: Features = Features::EXPERIMENTAL_COOPERATIVE_MATRIX
    .union(Features::SHADER_F16)
    .union(Features::SUBGROUP)
    .union(Features::SUBGROUP_BARRIER);
/// Workgroup memory that it needs, in bytes.
pub const WORKGROUP_BYTES: u32 = 16 << 10;
/// Storage buffers that it needs.
pub const STORAGE_BUFFERS: u32 = 9;

/// Matrix units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Units {
    /// Values that they multiply at a time, in each direction: 8 or 16.
    pub edge: u32,
    /// Invocations of a subgroup.
    pub members: u32,
    /// Whether they are emulated, for tests.
    pub emulated: bool,
}

/// Which matrix units a device is opened with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WantedUnits {
    /// None.
    None,
    /// Its own.
    Own,
    /// These.
    Emulated(Units),
}

impl Units {
    /// Emulated ones of a name like `emulated-16-32`: of edge 16, in subgroups of 32.
    pub(super) fn emulated(name: &str) -> Option<Self> {
        let (edge, members) = name.strip_prefix("emulated-")?.split_once('-')?;
        let (edge, members) = (edge.parse().ok()?, members.parse().ok()?);
        Self::new(edge, members, true)
    }

    /// Those of an adapter that are of use: they multiply f16, and sum in f32.
    pub(super) fn of(adapter: &wgpu::Adapter) -> Option<Self> {
        let edge = largest(&adapter.cooperative_matrix_properties())?;
        Self::new(edge, adapter.get_info().subgroup_max_size, false).filter(|units| units.fit(adapter))
    }

    /// The same in the smallest subgroups of an adapter, if it has several sizes. Which one a driver chooses for a kernel
    /// is its own affair.
    pub(super) fn in_smaller_subgroups(self, adapter: &wgpu::Adapter) -> Option<Self> {
        let members = adapter.get_info().subgroup_min_size;
        let smaller = !self.emulated && members < self.members;
        smaller.then(|| Self::new(self.edge, members, false)).flatten()
    }

    /// Those that the kernel is written for: a row of a piece takes at least an invocation.
    fn new(edge: u32, members: u32, emulated: bool) -> Option<Self> {
        let known = matches!(edge, 8 | 16) && matches!(members, 8 | 16 | 32 | 64) && edge <= members;
        known.then_some(Self { edge, members, emulated })
    }

    /// Whether an adapter can do what their kernel asks for.
    pub(super) fn fit(self, adapter: &wgpu::Adapter) -> bool {
        let limits = adapter.limits();
        limits.max_compute_workgroup_storage_size >= WORKGROUP_BYTES
            && limits.max_storage_buffers_per_shader_stage >= STORAGE_BUFFERS
            && adapter.features().contains(self.features())
    }

    fn features(self) -> Features {
        if self.emulated { Features::SHADER_F16 } else { FEATURES }
    }

    /// Asks for what their kernel needs too.
    pub(super) fn add_to(self, descriptor: DeviceDescriptor<'_>) -> DeviceDescriptor<'_> {
        let required_limits = Limits {
            max_compute_workgroup_storage_size: descriptor
                .required_limits
                .max_compute_workgroup_storage_size
                .max(WORKGROUP_BYTES),
            max_storage_buffers_per_shader_stage: STORAGE_BUFFERS,
            ..descriptor.required_limits
        };
        // SAFETY: the feature is experimental, and its kernels may meet bugs. They are our own, the kernel of each
        // device is compared with plain integers before it is used, and what it guesses is certified.
        let experimental_features = unsafe { wgpu::ExperimentalFeatures::enabled() };
        let required_features = descriptor.required_features | self.features();
        DeviceDescriptor { required_features, required_limits, experimental_features, ..descriptor }
    }
}

fn largest(offered: &[CooperativeMatrixProperties]) -> Option<u32> {
    let fits = |unit: &CooperativeMatrixProperties, edge| {
        [unit.m_size, unit.n_size, unit.k_size] == [edge; 3]
            && unit.ab_type == CooperativeScalarType::F16
            && unit.cr_type == CooperativeScalarType::F32
            && !unit.saturating_accumulation
    };
    [16, 8].into_iter().find(|&edge| offered.iter().any(|unit| fits(unit, edge)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wgpu::CooperativeScalarType::{F16, F32, I32};

    fn unit(
        sizes: [u32; 3],
        ab_type: CooperativeScalarType,
        cr_type: CooperativeScalarType,
    ) -> CooperativeMatrixProperties {
        let [m_size, n_size, k_size] = sizes;
        CooperativeMatrixProperties {
            m_size,
            n_size,
            k_size,
            ab_type,
            cr_type,
            saturating_accumulation: false,
        }
    }

    #[test]
    fn the_largest_square_of_f16_with_sums_in_f32_is_taken() {
        let eight = unit([8; 3], F16, F32);
        assert_eq!(largest(&[eight]), Some(8));
        assert_eq!(largest(&[eight, unit([16; 3], F16, F32)]), Some(16));
        for other in [unit([16; 3], F16, F16), unit([16, 16, 8], F16, F32), unit([16; 3], I32, I32)] {
            assert_eq!(largest(&[other]), None);
            assert_eq!(largest(&[other, eight]), Some(8));
        }
        assert_eq!(largest(&[CooperativeMatrixProperties { saturating_accumulation: true, ..eight }]), None);
        assert_eq!(largest(&[]), None);
    }
}
