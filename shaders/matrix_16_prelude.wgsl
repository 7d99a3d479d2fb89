// Prelude of the kernel for matrix units with tiles of 16 x 16 values.

enable f16;
enable wgpu_cooperative_matrix;

const EDGE = 16u;
alias Left = coop_mat16x16<f16, A>;
alias Right = coop_mat16x16<f16, B>;
alias Sums = coop_mat16x16<f32, C>;
