//! Plan: how many points a chunk holds, how many restarts a batch, and whether the points stay on the device.

use super::buffers::{BLOCK, Found, MAX_SLOTS, Record, Refill, Sizes, Slot};
use super::context::Context;
use crate::engine::EngineError;

/// Most bytes that the slots of a batch take: more of them make nothing faster.
const SLOT_BYTES: u64 = 1 << 30;
/// Bytes of the device's memory to use on a GPU of its own memory whose driver does not tell how much that is.
const BUDGET: u64 = 4 << 30;
/// The same where memory is shared with the processor.
const BUDGET_SHARED: u64 = 1 << 30;
/// Chunks of a streamed table that the device holds at a time: one is filled while the other is worked on.
pub(super) const BUFFERS: usize = 2;
/// Fewest slots that have a workspace each.
const FEW: u64 = 64;

/// What a job is allowed to take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Bytes in all.
    pub(super) budget: u64,
    /// Bytes that a kernel can be given in one buffer.
    pub(super) binding: u64,
    /// Multiply-adds of an assign that are enough: so many slots are taken.
    pub(super) work: u128,
}

impl Room {
    pub(super) fn new(context: &Context, asked: Option<u64>, work: u128) -> Self {
        let shared = context.info.kind != "discrete GPU";
        let own = context.info.memory.map_or(BUDGET, |bytes| bytes / 4 * 3);
        let safe = if shared { BUDGET_SHARED } else { own };
        Self { budget: asked.unwrap_or(safe), binding: context.max_binding(), work }
    }
}

impl Room {
    /// Asks for half of what a job was found to need too much of.
    pub(super) fn halve(&mut self, sizes: &Sizes) {
        let points = u64::from(sizes.n_points) * point_bytes(sizes);
        self.budget = self.budget.min(4 * points) / 2;
    }
}

/// How a job is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    /// Points of a chunk: whole blocks.
    pub(super) chunk: usize,
    /// Whether the points pass through the device in every iteration.
    pub(super) streamed: bool,
    /// Most restarts at a time.
    pub(super) slots: usize,
    /// Most of them that are seeded or refilled at a time.
    pub(super) workspaces: usize,
    rest: u64, // bytes for all slots and workspaces but the first
}

/// Bytes that something takes: in all, and in its largest buffer but those that grow with the chunk.
#[derive(Debug, Clone, Copy)]
struct Bytes {
    all: u64,
    largest: u64,
}

impl Bytes {
    fn of(parts: &[u64]) -> Self {
        Self { all: parts.iter().sum(), largest: parts.iter().copied().max().unwrap_or(0) }
    }
}

/// Bytes of a point on the device.
fn point_bytes(sizes: &Sizes) -> u64 {
    u64::from(sizes.n_quads) * 16 + 8 + sizes.row_f16_bytes() + sizes.unit_bytes(1) as u64
}

/// Bytes by which so many points in f16 are padded.
fn padding(sizes: &Sizes, n_points: u64) -> u64 {
    sizes.points_f16_bytes(n_points as usize) as u64 - n_points * sizes.row_f16_bytes()
}

/// Bytes of a point in a slot: its label, the one that the sums have, and on matrix units the other open centroid.
fn label_bytes(sizes: &Sizes) -> u64 {
    8 + sizes.unit_bytes(1) as u64
}

/// Bytes of a slot, without its labels.
fn slot_bytes(sizes: &Sizes) -> Bytes {
    let (k, d) = (u64::from(sizes.n_clusters), u64::from(sizes.n_dims));
    let half_norms = sizes.half_norm_floats() as u64 * 4;
    let centroids = sizes.centroid_coordinates() as u64 * 4;
    let centroids_f16 = sizes.centroids_f16_bytes() as u64;
    let small = (size_of::<Slot>() + size_of::<Record>()) as u64 + 4;
    Bytes::of(&[small, centroids, half_norms, k * d * 8, k * 8, centroids_f16])
}

/// Bytes of the place of the best, likewise.
fn best_bytes(sizes: &Sizes) -> u64 {
    (size_of::<Slot>() + sizes.centroid_coordinates() * 4) as u64
}

/// Bytes of a workspace, without the points' distances. Of a streamed table it holds the blocks that were drawn.
fn workspace_bytes(sizes: &Sizes, streamed: bool) -> Bytes {
    let [k, l, quads, blocks] =
        [sizes.n_clusters, sizes.n_candidates, sizes.n_quads, sizes.all_blocks].map(u64::from);
    let small = size_of::<Refill>() as u64 + 28;
    let found = l * size_of::<Found>() as u64;
    let fetched = if streamed { l * BLOCK as u64 } else { 0 };
    Bytes::of(&[
        small,
        k * 4,
        k * 4,
        (k - 1) * l * 8,
        found,
        l * 4,
        (l + 1) * quads * 16,
        l * blocks * 16,
        fetched * quads * 16,
        fetched * 4,
    ])
}

