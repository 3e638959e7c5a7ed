using Llama.Model.Guidance;
using Llama.Server.Configuration;
using Llama.Server.Guidance;
using Llama.Server.Hosting;
using Llama.Server.Tests.Hosting;
using Llama.Server.Web.Errors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Llama.Server.Tests.Guidance;

/// <summary>However many ask for the same grammar at the same time, it is compiled once.</summary>
public sealed class GrammarCacheTests : IAsyncDisposable
{
    private readonly TestApp _app = new();
    private readonly GrammarCache _cache = new(Options.Create(new ServerSettings()));
    private readonly Compilation _compilation = new();

    [Fact]
    public async Task Get_SeveralAtOnce_CompilesOnceForAll()
    {
        Task<(TokenGrammar? Grammar, ApiError? Error)>[] asked = [await AskAsync("guided_regex"), await AskAsync("guided_regex"), await AskAsync("structured_outputs.regex")];
        Assert.All(asked, one => Assert.False(one.IsCompleted));

        _compilation.Go.Set();
        (TokenGrammar? Grammar, ApiError? Error)[] given = await Task.WhenAll(asked);
        (TokenGrammar? later, _) = await await AskAsync("guided_regex");

        Assert.NotNull(later);
        Assert.All(given, one => Assert.Same(later, one.Grammar));
        Assert.Equal(1, _compilation.Count);
    }

    [Fact]
    public async Task Get_FirstOfTwoLeaves_TheOtherIsGivenIt()
    {
        using var leaving = new CancellationTokenSource();
        Task<(TokenGrammar? Grammar, ApiError? Error)> first = await AskAsync("guided_regex", leaving.Token), second = await AskAsync("guided_regex");

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _compilation.Go.Set();

        Assert.NotNull((await second).Grammar);
        Assert.Equal(1, _compilation.Count);
    }

    [Fact]
    public async Task Get_CannotBeCompiled_EachIsToldUnderItsOwnFieldAndTheNextTriesAgain()
    {
        _compilation.Fault = new GrammarException("not", "cannot be");
        Task<(TokenGrammar? Grammar, ApiError? Error)> first = await AskAsync("guided_regex"), second = await AskAsync("structured_outputs.regex");

        _compilation.Go.Set();

        Assert.Equal("guided_regex.not", (await first).Error!.Param);
        Assert.Equal("structured_outputs.regex.not", (await second).Error!.Param);
        Assert.Equal(1, _compilation.Count);
        _compilation.Fault = null;
        Assert.NotNull((await await AskAsync("guided_regex")).Grammar);
    }

    public async ValueTask DisposeAsync()
    {
        _compilation.Go.Set();
        _cache.Dispose();
        await _app.DisposeAsync();
    }

    /// <summary>Asks; what comes of it is in the inner task.</summary>
    private async Task<Task<(TokenGrammar? Grammar, ApiError? Error)>> AskAsync(string param, CancellationToken cancellation = default)
    {
        await _app.StartAsync();
        Checkpoint checkpoint = _app.Services.GetRequiredService<EngineHost>().Checkpoint!;
        return _cache.GetAsync(new Awaited(param, _compilation), checkpoint, cancellation).AsTask();
    }

    private sealed class Compilation
    {
        private int _count;

        public ManualResetEventSlim Go { get; } = new();

        public GrammarException? Fault { get; set; }

        public int Count => _count;

        public Grammar Run()
        {
            Interlocked.Increment(ref _count);
            Go.Wait();
            return Fault is null ? Grammar.Regex("a+") : throw Fault;
        }
    }

    private sealed record Awaited(string Param, Compilation Compilation) : OutputGuidance(Param)
    {
        public override string Key => "awaited";

        public override Grammar Compile(JsonWhitespace whitespace) => Compilation.Run();
    }
}
