using System.Runtime.InteropServices;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Outliers;
using Llama.Model.Threads;

namespace Llama.Model.Parallel;

/// <summary>Takes some rows or columns of a weight on the host, of whatever form; the values are the same to the last bit.</summary>
internal static unsafe class WeightCut
{
    private const long WeightsPerThread = 1 << 18;
    private const int NarrowestGroup = 16;

    /// <summary>Some rows, on the weight's own memory.</summary>
    public static Weight Rows(Weight whole, Slice rows) => Each(whole, rows, matrix => matrix.Slice(rows.Start, rows.Count));

    /// <summary>A copy of some rows.</summary>
    public static Weight CopyRows(Weight whole, Slice rows) => Each(whole, rows, matrix =>
    {
        Matrix view = matrix.Slice(rows.Start, rows.Count), copy = HostMemory.EmptyForReading(rows.Count, matrix.Columns, matrix.Dtype);
        NativeMemory.Copy(view.Data, copy.Data, (nuint)copy.ByteCount);
        return copy;
    });

    /// <summary>A copy of some columns: a row then lies in one piece, as all kernels take it, and in huge pages where they are many.</summary>
    /// <exception cref="ArgumentException">They begin within a group of codes that cannot be made smaller.</exception>
    public static Weight CopyColumns(Weight whole, Slice columns, string name) => whole switch
    {
        DenseWeight dense => new DenseWeight(Dense(dense.Values, columns)),
        QuantizedWeight codes => Codes(codes, columns, GroupSizeOf(codes.Inputs, codes.GroupSize, columns, name)),
        OutlierWeight { Columns: MappedColumns mapped } split => new OutlierWeight((QuantizedWeight)CopyColumns(split.Codes, columns, name), new MappedColumns(mapped.Values.Slice(columns.Start, columns.Count)), split.Threshold),
        _ => throw Unknown(whole),
    };

    /// <summary>Columns that share a scale in a copy: those that begin within a group get smaller ones, which share its scale. A scale for the whole row stays one.</summary>
    /// <param name="inputs">Columns of the whole.</param>
    /// <param name="groupSize">Of them, how many share a scale.</param>
    /// <param name="columns">To be copied.</param>
    /// <param name="name">Of the weight.</param>
    /// <exception cref="ArgumentException">They begin within a group that cannot be made smaller; with the remedy.</exception>
    public static int GroupSizeOf(int inputs, int groupSize, Slice columns, string name)
    {
        if (groupSize >= inputs) return Math.Max(columns.Count, QuantizedWeight.Chunk);
        int smaller = groupSize;
        while (columns.Start % smaller != 0) smaller /= 2;
        if (smaller >= NarrowestGroup) return smaller;
        throw new ArgumentException($"Model:TensorParallel would cut {name} at column {columns.Start}, within a group of {groupSize} codes, which have no smaller ones than {NarrowestGroup}; "
            + "set Model:TensorParallel=1, or Model:Dtype to bfloat16 or int8.");
    }

    // Columns of their own lie one after the other in a file: of each the part behind these rows is copied.
    private static Weight Each(Weight whole, Slice rows, Func<Matrix, Matrix> cut) => whole switch
    {
        DenseWeight dense => new DenseWeight(cut(dense.Values)),
        QuantizedWeight codes => new QuantizedWeight(codes.Inputs, codes.Bits, codes.GroupSize, cut(codes.Codes), cut(codes.Scales), codes.Minima is null ? null : cut(codes.Minima)),
        OutlierWeight { Columns: MappedColumns mapped } split => new OutlierWeight((QuantizedWeight)Each(split.Codes, rows, cut), new MappedColumns(Dense(mapped.Values, rows)), split.Threshold),
        _ => throw Unknown(whole),
    };

    private static InvalidOperationException Unknown(Weight whole) => new($"A {whole.GetType().Name} cannot be cut.");

    private static Matrix Dense(Matrix whole, Slice columns)
    {
        Matrix cut = HostMemory.EmptyForReading(whole.Rows, columns.Count, whole.Dtype);
        int elementBytes = Matrix.ElementBytes(whole.Dtype);
        long wholeBytes = (long)whole.Columns * elementBytes, cutBytes = (long)columns.Count * elementBytes;
        ForEachRow(whole.Rows, columns, row =>
            NativeMemory.Copy((byte*)whole.Data + row * wholeBytes + (long)columns.Start * elementBytes, (byte*)cut.Data + row * cutBytes, (nuint)cutBytes));
        return cut;
    }

    private static QuantizedWeight Codes(QuantizedWeight whole, Slice columns, int groupSize)
    {
        QuantizedWeight cut = QuantizedWeight.Allocate(whole.Outputs, columns.Count, whole.Bits, groupSize, whole.Minima is not null);
        ForEachRow(whole.Outputs, columns, row =>
        {
            Span<byte> codes = new byte[whole.Inputs];
            CodeOrder.Unpack(Row(whole.Codes, row), whole.Bits, whole.GroupSize, codes);
            CodeOrder.Pack(codes.Slice(columns.Start, columns.Count), cut.Bits, cut.GroupSize, Row(cut.Codes, row));
            for (int group = 0; group < cut.GroupCount; group++)
            {
                long from = row * whole.GroupCount + (columns.Start + group * groupSize) / whole.GroupSize, to = row * cut.GroupCount + group;
                cut.Scales.Floats[to] = whole.Scales.Floats[from];
                if (cut.Minima is not null) cut.Minima.Floats[to] = whole.Minima!.Floats[from];
            }
        });
        return cut;
    }

    private static void ForEachRow(int rows, Slice columns, Action<long> copy) => ParallelFor.Each(rows, Math.Max(1, WeightsPerThread / columns.Count), copy);

    private static Span<byte> Row(Matrix codes, long row) => new((byte*)codes.Data + row * codes.Columns, codes.Columns);
}
