using System.Buffers.Binary;

namespace Llama.Model.Kernels.Machine;

/// <summary>The bytes of x86-64 instructions, as Intel's Software Developer's Manual has them: volume 2, sections 2.1 (general), 2.2.1 (REX), 2.3 (VEX) and 2.7 (EVEX).</summary>
internal abstract class InstructionEncoder
{
    /// <summary>The table of opcodes that an opcode is of.</summary>
    protected enum Map { M0F = 1, M0F38 = 2, M0F3A = 3 }

    /// <summary>The prefix that is part of the opcode.</summary>
    protected enum Prefix { None = 0, P66 = 1, PF3 = 2, PF2 = 3 }

    private readonly List<byte> _code = [];

    /// <summary>The bytes so far.</summary>
    public byte[] ToArray() => [.. _code];

    /// <summary>Bytes so far.</summary>
    protected int Position => _code.Count;

    protected void Vector(Prefix prefix, Map map, bool wide, byte opcode, int reg, int vvvv, int rm, int length = 2)
    {
        Evex(prefix, map, wide, reg, vvvv, b: (rm >> 3) & 1, x: (rm >> 4) & 1, length, broadcast: false, mask: 0);
        Emit(opcode, (byte)(0xC0 | ((reg & 7) << 3) | (rm & 7)));
    }

    protected void Vector(Prefix prefix, Map map, bool wide, byte opcode, int reg, int vvvv, Memory memory, int size, int mask = 0, bool broadcast = false, int length = 2)
    {
        Evex(prefix, map, wide, reg, vvvv, b: (int)memory.Base >> 3, x: 0, length, broadcast, mask);
        Emit(opcode);
        Operand(reg & 7, memory, size);
    }

    protected void VectorImmediate(Map map, bool wide, byte opcode, int reg, int rm, byte immediate, int length)
    {
        Vector(Prefix.P66, map, wide, opcode, reg, 0, rm, length);
        Emit(immediate);
    }

    protected void Immediate(Prefix prefix, byte opcode, int extension, int target, int source, int bits)
    {
        Vector(prefix, Map.M0F, false, opcode, extension, target, source);
        Emit((byte)bits);
    }

    // The four bytes of the prefix; register numbers' higher bits are stored inverted.
    protected void Evex(Prefix prefix, Map map, bool wide, int reg, int vvvv, int b, int x, int length, bool broadcast, int mask)
    {
        int first = (int)map | (~(reg >> 4) & 1) << 4 | (~b & 1) << 5 | (~x & 1) << 6 | (~(reg >> 3) & 1) << 7;
        int second = (int)prefix | 1 << 2 | (~vvvv & 15) << 3 | (wide ? 1 << 7 : 0);
        int third = mask | (~(vvvv >> 4) & 1) << 3 | (broadcast ? 1 << 4 : 0) | length << 5 | (mask != 0 ? 1 << 7 : 0);
        Emit(0x62, (byte)first, (byte)second, (byte)third);
    }

    // The three bytes of the prefix without vectors longer than 128 bits, for the map 0F 38; register numbers' higher bits are stored inverted.
    protected void Vex(Prefix prefix, byte opcode, int reg = 0, int vvvv = 0, int b = 0, int x = 0)
    {
        Emit(0xC4, (byte)((int)Map.M0F38 | (~b & 1) << 5 | (~x & 1) << 6 | (~(reg >> 3) & 1) << 7), (byte)((int)prefix | (~vvvv & 15) << 3), opcode);
    }

    // ModRM and distance: none, or one byte in units of the operand's size (EVEX), or four bytes.
    protected void Operand(int reg, Memory memory, int size)
    {
        int rm = (int)memory.Base & 7;
        bool isShort = memory.Displacement % size == 0 && memory.Displacement / size is >= -128 and <= 127;
        int mode = memory.Displacement == 0 && rm != (int)Gpr.Rbp ? 0 : isShort ? 1 : 2;
        Emit((byte)(mode << 6 | reg << 3 | rm));
        if (rm == (int)Gpr.Rsp) Emit(0x24);
        if (mode == 1) Emit((byte)(memory.Displacement / size));
        else if (mode == 2) Emit32(memory.Displacement);
    }

    // ModRM and SIB of an address that another register is added to, once, and four bytes of distance.
    protected void OperandWithIndex(int reg, Memory memory, Gpr index)
    {
        Emit((byte)(2 << 6 | reg << 3 | 4), (byte)(((int)index & 7) << 3 | ((int)memory.Base & 7)));
        Emit32(memory.Displacement);
    }

    protected void Integer(byte opcode, int reg, Gpr rm)
    {
        Emit(Rex(true, reg, (int)rm), opcode, (byte)(0xC0 | (reg & 7) << 3 | ((int)rm & 7)));
    }

    protected void Integer(byte opcode, int reg, Memory memory)
    {
        Emit(Rex(true, reg, (int)memory.Base), opcode);
        Operand(reg & 7, memory, 1);
    }

    protected static byte Rex(bool wide, int reg, int rm) => (byte)(0x40 | (wide ? 8 : 0) | (reg >> 3 & 1) << 2 | (rm >> 3 & 1));

    protected void Emit(params ReadOnlySpan<byte> bytes) => _code.AddRange(bytes);

    protected void Emit32(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _code.AddRange(bytes);
    }
}
