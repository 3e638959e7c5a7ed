using System.Diagnostics.Metrics;

namespace Llama.Gateway.Tests.Hosting;

/// <summary>Meters that belong to one test.</summary>
internal sealed class Meters : IMeterFactory
{
    public Meter Create(MeterOptions options) => new(new MeterOptions(options.Name) { Scope = this });

    public void Dispose()
    {
    }
}
