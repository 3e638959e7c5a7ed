using System.Buffers.Binary;

namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Writes x86-64 machine code: the few instructions that the kernels need, most of them ones for which .NET has no intrinsic (AVX512-VNNI, AVX512-BF16). Encodings are those of Intel's
/// Software Developer's Manual, volume 2, section 2.7 (EVEX). Vector registers are 512 bits wide unless a method says otherwise and are given by number, 0 to 31.
/// </summary>
internal sealed class Assembler
{
    private enum Map { M0F = 1, M0F38 = 2, M0F3A = 3 }

    private enum Prefix { None = 0, P66 = 1, PF3 = 2, PF2 = 3 }

    private readonly List<byte> _code = [];

    /// <summary>The bytes so far.</summary>
    public byte[] ToArray() => [.. _code];

    // Vectors: moves.
    public void Load(int target, Memory source) => Vector(Prefix.None, Map.M0F, false, 0x10, target, 0, source, 64);

    /// <summary>Loads 16-bit elements under a mask; those masked out are 0 and not touched in memory.</summary>
    public void LoadWords(int target, Memory source, int mask) => Vector(Prefix.PF2, Map.M0F, true, 0x6F, target, 0, source, 64, mask);

    /// <summary>Loads 32-bit elements under a mask; those masked out are 0 and not touched in memory.</summary>
    public void LoadDwords(int target, Memory source, int mask) => Vector(Prefix.None, Map.M0F, false, 0x10, target, 0, source, 64, mask);

    public void Store(int source, Memory target) => Vector(Prefix.None, Map.M0F, false, 0x11, source, 0, target, 64);

    /// <summary>The lowest 128 bits.</summary>
    public void StoreX(int source, Memory target) => Vector(Prefix.None, Map.M0F, false, 0x11, source, 0, target, 16, length: 0);

    /// <summary>The lowest 32 bits.</summary>
    public void StoreScalar(int source, Memory target) => Vector(Prefix.PF3, Map.M0F, false, 0x11, source, 0, target, 4, length: 0);

    /// <summary>One float32 into all lanes.</summary>
    public void Broadcast1(int target, Memory source) => Vector(Prefix.P66, Map.M0F38, false, 0x18, target, 0, source, 4);

    /// <summary>Two float32 in turn.</summary>
    public void Broadcast2(int target, Memory source) => Vector(Prefix.P66, Map.M0F38, true, 0x19, target, 0, source, 8);

    /// <summary>Four float32 in turn.</summary>
    public void Broadcast4(int target, Memory source) => Vector(Prefix.P66, Map.M0F38, false, 0x1A, target, 0, source, 16);

    /// <summary>Widens 16 bytes to 16 unsigned 32-bit integers.</summary>
    public void LoadBytesAsDwords(int target, Memory source) => Vector(Prefix.P66, Map.M0F38, false, 0x31, target, 0, source, 16);

    /// <summary>A constant into all lanes (VPBROADCASTD). Clobbers rax.</summary>
    public void Fill(int target, int value)
    {
        Move(Gpr.Rax, value);
        Vector(Prefix.P66, Map.M0F38, false, 0x7C, target, 0, (int)Gpr.Rax);
    }

    // Vectors: arithmetic. Order of operands as in Intel's manuals: target, first, second.
    public void Zero(int target) => Vector(Prefix.P66, Map.M0F, false, 0xEF, target, target, target);

    public void And(int target, int first, int second) => Vector(Prefix.P66, Map.M0F, false, 0xDB, target, first, second);

    public void ShiftRightWords(int target, int source, int bits) => Immediate(Prefix.P66, 0x71, 2, target, source, bits);

    public void ShiftLeftDwords(int target, int source, int bits) => Immediate(Prefix.P66, 0x72, 6, target, source, bits);

    public void ShiftRightDwords(int target, int source, int bits) => Immediate(Prefix.P66, 0x72, 2, target, source, bits);

    public void Subtract(int target, int first, int second) => Vector(Prefix.None, Map.M0F, false, 0x5C, target, first, second);

    public void Add(int target, int first, int second) => Vector(Prefix.None, Map.M0F, false, 0x58, target, first, second);

    public void Add(int target, int first, Memory second) => Vector(Prefix.None, Map.M0F, false, 0x58, target, first, second, 64);

    public void Multiply(int target, int first, int second) => Vector(Prefix.None, Map.M0F, false, 0x59, target, first, second);

    public void AddX(int target, int first, int second) => Vector(Prefix.None, Map.M0F, false, 0x58, target, first, second, length: 0);

    public void AddX(int target, int first, Memory second) => Vector(Prefix.None, Map.M0F, false, 0x58, target, first, second, 16, length: 0);

    public void AddScalar(int target, int first, Memory second) => Vector(Prefix.PF3, Map.M0F, false, 0x58, target, first, second, 4, length: 0);

