using Llama.Model.Threads;

namespace Llama.Model.Tests.Threads;

public sealed class CoreTests
{
    [SeveralCoresFact]
    public void Leave_WhereThereAreSeveralCores_GoesToAnotherAndMayComeBack()
    {
        int moved = 0;
        for (int i = 0; i < 20; i++) // more often than there are others, on two cores
        {
            int core = Core.Current;
            Core.Leave();
            if (Core.Current != core) moved++;
        }
        Assert.True(moved > 10, $"{moved} of 20"); // the system moves threads too
    }
}
