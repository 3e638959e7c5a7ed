using System.Buffers.Binary;
using System.Text;
using Llama.Model.Checkpoints;
using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Text;
using Llama.Model.Text.Gguf;
using Llama.Model.Torch;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Gguf;

/// <summary>Nothing in a file is trusted: whatever is wrong with it ends in words, never in memory beyond the file or more of it than the file has.</summary>
public sealed class GgufHeaderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public GgufHeaderTests() => TorchLibrary.Load();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_CutAnywhere_SaysSo()
    {
        byte[] whole = Small();
        for (int length = 1; length < whole.Length; length += length < 700 ? 1 : 97)
            Assert.NotEmpty(Fault(whole[..length]));
    }

    [Fact]
    public void Open_DamagedAnywhere_OpensOrSaysWhatIsWrong()
    {
        byte[] whole = Small();
        var random = new Random(4);
        int opened = 0;
        for (int i = 0; i < 3000; i++)
        {
            byte[] damaged = [.. whole];
            for (int change = random.Next(1, 4); change > 0; change--) damaged[random.Next(2000)] = (byte)(random.Next(3) switch { 0 => 0, 1 => 255, _ => random.Next(256) });
            File.WriteAllBytes(_folder.In("damaged.gguf"), damaged);
            try
            {
                using GgufCheckpoint checkpoint = GgufCheckpoint.Open(_folder.In("damaged.gguf"));
                using GgufText text = GgufText.Open(checkpoint.Path)!;
                _ = text.ChatTemplate;
                GgufPieces.Read(text, needsScores: true);
                opened++;
            }
            catch (CheckpointException e)
            {
                Assert.NotEmpty(e.Faults);
            }
        }
        Assert.InRange(opened, 1, 2999);
    }

    [Theory]
    [InlineData(0, 0x58, "is not a GGUF file")]
    [InlineData(4, 0x00000001, "is GGUF version 1; expected 2 or 3")]
    [InlineData(4, 0x03000000, "is big-endian")]
    [InlineData(8, 0x7fffffff, "claims 2147483647 tensors, but only")]
    [InlineData(16, 0x7fffffff, "claims 2147483647 metadata values, but only")]
    public void Open_WrongOpening_IsNamed(int at, int value, string expected)
    {
        byte[] file = Small();
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
        Assert.Contains(expected, Fault(file));
    }

    [Fact]
    public void Open_Nothing_IsNamed()
    {
        Assert.Contains("not found", Assert.Throws<CheckpointException>(() => GgufFile.Open(_folder.In("none.gguf"))).Message);
        Assert.Contains("is empty", Fault([]));
        Assert.Contains("is not a GGUF file: it does not begin with GGUF and a header; a file of a few hundred bytes is mostly a Git LFS pointer", Fault("version https://git-lfs.github.com/spec/v1\n"u8.ToArray()));
    }

    [Fact]
    public void Open_FileCutShort_IsToldOnce()
    {
        (string, ulong[], uint, ulong)[] tensors = [.. Enumerable.Range(0, 200).Select(i => ($"t{i}", new ulong[] { 1 << 20 }, 0u, (ulong)i << 22))];
        string message = Fault(WithTensors(new GgufMetadata(), tensors));
        Assert.Contains("and 200 of its 200 tensors would end behind that: the file is cut short or damaged; download it again", message);
        Assert.DoesNotContain("t7", message);
    }

    [Fact]
    public void Open_FaultyTensors_AreAllNamed()
    {
        var metadata = new GgufMetadata();
        metadata.Add("general.alignment", 32);
        metadata.Add("general.alignment", 32);
        string message = Fault(WithTensors(metadata,
            ("a", [40], 8, 0), // Q8_0 in blocks of 32
            ("b", [8], 0, 4), // unaligned
            ("c", [1 << 20, 1 << 20, 1 << 20, 1 << 20], 0, 0),
            ("a", [32], 0, 0)));
        Assert.Contains("general.alignment: declared more than once", message);
        Assert.Contains("a: Q8_0 [40] does not fill whole blocks of 32", message);
        Assert.Contains("b: F32 [8] begins at 4, which is no multiple of the alignment", message);
        Assert.Contains("c: F32 [1048576, 1048576, 1048576, 1048576] would end at byte", message);
        Assert.Contains("a: declared more than once", message);
    }

    [Fact]
    public void Open_AlignmentThatIsNone_IsToldOnce()
    {
        var metadata = new GgufMetadata();
        metadata.Add("general.alignment", "wide");
        string message = Fault(WithTensors(metadata));
        Assert.Contains("general.alignment is \"wide\"; expected an integer of at least 8", message);
        Assert.DoesNotContain("faults", message);
    }

    [Fact]
    public void Open_NamesThatDoNotPrint_AreEscapedAndBounded()
    {
        (string, ulong[], uint, ulong)[] damaged = [.. Enumerable.Range(0, 1000).Select(i => ($"\u001b[2J\r\n\u202e{i}{new string('é', 5000)}", new ulong[] { 8 }, 0u, 4ul))];
        string message = Fault(WithTensors(new GgufMetadata(), damaged));
        Assert.Contains(@"\u{1b}[2J\u{d}\u{a}\u{202e}0éé", message);
        Assert.Contains("which is no multiple of the alignment", message); // the end is there as well
        Assert.DoesNotContain(message, c => c != '\n' && (char.IsControl(c) || c == '\u202e'));
        Assert.InRange(message.Count(c => c == '\n'), 2, 50);
        Assert.InRange(message.Length, 1000, 50_000);
    }

    [Fact]
    public void Open_OtherArchitecture_IsRefusedByName()
    {
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", "qwen2");
        File.WriteAllBytes(_folder.In("x.gguf"), WithTensors(metadata));
        Assert.Contains("general.architecture is \"qwen2\"; only llama is supported", Assert.Throws<CheckpointException>(() => LlamaConfig.Load(_folder.In("x.gguf"))).Message);
        Assert.Contains("qwen2", Assert.Throws<CheckpointException>(() => Tokenizer.Load(_folder.In("x.gguf"))).Message);
    }

    [Fact]
    public void Open_FaultyMetadata_IsAllNamed()
    {
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", "llama");
        metadata.Add("llama.block_count", "two");
        metadata.Add("llama.embedding_length", 64);
        metadata.Add("llama.attention.head_count", new[] { 4, 8 });
        metadata.Add("llama.expert_count", 8);
        metadata.Add("llama.rope.scaling.type", "longrope");
        File.WriteAllBytes(_folder.In("x.gguf"), WithTensors(metadata));
        IReadOnlyList<string> faults = Assert.Throws<CheckpointException>(() => LlamaConfig.Load(_folder.In("x.gguf"))).Faults;
        foreach (string expected in (string[])[
            "llama.block_count is \"two\"; expected an integer", "llama.attention.head_count is an array of 2 Int32; expected an integer of at least 1, equal for all layers",
            "llama.expert_count is 8; expected none", "llama.rope.scaling.type is \"longrope\"", "llama.context_length is missing", "llama.feed_forward_length is missing"])
            Assert.Contains(faults, fault => fault.Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Open_AttentionThatLooksAhead_IsRefusedAlone(bool isCausal, bool isRefused)
    {
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", "llama");
        metadata.Add("llama.attention.causal", isCausal);
        File.WriteAllBytes(_folder.In("x.gguf"), WithTensors(metadata));
        IReadOnlyList<string> faults = Assert.Throws<CheckpointException>(() => LlamaConfig.Load(_folder.In("x.gguf"))).Faults;
        Assert.Equal(isRefused, faults.Any(fault => fault.Contains("only causal attention is supported", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(40, 40)]
    [InlineData(0, 256)]
    [InlineData(4096, 256)]
    public void Read_SlidingWindow_EndsTheContext(int window, int expected)
    {
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", "llama");
        GgufShape.Add(metadata, SmallLlama.Config with { LayerCount = 1, ContextLength = 256 });
        metadata.Add("llama.attention.sliding_window", window);
        File.WriteAllBytes(_folder.In("x.gguf"), WithTensors(metadata));
        GgufFile file = GgufFile.Open(_folder.In("x.gguf"));
        using MappedTensors tensors = new(_folder.In("x.gguf"), [file]);
        Assert.Equal(expected, GgufConfig.Read(file.Keys([]), tensors, ropeFactors: null).ContextLength);
    }

    [Fact]
    public void Open_FaultyModel_NamesTensorsAndRemedy()
    {
        using var folder = new GgufFolder();
        byte[] file = File.ReadAllBytes(folder.Convert("F32"));
        Rename(file, "blk.0.ffn_up.weight", "blk.0.ffn_xx.weight");
        int at = Find(file, "blk.1.attn_q.weight") + "blk.1.attn_q.weight".Length; // dimensions, two sizes, type
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at + 20), 17);
        string message = FaultOfModel(file);
        Assert.Contains("blk.0.ffn_up.weight [96, 64] is missing", message);
        Assert.Contains("blk.0.ffn_xx.weight is not part of the Llama", message);
        Assert.Contains("blk.1.attn_q.weight is IQ2_XS; expected F32, F16, BF16, Q4_0", message);
        Assert.Contains("llama-quantize", message);
    }

    private byte[] Small()
    {
        using var folder = new GgufFolder();
        return File.ReadAllBytes(folder.Convert("BF16"));
    }

    private string Fault(byte[] file)
    {
        File.WriteAllBytes(_folder.In("x.gguf"), file);
        return Assert.Throws<CheckpointException>(() => GgufFile.Open(_folder.In("x.gguf"))).Message;
    }

    private string FaultOfModel(byte[] file)
    {
        File.WriteAllBytes(_folder.In("x.gguf"), file);
        return Assert.Throws<CheckpointException>(() => GgufCheckpoint.Open(_folder.In("x.gguf"))).Message;
    }

    private static byte[] WithTensors(GgufMetadata metadata, params (string Name, ulong[] Sizes, uint Type, ulong Offset)[] tensors)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)tensors.Length);
        writer.Write(metadata.Count);
        writer.Write(metadata.Bytes);
        foreach ((string name, ulong[] sizes, uint type, ulong offset) in tensors)
        {
            GgufMetadata.WriteText(writer, name);
            writer.Write(sizes.Length);
            foreach (ulong size in sizes) writer.Write(size);
            writer.Write(type);
            writer.Write(offset);
        }
        writer.Write(new byte[256]);
        return bytes.ToArray();
    }

    private static void Rename(byte[] file, string name, string other) => Encoding.UTF8.GetBytes(other).CopyTo(file, Find(file, name));

    private static int Find(byte[] file, string text) => file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text));
}
