using Llama.Model.Backends;
using Llama.Model.Parallel;

namespace Llama.Model.Tests.Parallel;

/// <summary>How layers are laid over devices, against all the ways that there are.</summary>
public sealed class LayerPlanTests
{
    private const int CaseCount = 500;

    [Fact]
    public void Place_AnySizesAndRooms_IsAsGoodAsTheBestOfAllLaysOrRefusesWhenThereIsNone()
    {
        Random random = new(1);
        int refused = 0;
        for (int i = 0; i < CaseCount; i++)
        {
            LayerSize[] layers = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => new LayerSize(random.Next(50, 200), random.Next(20), random.Next(10, 200)))];
            DeviceRoom[] rooms = [.. Enumerable.Range(0, random.Next(1, Math.Min(5, layers.Length + 1))).Select(device => new DeviceRoom($"cpu:{device}", random.Next(100, 900), random.Next(2) == 0 ? 0.5 : 0.9, Streams: i % 3 == 0 && random.Next(2) == 0))];
            long? best = Lays(0, layers, rooms).Select(starts => WorstOf(starts, layers, rooms)).Min(worst => (long?)worst);
            if (best is null) refused++;
            if (best is null) Assert.Throws<InsufficientMemoryException>(() => LayerPlan.Place(layers, rooms));
            else CheckLay(LayerPlan.Place(layers, rooms), layers, rooms, best.Value);
        }
        Assert.InRange(refused, CaseCount / 20, CaseCount / 2);
    }

    [Fact]
    public void Place_MoreDevicesThanLayers_NamesThoseThatWouldHoldNone()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => LayerPlan.Place([new(1, 1, 1), new(1, 1, 1)], [.. Enumerable.Range(0, 4).Select(i => new DeviceRoom($"cuda:{i}", 100, 0.9))]));
        Assert.Contains("Model:Device names 4 devices, and the model has 2 layers: cuda:2, cuda:3 would hold none. Name 2 at most.", error.Message);
    }

    [Fact]
    public void Of_DevicesThatShareLayers_IsAsMuchAsTheSmallestLetsThemHold()
    {
        Assert.Equal(new DeviceRoom("cpu:0+cuda:0+cuda:1", 600, 0.5), DeviceRoom.Of([new("cpu:0", 300, 0.5), new("cuda:0", 200, 0.9), new("cuda:1", 250, 0.9)]));
        Assert.Equal(long.MaxValue, DeviceRoom.Of([new("cpu:0", long.MaxValue, 0.5), new("cpu:1", long.MaxValue, 0.5)]).FreeBytes); // under a limit
    }

    [Fact]
    public void Place_TooLittleMemory_SaysWhatIsNeededAndWhatEachHas()
    {
        LayerSize layer = new(600L << 20, 10L << 20, 600L << 20);
        InsufficientMemoryException error = Assert.Throws<InsufficientMemoryException>(() => LayerPlan.Place([layer, layer, layer], [new("cuda:0", 1000L << 20, 0.9), new("cpu:0", 700L << 20, 0.5)]));
        Assert.Contains("The weights need 1,800 MiB and the least KV cache 30 MiB, and the devices have free: cuda:0 1,000 MiB, cpu:0 700 MiB.", error.Message);
        Assert.Contains("Model:Dtype=int8", error.Message);
    }

    /// <summary>Else a split could be found whose devices then have no room for the cache that the setting leaves them.</summary>
    [Theory]
    [InlineData(null, null, 0.5)]
    [InlineData(0.25, null, 0.25)]
    [InlineData(0.25, 100, 0.5)] // a number of blocks that is set is no share
    public void Room_OfADevice_KeepsTheShareOfTheCacheThatIsSet(double? utilization, int? blockCount, double share)
    {
        ModelOptions options = new() { Path = "", Device = "cpu:0,cpu:1", MemoryUtilization = utilization, BlockCount = blockCount };
        Assert.All(BackendChoice.AllOf(options), choice => Assert.Equal(new DeviceRoom(choice.Device.Name, 1000, share), choice.Room(1000, options)));
    }

    [Fact]
    public void Place_LimitsDiffer_LaysByRoomWhatCannotStayEverywhere()
    {
        LayerSize[] layers = [.. Enumerable.Repeat(new LayerSize(100, 1, 100), 12)];
        ModelPart[] parts = LayerPlan.Place(layers, [new("cpu:0", 200, 0.5, Streams: true), new("cpu:1", 600, 0.5, Streams: true)]);
        Assert.Equal([4, 8], parts.Select(part => part.LayerCount)); // two of each stream
    }

    private static void CheckLay(ModelPart[] parts, LayerSize[] layers, DeviceRoom[] rooms, long best)
    {
        Assert.Equal(rooms.Length, parts.Length);
        Assert.Equal(Enumerable.Range(0, layers.Length), parts.SelectMany(part => Enumerable.Range(part.FirstLayer, part.LayerCount)));
        int[] starts = [.. parts.Select(part => part.FirstLayer), layers.Length];
        for (int device = 0; device < rooms.Length; device++) Assert.True(Fits(layers[starts[device]..starts[device + 1]], rooms[device]));
        Assert.Equal(best, WorstOf(starts, layers, rooms));
    }

    /// <summary>All lays that fit, each as the first layer of every device and the end.</summary>
    private static IEnumerable<int[]> Lays(int first, LayerSize[] layers, DeviceRoom[] rooms)
    {
        if (rooms.Length == 1) return Fits(layers[first..], rooms[0]) ? [[first, layers.Length]] : [];
        return Enumerable.Range(first + 1, Math.Max(0, layers.Length - first - 1)).Where(end => Fits(layers[first..end], rooms[0])).SelectMany(end => Lays(end, layers, rooms[1..]).Select(rest => (int[])[first, .. rest]));
    }

    private static bool Fits(LayerSize[] layers, DeviceRoom room) =>
        room.Streams || layers.Sum(layer => layer.WeightBytes) + layers.Sum(layer => layer.CacheBytes) / room.CacheShare <= room.FreeBytes;

    private static long WorstOf(int[] starts, LayerSize[] layers, DeviceRoom[] rooms) =>
        starts.Zip(starts.Skip(1)).Select((lay, device) => CostOf(layers[lay.First..lay.Second], rooms[device])).Max();

    // What streams is read as well, and costs more.
    private static long CostOf(LayerSize[] layers, DeviceRoom room)
    {
        long reads = layers.Sum(layer => layer.ReadBytes), missing = layers.Sum(layer => layer.WeightBytes + layer.CacheBytes) - room.FreeBytes;
        return room.Streams && missing > 0 ? reads + 8 * (missing + 1) : reads;
    }
}
