using Llama.Model.Threads;

namespace Llama.Model.Tests.Threads;

public sealed class ThreadBeginningTests
{
    [Fact]
    public void Begin_NoThreadIsGiven_NamesTheLimits()
    {
        InsufficientMemoryException fault = Assert.Throws<InsufficientMemoryException>(() => ThreadBeginning.Begin(() => throw new OutOfMemoryException()));

        Assert.Contains("Lower Model:Threads", fault.Message);
    }
}
