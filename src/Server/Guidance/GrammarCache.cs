using System.Collections.Concurrent;
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
    private readonly ConcurrentDictionary<string, Lazy<Task<TokenGrammar>>> _underWay = new(StringComparer.Ordinal);
    private readonly JsonWhitespace _whitespace = settings.Value.JsonWhitespace == "free" ? JsonWhitespace.Free : JsonWhitespace.Compact;

    /// <summary>The compiled grammar, or what is wrong with the request that asks for it. Requests that ask at the same time wait for the same compilation, which goes on when one of them leaves.</summary>
    public async ValueTask<(TokenGrammar? Grammar, ApiError? Error)> GetAsync(OutputGuidance guidance, Checkpoint checkpoint, CancellationToken cancellation)
    {
        string key = guidance.Key;
        if (_grammars.TryGetValue(key, out TokenGrammar? kept))
            return (kept, null);
        try
        {
            return (await _underWay.GetOrAdd(key, _ => new(() => Task.Run(() => Compile(key, guidance, checkpoint)))).Value.WaitAsync(cancellation), null);
        }
        catch (GrammarException fault)
        {
            return (null, Describe(guidance, fault));
        }
    }

    private TokenGrammar Compile(string key, OutputGuidance guidance, Checkpoint checkpoint)
    {
        try
        {
            if (_grammars.TryGetValue(key, out TokenGrammar? kept) && kept is not null) // one that was under way when this was asked for
                return kept;
            TokenGrammar grammar = TokenGrammar.Create(guidance.Compile(_whitespace), checkpoint.Tokenizer, checkpoint.Limits.VocabSize);
            return _grammars.Set(key, grammar, new MemoryCacheEntryOptions { Size = Math.Max(SmallestSize, key.Length) });
        }
        finally
        {
            _underWay.TryRemove(key, out _);
        }
    }

    public void Dispose() => _grammars.Dispose();

    private static ApiError Describe(OutputGuidance guidance, GrammarException fault)
    {
        string param = guidance.ParamOf(fault.Path);
        return ApiError.InvalidValue(param, $"Invalid value for '{param}': {fault.Message}");
    }
}
