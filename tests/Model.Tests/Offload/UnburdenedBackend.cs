using Llama.Model.Backends;

namespace Llama.Model.Tests.Offload;

/// <summary>A backend on whose device nothing is taken yet, so that a limit means the same whatever the process of the tests has grown to.</summary>
internal sealed class UnburdenedBackend(IBackend backend) : BackendUnder(backend)
{
    public static BackendChoice On(BackendChoice choice) => choice with { Create = (dtype, deterministic) => new UnburdenedBackend(choice.Create(dtype, deterministic)), Process = null };

    public override long BaseBytes(LlamaConfig config, StepSize size, bool isAhead) => 0;
}
