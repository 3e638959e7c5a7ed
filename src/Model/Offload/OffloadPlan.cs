using static Llama.Model.Offload.MemorySize;

namespace Llama.Model.Offload;

/// <summary>Which weights stay in the memory that a device may take, and which stream through two buffers in it.</summary>
/// <param name="IsResident">By unit, in the order of a step: those of the layers, then the head where there is one.</param>
/// <param name="BufferBytes">Of each buffer; 0 if nothing streams.</param>
/// <param name="KvBytes">Most that the cache may take.</param>
/// <param name="StreamedBytes">Of the weights that stream.</param>
internal sealed record OffloadPlan(bool[] IsResident, long BufferBytes, long KvBytes, long StreamedBytes)
{
    /// <summary>Buffers: while the weights in one are used, the next are read into the other. Where reading takes longer than computing it never pauses then, and more would not help.</summary>
    public const int Buffers = 2;

    // Weights that stream are read once for all sequences of a step: cache for more of them is worth more than a few resident layers.
    private const double KvShare = 0.25;

    /// <summary>Whether anything streams.</summary>
    public bool Streams => BufferBytes > 0;

    /// <summary>Lays a model's weights out.</summary>
    /// <param name="limit">Bytes that the device may use.</param>
    /// <param name="demand">What is needed.</param>
    /// <param name="kvShare">Share of what buffers leave that the cache gets when weights stream; null for the default.</param>
    /// <exception cref="InsufficientMemoryException">Not even the least fits; with the numbers and the smallest limit that would do.</exception>
    public static OffloadPlan Make(long limit, MemoryDemand demand, double? kvShare)
    {
        long room = limit - demand.Fixed, free = room - demand.UnitBytes - demand.Table;
        if (free >= demand.LeastKv) return new OffloadPlan([.. demand.Layers.Append(demand.Head).Select(_ => true)], 0, free, 0);
        OffloadPlan? withHead = Place(room, demand, kvShare ?? KvShare, keepsHead: true), withoutHead = Place(room, demand, kvShare ?? KvShare, keepsHead: false);
        if (withHead is null || withoutHead is null) return withHead ?? withoutHead ?? throw TooSmall(limit, demand);
        return withHead.StreamedBytes <= withoutHead.StreamedBytes ? withHead : withoutHead;
    }

    /// <summary>The smallest limit under which everything stays, for messages.</summary>
    public static string LeastForAll(MemoryDemand demand) => Setting(demand.Fixed + demand.UnitBytes + demand.Table + demand.LeastKv);

    private static OffloadPlan? Place(long room, MemoryDemand demand, double kvShare, bool keepsHead)
    {
        long[] units = [.. keepsHead ? demand.Layers : demand.Layers.Append(demand.Head)];
        long buffer = units.Max(), left = room - Overhead(demand, keepsHead);
        if (left < demand.LeastKv) return null;
        long kv = Math.Clamp((long)(left * kvShare), demand.LeastKv, Math.Max(demand.LeastKv, demand.MostKv));
        List<bool> isResident = Spread(units, left - kv, out long resident);
        if (keepsHead) isResident.Add(true);
        return new OffloadPlan([.. isResident], buffer, left - resident, units.Sum() - resident);
    }

    private static long Overhead(MemoryDemand demand, bool keepsHead) => keepsHead
        ? Buffers * demand.Layers.Max() + demand.Head + demand.LookedUpTable
        : Buffers * Math.Max(demand.Layers.Max(), demand.Head) + demand.LookedUpTable;

    // Evenly: while a resident unit is computed, reading gets ahead, and it has no room to do so but the two buffers. What is left then holds smaller units, wherever they are.
    private static List<bool> Spread(long[] units, long bytes, out long resident)
    {
        double share = Math.Min(1, (double)bytes / units.Sum()), due = 0;
        List<bool> isResident = [];
        resident = 0;
        foreach (long unit in units)
        {
            due += share * unit;
            bool stays = resident + unit <= Math.Min(due + 1, bytes); // the sum of many shares may be a byte off
            isResident.Add(stays);
            if (stays) resident += unit;
        }
        for (int unit = 0; unit < units.Length; unit++)
        {
            if (isResident[unit] || resident + units[unit] > bytes) continue;
            isResident[unit] = true;
            resident += units[unit];
        }
        return isResident;
    }

    private static InsufficientMemoryException TooSmall(long limit, MemoryDemand demand)
    {
        long all = demand.UnitBytes + demand.Table, streamed = Math.Min(Overhead(demand, keepsHead: true), Overhead(demand, keepsHead: false));
        string weights = all <= streamed ? $"the weights {Mebibytes(all)}, which are too few to stream," : $"{Buffers} buffers for weights {Mebibytes(streamed)}";
        return new InsufficientMemoryException($"Model:MemoryLimit={Mebibytes(limit)} is too small even if all weights stream: the process takes {Mebibytes(demand.Base)} beside the model, a step's intermediate "
            + $"results {Mebibytes(demand.Step + demand.Norms)}, {weights} and the least KV cache {Mebibytes(demand.LeastKv)}. The smallest that works is "
            + $"{Setting(demand.Fixed + Math.Min(all, streamed) + demand.LeastKv)}; a smaller Model:ContextLength, Model:BlockCount, Scheduler:MaxBatchTokens or Scheduler:MaxSequences lowers it.");
    }

    // What a process takes by itself varies a little.
    private static string Setting(long bytes)
    {
        const long step = 8 << 20;
        return $"{(bytes + 2 * step - 1) / step * step >> 20}MiB";
    }
}