    /// <summary>The lowest four lanes by one float32 in memory.</summary>
    public void MultiplyX1(int target, int first, Memory second) => Vector(Prefix.None, Map.M0F, false, 0x59, target, first, second, 4, broadcast: true, length: 0);

    /// <summary>target += first · second</summary>
    public void MultiplyAdd(int target, int first, int second) => Vector(Prefix.P66, Map.M0F38, false, 0xB8, target, first, second);

    /// <summary>target += first · (one float32 in memory)</summary>
    public void MultiplyAdd1(int target, int first, Memory second) => Vector(Prefix.P66, Map.M0F38, false, 0xB8, target, first, second, 4, broadcast: true);

    /// <summary>target −= first · second</summary>
    public void MultiplySubtractFrom(int target, int first, Memory second) => Vector(Prefix.P66, Map.M0F38, false, 0xBC, target, first, second, 64);

    public void ToFloat(int target, int source) => Vector(Prefix.None, Map.M0F, false, 0x5B, target, 0, source);

    /// <summary>Two registers of float32 to one of bfloat16, rounded to nearest even: the lower half from <paramref name="low"/>.</summary>
    public void ToBfloat16(int target, int high, int low) => Vector(Prefix.PF2, Map.M0F38, false, 0x72, target, high, low);

    /// <summary>target += pairs of bfloat16 multiplied and summed in float32 (VDPBF16PS).</summary>
    public void DotBfloat16(int target, int first, int second) => Vector(Prefix.PF3, Map.M0F38, false, 0x52, target, first, second);

    /// <inheritdoc cref="DotBfloat16(int, int, int)" />
    public void DotBfloat16(int target, int first, Memory second) => Vector(Prefix.PF3, Map.M0F38, false, 0x52, target, first, second, 64);

    /// <summary>The same with one pair of bfloat16 in memory for all lanes.</summary>
    public void DotBfloat16Pair(int target, int first, Memory pair) => Vector(Prefix.PF3, Map.M0F38, false, 0x52, target, first, pair, 4, broadcast: true);

    /// <summary>target += quads of unsigned by signed bytes multiplied and summed in 32 bits (VPDPBUSD).</summary>
    public void DotBytes(int target, int unsigned, Memory signed) => Vector(Prefix.P66, Map.M0F38, false, 0x50, target, unsigned, signed, 64);

    // Vectors: lanes to and fro.
    public void UnpackLow(int target, int first, int second) => Vector(Prefix.None, Map.M0F, false, 0x14, target, first, second);

    public void UnpackHigh(int target, int first, int second) => Vector(Prefix.None, Map.M0F, false, 0x15, target, first, second);

    public void UnpackLowPairs(int target, int first, int second) => Vector(Prefix.P66, Map.M0F, true, 0x14, target, first, second);

    public void UnpackHighPairs(int target, int first, int second) => Vector(Prefix.P66, Map.M0F, true, 0x15, target, first, second);

    /// <summary>The upper 256 bits become the lower ones of the target.</summary>
    public void UpperHalf(int target, int source) => VectorImmediate(Map.M0F3A, true, 0x1B, source, target, 1, length: 2);

    /// <summary>Bits 128 to 255 become the lowest ones of the target.</summary>
    public void UpperQuarter(int target, int source) => VectorImmediate(Map.M0F3A, false, 0x19, source, target, 1, length: 1);

    /// <summary>Lane by lane the lane of the source that the index names.</summary>
    public void Permute(int target, int index, int source) => Vector(Prefix.P66, Map.M0F38, false, 0x16, target, index, source);

    /// <summary>Quarters of 128 bits: the lower two from the first source, the upper two from the second, each chosen by two bits.</summary>
    public void ShuffleQuarters(int target, int first, int second, byte choice)
    {
        Vector(Prefix.P66, Map.M0F3A, false, 0x23, target, first, second);
        Emit(choice);
    }

    /// <summary>Adds the lower 256 bits.</summary>
    public void AddY(int target, int first, int second) => Vector(Prefix.None, Map.M0F, false, 0x58, target, first, second, length: 1);

    // Mask registers.
    /// <summary>Sets a mask register to a constant. Clobbers rax.</summary>
    public void SetMask(int mask, uint bits)
    {
        Emit(0xB8); // mov eax, imm32
        Emit32((int)bits);
        Emit(0xC5, 0xFB, 0x92, (byte)(0xC0 | (mask << 3))); // kmovd k, eax
    }

    // General registers and control.
    public void Move(Gpr target, Gpr source) => Integer(0x8B, (int)target, source);

    public void Move(Gpr target, Memory source) => Integer(0x8B, (int)target, source);

    public void Move(Gpr target, int value)
    {
        Emit(Rex(false, 0, (int)target), (byte)(0xB8 | ((int)target & 7))); // the upper half is cleared
        Emit32(value);
    }

    public void Add(Gpr target, Gpr source) => Integer(0x03, (int)target, source);

