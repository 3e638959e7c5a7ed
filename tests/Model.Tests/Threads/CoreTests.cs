using Llama.Model.Threads;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Threads;

public sealed class CoreTests
{
    [SeveralCoresFact]
    public Task Leave_WhereThereAreSeveralCores_GoesToAnotherAndMayComeBack() =>
        Wait.Until(() => Enumerable.Range(0, 20).Count(_ => Leaves()) > 10); // more often than there are others, on two cores; the system may move a thread back at once

    private static bool Leaves()
    {
        int core = Core.Current;
        Core.Leave();
        return Core.Current != core;
    }
}
