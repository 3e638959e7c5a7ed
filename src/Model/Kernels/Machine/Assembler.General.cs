namespace Llama.Model.Kernels.Machine;

/// <summary>General registers and control.</summary>
internal sealed partial class Assembler
{
    public void Move(Gpr target, Gpr source) => Integer(0x8B, (int)target, source);

    public void Move(Gpr target, Memory source) => Integer(0x8B, (int)target, source);

    public void Move(Gpr target, int value)
    {
        Emit(Rex(false, 0, (int)target), (byte)(0xB8 | ((int)target & 7))); // the upper half is cleared
        Emit32(value);
    }

    public void Move(Gpr target, long value)
    {
        Emit(Rex(true, 0, (int)target), (byte)(0xB8 | ((int)target & 7)));
        Emit32((int)value);
        Emit32((int)(value >> 32));
    }

    public void Add(Gpr target, Gpr source) => Integer(0x03, (int)target, source);

    public void Add(Gpr target, int value)
    {
        Integer(0x81, 0, target);
        Emit32(value);
    }

    public void ShiftLeft(Gpr target, int bits)
    {
        Integer(0xC1, 4, target);
        Emit((byte)bits);
    }

    public void Decrement(Gpr target) => Integer(0xFF, 1, target);

    public void Push(Gpr register) => Emit(Rex(false, 0, (int)register), (byte)(0x50 | ((int)register & 7)));

    public void Pop(Gpr register) => Emit(Rex(false, 0, (int)register), (byte)(0x58 | ((int)register & 7)));

    /// <summary>Brings a line into the second cache, or into both. Any address will do, also one that is not mapped.</summary>
    public void Prefetch(Memory line, bool intoFirst = false)
    {
        if ((int)line.Base >= 8) Emit(0x41);
        Emit(0x0F, 0x18);
        Operand(intoFirst ? 1 : 2, line, 1);
    }

    public int Mark() => Position;

    /// <summary>Goes back to a mark if the last decrement or addition did not end in 0.</summary>
    public void JumpIfNotZero(int mark)
    {
        Emit(0x0F, 0x85);
        Emit32(mark - (Position + 4));
    }

    /// <summary>Leaves the vector registers in the state that other code expects (VZEROUPPER) and returns.</summary>
    public void Return() => Emit(0xC5, 0xF8, 0x77, 0xC3);
}