    public void Add(Gpr target, Memory source) => Integer(0x03, (int)target, source);

    public void Add(Gpr target, int value)
    {
        Integer(0x81, 0, target);
        Emit32(value);
    }

    public void Decrement(Gpr target) => Integer(0xFF, 1, target);

    public void Push(Gpr register) => Emit(Rex(false, 0, (int)register), (byte)(0x50 | ((int)register & 7)));

    public void Pop(Gpr register) => Emit(Rex(false, 0, (int)register), (byte)(0x58 | ((int)register & 7)));

    /// <summary>Brings a line into the second cache. Any address will do, also one that is not mapped.</summary>
    public void Prefetch(Memory line)
    {
        if ((int)line.Base >= 8) Emit(0x41);
        Emit(0x0F, 0x18);
        Operand(2, line, 1);
    }

    public int Mark() => _code.Count;

    /// <summary>Goes back to a mark if the last decrement or addition did not end in 0.</summary>
    public void JumpIfNotZero(int mark)
    {
        Emit(0x0F, 0x85);
        Emit32(mark - (_code.Count + 4));
    }

    /// <summary>Leaves the vector registers in the state that other code expects (VZEROUPPER) and returns.</summary>
    public void Return() => Emit(0xC5, 0xF8, 0x77, 0xC3);

    private void Vector(Prefix prefix, Map map, bool wide, byte opcode, int reg, int vvvv, int rm, int length = 2)
    {
        Evex(prefix, map, wide, reg, vvvv, b: (rm >> 3) & 1, x: (rm >> 4) & 1, length, broadcast: false, mask: 0);
        Emit(opcode, (byte)(0xC0 | ((reg & 7) << 3) | (rm & 7)));
    }

    private void Vector(Prefix prefix, Map map, bool wide, byte opcode, int reg, int vvvv, Memory memory, int size, int mask = 0, bool broadcast = false, int length = 2)
    {
        Evex(prefix, map, wide, reg, vvvv, b: (int)memory.Base >> 3, x: 0, length, broadcast, mask);
        Emit(opcode);
        Operand(reg & 7, memory, size);
    }

    private void VectorImmediate(Map map, bool wide, byte opcode, int reg, int rm, byte immediate, int length)
    {
        Vector(Prefix.P66, map, wide, opcode, reg, 0, rm, length);
        Emit(immediate);
    }

    private void Immediate(Prefix prefix, byte opcode, int extension, int target, int source, int bits)
    {
        Vector(prefix, Map.M0F, false, opcode, extension, target, source);
        Emit((byte)bits);
    }

    // The four bytes of the prefix; register numbers' higher bits are stored inverted.
    private void Evex(Prefix prefix, Map map, bool wide, int reg, int vvvv, int b, int x, int length, bool broadcast, int mask)
    {
        int first = (int)map | (~(reg >> 4) & 1) << 4 | (~b & 1) << 5 | (~x & 1) << 6 | (~(reg >> 3) & 1) << 7;
        int second = (int)prefix | 1 << 2 | (~vvvv & 15) << 3 | (wide ? 1 << 7 : 0);
        int third = mask | (~(vvvv >> 4) & 1) << 3 | (broadcast ? 1 << 4 : 0) | length << 5 | (mask != 0 ? 1 << 7 : 0);
        Emit(0x62, (byte)first, (byte)second, (byte)third);
    }

    // ModRM and distance: none, or one byte in units of the operand's size (EVEX), or four bytes.
    private void Operand(int reg, Memory memory, int size)
    {
        int rm = (int)memory.Base & 7;
        bool isShort = memory.Displacement % size == 0 && memory.Displacement / size is >= -128 and <= 127;
        int mode = memory.Displacement == 0 && rm != (int)Gpr.Rbp ? 0 : isShort ? 1 : 2;
        Emit((byte)(mode << 6 | reg << 3 | rm));
        if (rm == (int)Gpr.Rsp) Emit(0x24);
        if (mode == 1) Emit((byte)(memory.Displacement / size));
        else if (mode == 2) Emit32(memory.Displacement);
    }

    private void Integer(byte opcode, int reg, Gpr rm)
    {
        Emit(Rex(true, reg, (int)rm), opcode, (byte)(0xC0 | (reg & 7) << 3 | ((int)rm & 7)));
    }

    private void Integer(byte opcode, int reg, Memory memory)
    {
        Emit(Rex(true, reg, (int)memory.Base), opcode);
        Operand(reg & 7, memory, 1);
    }

    private static byte Rex(bool wide, int reg, int rm) => (byte)(0x40 | (wide ? 8 : 0) | (reg >> 3 & 1) << 2 | (rm >> 3 & 1));

    private void Emit(params ReadOnlySpan<byte> bytes) => _code.AddRange(bytes);

    private void Emit32(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _code.AddRange(bytes);
    }
}
