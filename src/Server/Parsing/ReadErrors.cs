using Llama.Server.Web.Errors;

namespace Llama.Server.Parsing;

/// <summary>Collects the first error of a reading; later ones are consequences or can wait.</summary>
internal sealed class ReadErrors
{
    public ApiError? First { get; private set; }

    public void Add(ApiError error) => First ??= error;
}