impl Plan {
    /// The plan for a job of these sizes.
    ///
    /// # Errors
    /// What the least it needs is, where that is more than there is room for.
    pub(super) fn new(context: &Context, sizes: &Sizes, room: &Room) -> Result<Self, EngineError> {
        let n = u64::from(sizes.n_points);
        let (slot, point) = (slot_bytes(sizes), point_bytes(sizes));
        let (labels, near) = (n * label_bytes(sizes), n * 16);
        // a slot, the place of the best, a workspace; what else there is, is small
        let least = |workspace: Bytes| 2 * (slot.all + labels) + workspace.all + near + padding(sizes, n);
        let resident = n * point + least(workspace_bytes(sizes, false));
        let streamed = resident > room.budget;
        let workspace = workspace_bytes(sizes, streamed);
        let least = least(workspace);
        // bytes of a point in its largest buffer
        let largest = (u64::from(sizes.n_quads).max(1) * 16).max(sizes.row_f16_bytes());
        let no_room = |what: &str, needs: u64, has: u64| {
            context.out_of_memory(format!("{what} takes {needs} bytes, and there are {has}"))
        };
        let block = BLOCK as u64;
        if largest * block > room.binding || (2 * slot.largest).max(workspace.largest) > room.binding {
            let needs = (largest * block).max(2 * slot.largest).max(workspace.largest);
            return Err(no_room("a buffer for a kernel", needs, room.binding));
        }
        let chunk = (room.binding / largest).min(n);
        let chunk = if streamed {
            // two on the device, and as much again on its way there
            let most = room.budget.saturating_sub(least) / (4 * point);
            if most < block {
                let needs = (least + 4 * point * block).min(resident);
                return Err(no_room("a restart of this job", needs, room.budget));
            }
            chunk.min(most)
        } else {
            chunk
        };
        let chunk = if chunk >= n { n.next_multiple_of(block) } else { (chunk / block * block).max(block) };
        let held = if streamed { 4 * chunk * point } else { n * point };
        let rest = (room.budget - held - least).min(SLOT_BYTES);
        let (slots, workspaces) = slots(sizes, room, chunk, rest, streamed);
        Ok(Self { chunk: chunk as usize, streamed, slots, workspaces, rest })
    }

    /// Bytes that the points take on the device.
    pub(super) fn bytes_of_points(&self, sizes: &Sizes) -> u64 {
        let n = sizes.n_points as usize;
        let held = if self.streamed { n.min(BUFFERS * self.chunk) } else { n };
        held as u64 * point_bytes(sizes) + padding(sizes, held as u64)
    }

    /// Bytes that so many slots, with the place of the best, and so many workspaces take.
    pub(super) fn bytes_of_slots(&self, sizes: &Sizes, n_slots: usize, n_workspaces: usize) -> u64 {
        let n = u64::from(sizes.n_points);
        let (slots, workspaces) = (n_slots as u64, n_workspaces as u64);
        let (slot, workspace) = (slot_bytes(sizes).all, workspace_bytes(sizes, self.streamed).all);
        slots * (slot + n * label_bytes(sizes))
            + best_bytes(sizes)
            + n * 4
            + workspaces * (workspace + n * 16)
    }

    /// The same cut of the points, with as many slots as suit other work.
    pub(super) fn with_work(&self, sizes: &Sizes, room: &Room) -> Self {
        let (slots, workspaces) = slots(sizes, room, self.chunk as u64, self.rest, self.streamed);
        Self { slots, workspaces, ..*self }
    }
}

/// Slots and workspaces that `rest` bytes more than the least have room for.
fn slots(sizes: &Sizes, room: &Room, chunk: u64, rest: u64, streamed: bool) -> (usize, usize) {
    let n = u64::from(sizes.n_points);
    let (slot, workspace) = (slot_bytes(sizes), workspace_bytes(sizes, streamed));
    let (slot_all, workspace_all) = (slot.all + n * label_bytes(sizes), workspace.all + n * 16);
    let work = u128::from(chunk.min(n)) * u128::from(sizes.n_dims) * u128::from(sizes.n_clusters);
    let most_slots = (room.binding / slot.largest.max(chunk * 4) - 1).min(MAX_SLOTS as u64);
    let most_slots = most_slots.min((room.work / work).min(u128::from(most_slots)) as u64).max(1);
    let most_workspaces = (room.binding / workspace.largest.max(chunk * 16)).max(1);
    // a workspace for each slot while they are few, for every other one then
    let few = (1 + rest / (slot_all + workspace_all)).min(FEW);
    let many = 1 + rest / (slot_all + workspace_all / 2);
    let slots = if many > 2 * FEW { many } else { few }.min(most_slots);
    let workspaces = if slots <= FEW { slots } else { slots / 2 };
    (slots as usize, workspaces.min(most_workspaces) as usize)
}
