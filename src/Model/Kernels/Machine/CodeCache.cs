namespace Llama.Model.Kernels.Machine;

/// <summary>Generated code by what it was generated for. For one thread.</summary>
/// <typeparam name="TShape">All that is constant in the code.</typeparam>
internal sealed unsafe class CodeCache<TShape>(Func<TShape, byte[]> generate) where TShape : notnull
{
    private readonly Dictionary<TShape, nint> _code = [];

    /// <summary>Address of the code, generated when it is first asked for.</summary>
    /// <exception cref="InvalidOperationException">The system gave executable pages at start and refuses them now.</exception>
    public nint this[TShape shape]
    {
        get
        {
            if (_code.TryGetValue(shape, out nint code)) return code;
            code = (nint)CodeMemory.TryPlace(generate(shape));
            if (code == 0) throw new InvalidOperationException("The system has no more memory for generated code.");
            return _code[shape] = code;
        }
    }
}
