#!/usr/bin/env bash
# Runs every GPU kernel in every shape under a race detector: GPU-assisted validation by Khronos' validation layer, with
# its check of workgroup memory, on the software adapter of Debian's unstable release, in a separate root (unstable.sh;
# as root). Then the same with a race planted in each kernel, and with two kernels that lack their barriers: a kernel of
# which nothing is reported then is not watched, and the script fails. It takes minutes, and is not part of CI, since the
# unstable release changes.
#
#   tests/races.sh           tests/engines/races.rs, and the planted races
#   tests/races.sh FILTER    only tests of `engines` whose names contain this, without planted races
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/unstable.sh
. tests/unstable.sh

unstable
unstable_tests

log=$unstable/root/tests/layer.log
out=$unstable.races
# The layer's other checks of shaders would take most of the time. The message that is left out is about text that naga
# writes (gfx-rs/wgpu issue 7696: strides of arrays in workgroup memory), not about these kernels.
cat >"$unstable/root/tests/vk_layer_settings.txt" <<'SETTINGS'
khronos_validation.gpuav_enable = true
khronos_validation.gpuav_shared_memory_data_race = true
khronos_validation.gpuav_descriptor_checks = false
khronos_validation.gpuav_post_process_descriptor_indexing = false
khronos_validation.gpuav_buffer_address_oob = false
khronos_validation.gpuav_buffers_validation = false
khronos_validation.message_id_filter = VUID-StandaloneSpirv-None-10684
khronos_validation.enable_message_limit = false
khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG
khronos_validation.log_filename = /root/tests/layer.log
khronos_validation.report_flags = error
SETTINGS

# runs tests, and leaves the layer's report in $log
watched() {
    rm -f "$log"
    there VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation VK_LAYER_SETTINGS_PATH=/root/tests WGPU_BACKEND=vulkan \
        /root/tests/engines --test-threads 1 --nocapture "$@" >"$out" 2>&1 || true
    # not the exit status: after many reports the layer was seen to abort when the tests had ended
    if ! grep -q '^test result: ok' "$out"; then
        tail -n 40 "$out" >&2
        exit 1
    fi
    touch "$log"
}

# lines of the report: the kernels, by name and constants, of which a race on this variable was reported
racing() {
    awk -v variable="$1" '
        /A data race was detected/ { on = index($0, "\"" variable "\"") > 0 || variable == "" }
        on && /VkPipeline/ { sub(/^[^[]*\[[0-9]+\][^[]*\[/, ""); sub(/\]$/, ""); print }' "$log" | sort -u
}

errors() { grep -c '^Validation Error' "$log" || true; }

if [ $# = 0 ]; then watched races::every_kernel_in_every_shape --ignored; else watched "$1"; fi
if [ "$(errors)" != 0 ]; then
    echo "$(errors) errors reported, in: $(racing '' | paste -sd, -); the report is $log" >&2
    sed -n 1,25p "$log" >&2
    exit 1
fi
echo "no race, and no other error"
if [ $# != 0 ]; then exit; fi

sed -n 's/^kernel with workgroup memory //p' "$out" | sort -u >"$out.shared"
echo "$(grep -c '^kernel ' "$out") kernels, each shape counted; $(wc -l <"$out.shared") have workgroup memory"

watched races::planted_in_every_kernel --ignored
racing planted >"$out.found"
watched races::planted_by_missing_barriers --ignored
racing '' >>"$out.found"

# of the sums' kernel, shapes with much memory: the detector needs as much again, of 32 KiB. Smaller ones are watched
too_large() { awk '/^update_sums_shared/ { room = $0; sub(/.*ROOM=/, "", room); if (room > 3068) print }'; }
missed=$(comm -23 "$out.shared" <(sort -u "$out.found"))
unwatched=$(too_large <<<"$missed")
missed=$(comm -23 <(echo "$missed") <(echo "$unwatched"))
for kernel in seed_weigh update_means; do
    if ! racing '' | grep -q "^$kernel"; then missed+=$'\n'"$kernel without its barriers"; fi
done
if [ -n "$missed" ]; then
    printf 'no race was found where one was planted:\n%s\n' "$missed" >&2
    exit 1
fi
echo "the planted races were found: in $(comm -12 "$out.shared" <(sort -u "$out.found") | wc -l) of" \
    "$(wc -l <"$out.shared") kernels with workgroup memory; the others are the sums' with more memory than can be watched"
