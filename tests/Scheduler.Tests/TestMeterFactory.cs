using System.Diagnostics.Metrics;

namespace Llama.Scheduling.Tests;

/// <summary>Meters that only this factory's listeners hear.</summary>
internal sealed class TestMeterFactory : IMeterFactory
{
    public Meter Create(MeterOptions options) => new(new MeterOptions(options.Name) { Scope = this });

    public void Dispose()
    {
    }
}
