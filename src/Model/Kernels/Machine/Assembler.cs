using System.Runtime.Intrinsics;

namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Writes x86-64 machine code: the few instructions that the kernels need, because .NET has no intrinsics for the most important ones (AVX512-VNNI, AVX512-BF16). Vector registers are 512 bits
/// wide unless a method says otherwise, and are given by number, 0 to 31.
/// </summary>
internal sealed partial class Assembler : InstructionEncoder
{
    // Vectors: moves.
    public void Load(int target, Memory source) => Vector(Prefix.None, Map.M0F, false, 0x10, target, 0, source, 64);

    /// <summary>Loads 16-bit elements under a mask; those masked out are 0 and not touched in memory.</summary>
    public void LoadWords(int target, Memory source, int mask) => Vector(Prefix.PF2, Map.M0F, true, 0x6F, target, 0, source, 64, mask);

    /// <summary>Loads 32-bit elements under a mask; those masked out are 0 and not touched in memory.</summary>
    public void LoadDwords(int target, Memory source, int mask) => Vector(Prefix.None, Map.M0F, false, 0x10, target, 0, source, 64, mask);

    public void Store(int source, Memory target) => Vector(Prefix.None, Map.M0F, false, 0x11, source, 0, target, 64);

    /// <summary>The lowest 128 bits.</summary>
    public void StoreX(int source, Memory target) => Vector(Prefix.None, Map.M0F, false, 0x11, source, 0, target, 16, length: 0);

    /// <summary>The lowest 32 bits; the others of the lowest 128 are 0.</summary>
    public void LoadScalar(int target, Memory source) => Vector(Prefix.PF3, Map.M0F, false, 0x10, target, 0, source, 4, length: 0);

    /// <summary>32 bits into one of the lowest four lanes, of which the others stay (VINSERTPS).</summary>
    public void LoadLane(int target, Memory source, int lane)
    {
        Vector(Prefix.P66, Map.M0F3A, false, 0x21, target, target, source, 4, length: 0);
        Emit((byte)(lane << 4));
    }

    /// <summary>One of the lowest four lanes (VEXTRACTPS).</summary>
    public void StoreLane(int source, Memory target, int lane)
    {
        Vector(Prefix.P66, Map.M0F3A, false, 0x17, source, 0, target, 4, length: 0);
        Emit((byte)lane);
    }

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

    /// <summary>Widens 16 signed bytes to 32-bit integers.</summary>
    public void LoadSignedBytesAsDwords(int target, Memory source) => Vector(Prefix.P66, Map.M0F38, false, 0x21, target, 0, source, 16);

    /// <summary>Widens 16 float16 to float32.</summary>
    public void LoadHalves(int target, Memory source) => Vector(Prefix.P66, Map.M0F38, false, 0x13, target, 0, source, 32);

    /// <summary>16 bytes into all quarters of 128 bits. Clobbers rax and the other register.</summary>
    public void Fill(int target, Vector128<byte> value, int other)
    {
        Move(Gpr.Rax, value.AsInt64()[0]);
        Vector(Prefix.P66, Map.M0F38, true, 0x7C, target, 0, (int)Gpr.Rax);
        Move(Gpr.Rax, value.AsInt64()[1]);
        Vector(Prefix.P66, Map.M0F38, true, 0x7C, other, 0, (int)Gpr.Rax);
        Vector(Prefix.P66, Map.M0F, true, 0x6C, target, target, other); // vpunpcklqdq
    }

    /// <summary>A constant into all lanes (VPBROADCASTD). Clobbers rax.</summary>
    public void Fill(int target, int value)
    {
        Move(Gpr.Rax, value);
        Vector(Prefix.P66, Map.M0F38, false, 0x7C, target, 0, (int)Gpr.Rax);
    }

    // Vectors: arithmetic. Order of operands as in Intel's manuals: target, first, second.
    public void Zero(int target) => Vector(Prefix.P66, Map.M0F, false, 0xEF, target, target, target);

    public void And(int target, int first, int second) => Vector(Prefix.P66, Map.M0F, false, 0xDB, target, first, second);

    public void And(int target, int first, Memory second) => Vector(Prefix.P66, Map.M0F, false, 0xDB, target, first, second, 64);

    /// <summary>What of the second is not in the first.</summary>
    public void AndNot(int target, int first, Memory second) => Vector(Prefix.P66, Map.M0F, false, 0xDF, target, first, second, 64);

    /// <summary>Bit by bit what the target has where the mask is set, and else what the other has.</summary>
    public void Select(int target, int mask, int other)
    {
        Vector(Prefix.P66, Map.M0F3A, false, 0x25, target, mask, other); // vpternlogd
        Emit(0xE2);
    }

    /// <summary>In each quarter of 128 bits the bytes of the table that places, 0 to 15, name.</summary>
    public void ShuffleBytes(int target, int table, int places) => Vector(Prefix.P66, Map.M0F38, false, 0x00, target, table, places);

    public void ShiftLeftWords(int target, int source, int bits) => Immediate(Prefix.P66, 0x71, 6, target, source, bits);

    public void ShiftRightWords(int target, int source, int bits) => Immediate(Prefix.P66, 0x71, 2, target, source, bits);

    public void ShiftLeftDwords(int target, int source, int bits) => Immediate(Prefix.P66, 0x72, 6, target, source, bits);

    public void ShiftLeftDwords(int target, Memory source, int bits)
    {
        Vector(Prefix.P66, Map.M0F, false, 0x72, 6, target, source, 64);
        Emit((byte)bits);
    }

    public void ShiftRightDwords(int target, int source, int bits) => Immediate(Prefix.P66, 0x72, 2, target, source, bits);

    public void Subtract(int target, int first, int second) => Vector(Prefix.None, Map.M0F, false, 0x5C, target, first, second);

