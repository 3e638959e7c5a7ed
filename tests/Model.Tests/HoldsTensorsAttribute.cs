using System.Reflection;
using Llama.Model.Torch;
using TorchSharp;
using Xunit.Sdk;

namespace Llama.Model.Tests;

/// <summary>
/// Holds every tensor that a test makes until it ends. TorchSharp hands libtorch an address and forgets the tensor: without, a collection that another test sets off frees temporaries (<c>a.eq(b).all()</c>) while
/// libtorch reads them. Not for asynchronous tests, which go from thread to thread.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class HoldsTensorsAttribute : BeforeAfterTestAttribute
{
    private DisposeScope? _scope;

    public override void Before(MethodInfo methodUnderTest)
    {
        TorchLibrary.Load();
        if (!typeof(Task).IsAssignableFrom(methodUnderTest.ReturnType)) _scope = torch.NewDisposeScope();
    }

    public override void After(MethodInfo methodUnderTest)
    {
        _scope?.Dispose();
        _scope = null;
    }
}
