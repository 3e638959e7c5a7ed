namespace Llama.Model.Kernels.Machine;

/// <summary>The 64-bit general registers, by their number in the encoding.</summary>
internal enum Gpr
{
    Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15,
}