    public void Add(int target, int first, int second) => Vector(Prefix.None, Map.M0F, false, 0x58, target, first, second);

    public void Add(int target, int first, Memory second) => Vector(Prefix.None, Map.M0F, false, 0x58, target, first, second, 64);

    public void Multiply(int target, int first, int second) => Vector(Prefix.None, Map.M0F, false, 0x59, target, first, second);

    public void Multiply(int target, int first, Memory second) => Vector(Prefix.None, Map.M0F, false, 0x59, target, first, second, 64);

    /// <summary>Less one float32 in memory.</summary>
    public void Subtract1(int target, int first, Memory second) => Vector(Prefix.None, Map.M0F, false, 0x5C, target, first, second, 4, broadcast: true);

    /// <summary>32-bit integers.</summary>
    public void AddDwords(int target, int first, int second) => Vector(Prefix.P66, Map.M0F, false, 0xFE, target, first, second);

    public void AddDwords(int target, int first, Memory second) => Vector(Prefix.P66, Map.M0F, false, 0xFE, target, first, second, 64);

    /// <summary>One 32-bit integer in memory to all lanes.</summary>
    public void AddDwords1(int target, int first, Memory second) => Vector(Prefix.P66, Map.M0F, false, 0xFE, target, first, second, 4, broadcast: true);

    public void AddX(int target, int first, int second) => Vector(Prefix.None, Map.M0F, false, 0x58, target, first, second, length: 0);

    public void AddX(int target, int first, Memory second) => Vector(Prefix.None, Map.M0F, false, 0x58, target, first, second, 16, length: 0);

    /// <summary>The lowest four lanes by one float32 in memory.</summary>
    public void MultiplyX1(int target, int first, Memory second) => Vector(Prefix.None, Map.M0F, false, 0x59, target, first, second, 4, broadcast: true, length: 0);

    /// <summary>target += first · second</summary>
    public void MultiplyAdd(int target, int first, int second) => Vector(Prefix.P66, Map.M0F38, false, 0xB8, target, first, second);

    public void MultiplyAdd(int target, int first, Memory second) => Vector(Prefix.P66, Map.M0F38, false, 0xB8, target, first, second, 64);

    /// <summary>target = target · first + second</summary>
    public void MultiplyByAndAdd(int target, int first, int second) => Vector(Prefix.P66, Map.M0F38, false, 0xA8, target, first, second);

    public void MultiplyByAndAdd(int target, int first, Memory second) => Vector(Prefix.P66, Map.M0F38, false, 0xA8, target, first, second, 64);

    /// <summary>target −= first · second</summary>
    public void MultiplySubtractFrom(int target, int first, Memory second) => Vector(Prefix.P66, Map.M0F38, false, 0xBC, target, first, second, 64);

    /// <summary>The same with one float32 in memory.</summary>
    public void MultiplySubtractFrom1(int target, int first, Memory second) => Vector(Prefix.P66, Map.M0F38, false, 0xBC, target, first, second, 4, broadcast: true);

    public void ToFloat(int target, Memory source) => Vector(Prefix.None, Map.M0F, false, 0x5B, target, 0, source, 64);

    public void ToFloat(int target, int source) => Vector(Prefix.None, Map.M0F, false, 0x5B, target, 0, source);

    /// <summary>Two registers of float32 to one of bfloat16, rounded to nearest even: the lower half from <paramref name="low"/>.</summary>
    public void ToBfloat16(int target, int high, int low) => Vector(Prefix.PF2, Map.M0F38, false, 0x72, target, high, low);

    /// <summary>target += pairs of bfloat16 multiplied and summed in float32 (VDPBF16PS).</summary>
    public void DotBfloat16(int target, int first, int second) => Vector(Prefix.PF3, Map.M0F38, false, 0x52, target, first, second);

    /// <summary>The same with one pair from memory in all lanes.</summary>
    public void DotBfloat16(int target, int first, Memory pair) => Vector(Prefix.PF3, Map.M0F38, false, 0x52, target, first, pair, 4, broadcast: true);

    /// <summary>target += quads of unsigned by signed bytes multiplied and summed in 32 bits (VPDPBUSD).</summary>
    public void DotBytes(int target, int unsigned, Memory signed) => Vector(Prefix.P66, Map.M0F38, false, 0x50, target, unsigned, signed, 64);

    public void DotBytes(int target, int unsigned, int signed) => Vector(Prefix.P66, Map.M0F38, false, 0x50, target, unsigned, signed);

    /// <summary>The same with one quad of signed bytes from memory in all lanes.</summary>
    public void DotBytes1(int target, int unsigned, Memory quad) => Vector(Prefix.P66, Map.M0F38, false, 0x50, target, unsigned, quad, 4, broadcast: true);

    // Vectors: lanes to and fro.
    public void UnpackLow(int target, int first, int second) => Vector(Prefix.None, Map.M0F, false, 0x14, target, first, second);

    public void UnpackHigh(int target, int first, int second) => Vector(Prefix.None, Map.M0F, false, 0x15, target, first, second);

    public void UnpackLowPairs(int target, int first, int second) => Vector(Prefix.P66, Map.M0F, true, 0x14, target, first, second);

    public void UnpackHighPairs(int target, int first, int second) => Vector(Prefix.P66, Map.M0F, true, 0x15, target, first, second);

    /// <summary>Words of the lower halves of each quarter of 128 bits, in turn.</summary>
    public void UnpackLowWords(int target, int first, int second) => Vector(Prefix.P66, Map.M0F, false, 0x61, target, first, second);

    public void UnpackHighWords(int target, int first, int second) => Vector(Prefix.P66, Map.M0F, false, 0x69, target, first, second);

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
}
