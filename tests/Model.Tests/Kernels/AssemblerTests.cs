using System.Runtime.Intrinsics;
using Llama.Model.Kernels.Machine;

namespace Llama.Model.Tests.Kernels;

/// <summary>Instructions as GNU as encodes them, with distances in 32 bits: on any processor, also one that could not run them.</summary>
public sealed class AssemblerTests
{
    [Fact]
    public void TileRegisters_InAnyInstruction_AreEncodedAsInTheManual()
    {
        Expect("C4E27B49E8", code => code.ZeroTile(5));
        Expect("C4A27B4BB42200040000", code => code.LoadTile(6, new Memory(Gpr.Rdx, 0x400), Gpr.R12));
        Expect("C4C27B4B8C1FC0FFFFFF", code => code.LoadTile(1, new Memory(Gpr.R15, -0x40), Gpr.Rbx));
        Expect("C4827A4B9C0510000000", code => code.StoreTile(3, new Memory(Gpr.R13, 0x10), Gpr.R8));
        Expect("C4E2425CD4", code => code.TileDotBfloat16(2, rows: 4, columns: 7));
        Expect("C4E24A5ECD", code => code.TileDotBytes(1, signedRows: 5, unsignedColumns: 6));
        Expect("C4E27849C0", code => code.ReleaseTiles());
    }

    [Fact]
    public void ConfigureTiles_BytesAndRowsOfEach_LieBehindAJumpAndAreLoadedFromThere()
    {
        Assembler assembler = new();
        assembler.ConfigureTiles((3, 64), (16, 32));
        byte[] code = assembler.ToArray(), configuration = code[2..66];
        Assert.Equal((byte[])[0xEB, 64], code[..2]);
        Assert.Equal((byte)1, configuration[0]); // palette 1; Intel's manual, volume 1, section 18.2
        Assert.Equal((64, 32, 0), (BitConverter.ToInt16(configuration, 16), BitConverter.ToInt16(configuration, 18), BitConverter.ToInt16(configuration, 20)));
        Assert.Equal((byte[])[3, 16, 0], configuration[48..51]);
        Assert.Equal("C4E2784905B7FFFFFF", Convert.ToHexString(code[66..])); // ldtilecfg [rip - 73]
    }

    [Fact]
    public void VectorsWithMemory_OfTileSums_AreEncodedAsInTheManual()
    {
        Expect("62F1754072730108", code => code.ShiftLeftDwords(17, new Memory(Gpr.Rbx, 0x40), 8));
        Expect("62E17540FE4B10", code => code.AddDwords(17, 17, new Memory(Gpr.Rbx, 0x400)));
        Expect("62C17550FE4C2402", code => code.AddDwords1(17, 17, new Memory(Gpr.R12, 8)));
        Expect("62D23550BC5C2402", code => code.MultiplySubtractFrom1(3, 25, new Memory(Gpr.R12, 8)));
        Expect("62E17C485B4B02", code => code.ToFloat(17, new Memory(Gpr.Rbx, 0x80)));
        Expect("49C1E504", code => code.ShiftLeft(Gpr.R13, 4));
    }

    [Fact]
    public void CodesAndScalesInFewBytes_InAnyInstruction_AreEncodedAsInTheManual()
    {
        Expect("62627D48214204", code => code.LoadSignedBytesAsDwords(24, new Memory(Gpr.Rdx, 0x40)));
        Expect("62427D48134B20", code => code.LoadHalves(25, new Memory(Gpr.R11, 0x400)));
        Expect("48B888776655443322116262FD487CE848B808070605040302016262FD487CF0620195406CEE", code => code.Fill(29, Vector128.Create(0x1122334455667788, 0x0102030405060708).AsByte(), other: 30));
        Expect("62031D4025C7E2", code => code.Select(24, mask: 28, other: 31));
        Expect("6202154000D1", code => code.ShuffleBytes(26, table: 29, places: 25));
        Expect("62910D4071F004", code => code.ShiftLeftWords(30, 24, 4));
    }

    private static void Expect(string bytes, Action<Assembler> write)
    {
        Assembler code = new();
        write(code);
        Assert.Equal(bytes, Convert.ToHexString(code.ToArray()));
    }
}
