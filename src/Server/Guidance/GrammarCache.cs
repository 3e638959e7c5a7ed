using System.Diagnostics.CodeAnalysis;
using Llama.Model.Guidance;
using Llama.Server.Configuration;
using Llama.Server.Hosting;
using Llama.Server.Web.Errors;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace Llama.Server.Guidance;

/// <summary>
/// Grammars compiled for the served model. Those used last are kept: an application sends the same few schemas again and again, and a kept grammar also keeps the
/// token masks it has worked out.
/// </summary>
internal sealed class GrammarCache(IOptions<ServerSettings> settings) : IDisposable
{
    // In characters of the request, with which the grammar grows. A small one counts as more, for the masks that it will gather: 64 of those fit.
    private const int MostCharacters = 64 * SmallestSize, SmallestSize = 1 << 15;

    private readonly MemoryCache _grammars = new(new MemoryCacheOptions { SizeLimit = MostCharacters });
    private readonly JsonWhitespace _whitespace = settings.Value.JsonWhitespace == "free" ? JsonWhitespace.Free : JsonWhitespace.Compact;

    /// <summary>The compiled grammar, or what is wrong with the request that asks for it.</summary>
    public bool TryGet(OutputGuidance guidance, Checkpoint checkpoint, [NotNullWhen(true)] out TokenGrammar? grammar, [NotNullWhen(false)] out ApiError? error)
    {
        error = null;
        if (_grammars.TryGetValue(guidance.Key, out grammar) && grammar is not null)
            return true;
        try
        {
            grammar = TokenGrammar.Create(guidance.Compile(_whitespace), checkpoint.Tokenizer, checkpoint.Limits.VocabSize);
            _grammars.Set(guidance.Key, grammar, new MemoryCacheEntryOptions { Size = Math.Max(SmallestSize, guidance.Key.Length) });
            return true;
        }
        catch (GrammarException fault)
        {
            (grammar, error) = (null, Describe(guidance, fault));
            return false;
        }
    }

    public void Dispose() => _grammars.Dispose();

    private static ApiError Describe(OutputGuidance guidance, GrammarException fault)
    {
        string param = guidance.ParamOf(fault.Path);
        return ApiError.InvalidValue(param, $"Invalid value for '{param}': {fault.Message}");
    }
}
