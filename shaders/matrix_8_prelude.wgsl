// Heads the kernels for matrix units that multiply 8 x 8 values at a time.

enable f16;
enable wgpu_cooperative_matrix;

const EDGE = 8u;
alias Left = coop_mat8x8<f16, A>;
alias Right = coop_mat8x8<f16, B>;
alias Sums = coop_mat8x8<f32, C>;
