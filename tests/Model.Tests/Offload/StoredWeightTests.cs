using System.Runtime.InteropServices;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Offload;

/// <summary>What is read from a file into memory, wherever it lies there.</summary>
[HoldsTensors]
public sealed unsafe class StoredWeightTests : IDisposable
{
    private const int Rows = 200, Columns = 64;

    private readonly string _path = Path.GetTempFileName();

    [Theory]
    [InlineData(ScalarType.BFloat16, false)]
    [InlineData(ScalarType.BFloat16, true)]
    [InlineData(ScalarType.Float32, false)]
    [InlineData(ScalarType.Float32, true)]
    public void Read_ATensorAtAnyByte_IsTheTensor_WhereKernelsCanReadIt(ScalarType dtype, bool pastCache)
    {
        byte[] values = NonZero(Rows * Columns * Matrix.ElementBytes(dtype));
        foreach (int offset in (int[])[0, 1, 2, 3, 4, 6, 8, 4095, 4096, 4098, 5001])
        {
            using StoredFile file = Write(offset, values);
            file.Open(pastCache);
            StoredDense stored = new(new FileRange(file, offset, values.Length), Rows, Columns, dtype, dtype);
            void* memory = NativeMemory.AlignedAlloc((nuint)stored.MemoryBytes, StoredFile.PageBytes);
            Matrix read = ((DenseWeight)stored.On((byte*)memory)).Values;
            StageMemory stage = new();
            for (int first = 0; first < Rows; first += 33) stored.Read(WeightRows.Of(new DenseWeight(read)), first, Math.Min(33, Rows - first), stage);
            Assert.Equal(0, (nint)read.Data % Matrix.ElementBytes(dtype));
            Assert.InRange((nint)read.Data - (nint)memory, 0, stored.MemoryBytes - values.Length);
            Assert.True(new ReadOnlySpan<byte>(read.Data, values.Length).SequenceEqual(values));
            NativeMemory.AlignedFree(memory);
        }
    }

    [Fact]
    public void Bring_AnyRows_KeepsThemUntilThereWouldBeTooMany_AndThenLetsGoOfAll()
    {
        const int most = 30, rowBytes = Columns * sizeof(ushort);
        byte[] values = NonZero(Rows * rowBytes);
        using StoredFile file = Write(offset: 6, values);
        using RowTable table = new(new StoredDense(new FileRange(file, 6, values.Length), Rows, Columns, ScalarType.BFloat16, ScalarType.BFloat16), most);
        byte* memory = (byte*)((DenseWeight)table.Weight).Values.Data;
        HashSet<int> expected = [];
        Random random = new(3);
        for (int step = 0; step < 300; step++)
        {
            int[] asked = [.. Enumerable.Range(0, random.Next(1, 16)).Select(_ => random.Next(Rows))];
            if (expected.Count + asked.Length > most) expected.Clear();
            expected.UnionWith(asked);
            table.Bring(asked);
            Assert.Equal(expected.Order(), Enumerable.Range(0, Rows).Where(row => Row(memory, row).SequenceEqual(values.AsSpan(row * rowBytes, rowBytes))));
        }

        static ReadOnlySpan<byte> Row(byte* memory, int row) => new(memory + row * rowBytes, rowBytes);
    }

    // Wherever the table begins in a page.
    [Theory]
    [InlineData(128, 200)]
    [InlineData(4096, 60)]
    [InlineData(5000, 40)]
    [InlineData(8193, 40)]
    public void BytesOf_AnyRows_AreThePagesThatTheyTouch_OrFewMore(int rowBytes, int allRows)
    {
        Random random = new(rowBytes);
        foreach (int most in (int[])[1, 2, 7, allRows])
        {
            long largest = 0;
            for (int i = 0; i < 200; i++)
            {
                int start = random.Next(StoredFile.PageBytes);
                IEnumerable<int> rows = Enumerable.Range(0, allRows).OrderBy(_ => random.Next()).Take(most);
                long pages = rows.SelectMany(row => Pages(start + (long)row * rowBytes, rowBytes)).Distinct().LongCount();
                largest = Math.Max(largest, pages * StoredFile.PageBytes);
            }
            Assert.InRange(RowTable.BytesOf(rowBytes, most, allRows), largest, largest + most * StoredFile.PageBytes);
        }

        static IEnumerable<long> Pages(long start, long bytes)
        {
            for (long page = start / StoredFile.PageBytes; page <= (start + bytes - 1) / StoredFile.PageBytes; page++) yield return page;
        }
    }

    public void Dispose() => File.Delete(_path);

    private StoredFile Write(int offset, byte[] values)
    {
        File.WriteAllBytes(_path, [.. new byte[offset], .. values]);
        return new StoredFile(_path);
    }

    private static byte[] NonZero(int count)
    {
        Random random = new(count);
        return [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(1, 127))];
    }
}
