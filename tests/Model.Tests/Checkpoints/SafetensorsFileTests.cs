using System.Buffers.Binary;
using System.Text;
using Llama.Model.Checkpoints;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Checkpoints;

public sealed unsafe class SafetensorsFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Path => _folder.In("a.safetensors");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_WhatTheWriterWrote_GivesEntriesAndBytesBack()
    {
        using (SafetensorsWriter writer = SafetensorsWriter.Create(Path, [("a", TensorDtype.F32, [2, 3]), ("é", TensorDtype.BF16, []), ("none", TensorDtype.F16, [0, 4])]))
        {
            writer.Write("é", [7, 8]);
            writer.Write("a", [.. Enumerable.Range(12, 12).Select(i => (byte)i)], start: 12);
            writer.Write("a", [.. Enumerable.Range(0, 12).Select(i => (byte)i)]);
            Assert.Throws<ArgumentOutOfRangeException>(() => writer.Write("a", new byte[13], start: 12));
        }
        using SafetensorsFile file = SafetensorsFile.Open(Path);
        Assert.Equal(["F32 [2, 3]", "BF16 []", "F16 [0, 4]"], file.Tensors.Select(entry => entry.ToString()));
        Assert.Equal(Enumerable.Range(0, 24).Select(i => (byte)i), new ReadOnlySpan<byte>(file.Data(file.Tensors[0]), 24).ToArray());
        Assert.Equal(7, *file.Data(file.Tensors[1]));
        Assert.Equal(0, file.Tensors[0].Offset % 64);
    }

    [Fact]
    public void Open_TensorsBeyondTwoGigabytes_AreReached()
    {
        const long size = 3L << 30;
        using (SafetensorsWriter writer = SafetensorsWriter.Create(Path, [("hole", TensorDtype.F16, [size / 2]), ("last", TensorDtype.F32, [1])])) // sparse on disk
            writer.Write("last", [1, 2, 3, 4]);
        using SafetensorsFile file = SafetensorsFile.Open(Path);
        Assert.Equal(0x04030201, *(int*)file.Data(file.Tensors[1]));
    }

    [Theory]
    [InlineData("""{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 7]}}""", 7, "does not take the 7 bytes")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [4611686018427387904, 4], "data_offsets": [0, 8]}}""", 8, "does not take the 8 bytes")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}""", 8, "expected {dtype, shape")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}""", 8, "expected {dtype, shape")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0]}}""", 8, "expected {dtype, shape")]
    [InlineData("""{"a": 3}""", 0, "expected {dtype, shape")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}""", 4, "download it again")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}""", 12, "accounts for")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}""", 12, "belong to no tensor")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "b": {"dtype": "F16", "shape": [1], "data_offsets": [4, 6]}}""", 8, "b: overlaps")]
    [InlineData("""{"a": {"dtype": "F16", "shape": [1], "data_offsets": [0, 2]}, "a": {"dtype": "F16", "shape": [1], "data_offsets": [2, 4]}}""", 4, "a: declared 2 times")]
    [InlineData("""[]""", 0, "not a JSON object")]
    [InlineData("""{"a": """, 0, "not JSON")]
    [InlineData("""{"\ud800": {"dtype": "F16", "shape": [1], "data_offsets": [0, 2]}}""", 2, "not JSON (the string at byte 1 holds half a surrogate pair)")]
    [InlineData("""{"a": {"dtype": "\ud800", "shape": [1], "data_offsets": [0, 2]}}""", 2, "half a surrogate pair")]
    public void Open_BrokenHeader_NamesTheFault(string header, int dataSize, string expected)
    {
        Write(header, dataSize);
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(Path)).Message);
    }

    [Fact]
    public void Open_ManyFaults_SaysThemAll()
    {
        Write("""{"a": 1, "b": {"dtype": "F32", "shape": [3], "data_offsets": [0, 4]}}""", 4);
        Assert.Equal(2, Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(Path)).Faults.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(100)]
    public void Open_NotSafetensors_SaysSoWithoutReadingBeyondTheFile(int size)
    {
        byte[] bytes = new byte[size];
        Array.Fill(bytes, (byte)0xff);
        File.WriteAllBytes(Path, bytes);
        Assert.Contains("not a safetensors file", Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(Path)).Message);
    }

    [Fact]
    public void Open_HeaderLongerThanTheFile_SaysSo()
    {
        File.WriteAllBytes(Path, [200, 0, 0, 0, 0, 0, 0, 0, (byte)'{']);
        Assert.Contains("cannot hold its header of 200", Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(Path)).Message);
    }

    private void Write(string header, int dataSize)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] file = new byte[8 + json.Length + dataSize];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)json.Length);
        json.CopyTo(file, 8);
        File.WriteAllBytes(Path, file);
    }
}
