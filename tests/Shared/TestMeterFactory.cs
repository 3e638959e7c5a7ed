using System.Diagnostics.Metrics;

namespace Llama.Tests.Shared;

/// <summary>Meters that only this factory's listeners hear.</summary>
public sealed class TestMeterFactory : IMeterFactory
{
    /// <inheritdoc />
    public Meter Create(MeterOptions options) => new(new MeterOptions(options.Name) { Scope = this });

    /// <inheritdoc />
    public void Dispose()
    {
    }
}
