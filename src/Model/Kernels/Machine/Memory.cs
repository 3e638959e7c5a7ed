namespace Llama.Model.Kernels.Machine;

/// <summary>A memory operand: the address in a register and a distance in bytes.</summary>
internal readonly record struct Memory(Gpr Base, int Displacement = 0);
