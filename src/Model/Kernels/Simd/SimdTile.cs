namespace Llama.Model.Kernels.Simd;

/// <summary>
/// Small matrix products whose operands lie in the cache: c[r, n] = Σ a[r, k] · b[k, n], rows of b and c in whole registers. Each element is one chain of
/// fused multiply-adds in the order of k, whatever tile it falls into: it depends on nothing but its own row and column.
/// </summary>
internal static unsafe class SimdTile<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private const int TileRows = 4, TileRegisters = 4;

    /// <summary>Multiplies.</summary>
    /// <param name="a">[rows, depth], <paramref name="aStride"/> apart</param>
    /// <param name="b">[depth, registers · lanes], <paramref name="bStride"/> apart</param>
    /// <param name="c">[rows, registers · lanes], <paramref name="cStride"/> apart</param>
    public static void Multiply(float* a, int aStride, float* b, int bStride, float* c, int cStride, int rows, int depth, int registers)
    {
        // Columns outside, rows inside: the four registers' worth of b is read once into the first-level cache and used by all rows.
        int register = 0;
        for (; register + TileRegisters <= registers; register += TileRegisters, b += TileRegisters * TLanes.Count, c += TileRegisters * TLanes.Count)
        {
            int row = 0;
            for (; row + TileRows <= rows; row += TileRows) Tile4x4(a + row * aStride, aStride, b, bStride, c + row * cStride, cStride, depth);
            for (; row < rows; row++) Tile1x4(a + row * aStride, b, bStride, c + row * cStride, depth);
        }
        for (; register < registers; register++, b += TLanes.Count, c += TLanes.Count)
        {
            int row = 0;
            for (; row + TileRows <= rows; row += TileRows) Tile4x1(a + row * aStride, aStride, b, bStride, c + row * cStride, cStride, depth);
            for (; row < rows; row++) Tile1x1(a + row * aStride, b, bStride, c + row * cStride, depth);
        }
    }

    private static void Tile4x4(float* a, int aStride, float* b, int bStride, float* c, int cStride, int depth)
    {
        int n = TLanes.Count;
        float* a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride;
        TLanes c00 = TLanes.Zero, c01 = TLanes.Zero, c02 = TLanes.Zero, c03 = TLanes.Zero;
        TLanes c10 = TLanes.Zero, c11 = TLanes.Zero, c12 = TLanes.Zero, c13 = TLanes.Zero;
        TLanes c20 = TLanes.Zero, c21 = TLanes.Zero, c22 = TLanes.Zero, c23 = TLanes.Zero;
        TLanes c30 = TLanes.Zero, c31 = TLanes.Zero, c32 = TLanes.Zero, c33 = TLanes.Zero;
        for (int k = 0; k < depth; k++, b += bStride)
        {
            TLanes b0 = TLanes.Load(b), b1 = TLanes.Load(b + n), b2 = TLanes.Load(b + 2 * n), b3 = TLanes.Load(b + 3 * n);
            TLanes x = TLanes.All(a[k]);
            c00 = TLanes.MultiplyAdd(x, b0, c00); c01 = TLanes.MultiplyAdd(x, b1, c01); c02 = TLanes.MultiplyAdd(x, b2, c02); c03 = TLanes.MultiplyAdd(x, b3, c03);
            x = TLanes.All(a1[k]);
            c10 = TLanes.MultiplyAdd(x, b0, c10); c11 = TLanes.MultiplyAdd(x, b1, c11); c12 = TLanes.MultiplyAdd(x, b2, c12); c13 = TLanes.MultiplyAdd(x, b3, c13);
            x = TLanes.All(a2[k]);
            c20 = TLanes.MultiplyAdd(x, b0, c20); c21 = TLanes.MultiplyAdd(x, b1, c21); c22 = TLanes.MultiplyAdd(x, b2, c22); c23 = TLanes.MultiplyAdd(x, b3, c23);
            x = TLanes.All(a3[k]);
            c30 = TLanes.MultiplyAdd(x, b0, c30); c31 = TLanes.MultiplyAdd(x, b1, c31); c32 = TLanes.MultiplyAdd(x, b2, c32); c33 = TLanes.MultiplyAdd(x, b3, c33);
        }
        Store(c, c00, c01, c02, c03);
        Store(c + cStride, c10, c11, c12, c13);
        Store(c + 2 * cStride, c20, c21, c22, c23);
        Store(c + 3 * cStride, c30, c31, c32, c33);
    }

    private static void Tile1x4(float* a, float* b, int bStride, float* c, int depth)
    {
        int n = TLanes.Count;
        TLanes c0 = TLanes.Zero, c1 = TLanes.Zero, c2 = TLanes.Zero, c3 = TLanes.Zero;
        for (int k = 0; k < depth; k++, b += bStride)
        {
            TLanes x = TLanes.All(a[k]);
            c0 = TLanes.MultiplyAdd(x, TLanes.Load(b), c0);
            c1 = TLanes.MultiplyAdd(x, TLanes.Load(b + n), c1);
            c2 = TLanes.MultiplyAdd(x, TLanes.Load(b + 2 * n), c2);
            c3 = TLanes.MultiplyAdd(x, TLanes.Load(b + 3 * n), c3);
        }
        Store(c, c0, c1, c2, c3);
    }

    private static void Tile4x1(float* a, int aStride, float* b, int bStride, float* c, int cStride, int depth)
    {
        float* a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride;
        TLanes c0 = TLanes.Zero, c1 = TLanes.Zero, c2 = TLanes.Zero, c3 = TLanes.Zero;
        for (int k = 0; k < depth; k++, b += bStride)
        {
            TLanes x = TLanes.Load(b);
            c0 = TLanes.MultiplyAdd(TLanes.All(a[k]), x, c0);
            c1 = TLanes.MultiplyAdd(TLanes.All(a1[k]), x, c1);
            c2 = TLanes.MultiplyAdd(TLanes.All(a2[k]), x, c2);
            c3 = TLanes.MultiplyAdd(TLanes.All(a3[k]), x, c3);
        }
        TLanes.Store(c0, c);
        TLanes.Store(c1, c + cStride);
        TLanes.Store(c2, c + 2 * cStride);
        TLanes.Store(c3, c + 3 * cStride);
    }

    private static void Tile1x1(float* a, float* b, int bStride, float* c, int depth)
    {
        TLanes sum = TLanes.Zero;
        for (int k = 0; k < depth; k++, b += bStride) sum = TLanes.MultiplyAdd(TLanes.All(a[k]), TLanes.Load(b), sum);
        TLanes.Store(sum, c);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveInlining)]
    private static void Store(float* target, TLanes a, TLanes b, TLanes c, TLanes d)
    {
        TLanes.Store(a, target);
        TLanes.Store(b, target + TLanes.Count);
        TLanes.Store(c, target + 2 * TLanes.Count);
        TLanes.Store(d, target + 3 * TLanes.Count);
    }
}
