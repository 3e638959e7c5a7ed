namespace Llama.Model.Tests.Threads;

/// <summary>A test of what there is where a process has several cores.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SeveralCoresFactAttribute : FactAttribute
{
    public SeveralCoresFactAttribute() => Skip = Environment.ProcessorCount > 1 ? null : "It takes two cores.";
}
