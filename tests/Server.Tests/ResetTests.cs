using Llama.Server.Parsing;
using Llama.Server.Tests.Hosting;
using Llama.Server.Web.Errors;
using Llama.Server.Web.Requests;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Llama.Server.Tests;

/// <summary>Connections that are reset while a body is read. Over a socket the web server mostly notices first, so they are told of here by the stream that throws.</summary>
public sealed class ResetTests
{
    [Theory]
    [InlineData("read as JSON")]
    [InlineData("drained")]
    public async Task Body_ConnectionIsReset_IsAbortedAndNeitherAnsweredNorLogged(string how)
    {
        var largest = new LargestBody(1, "Server:MaxRequestBodyBytes");
        var log = new LogLines();
        RequestDelegate route = how == "drained"
            ? new BodyLimit(_ => Task.CompletedTask, largest).InvokeAsync
            : async context => await RequestBody.ReadAsync(context, new FieldTable<object>(), new object());
        (DefaultHttpContext context, Lifetime lifetime) = Reset();

        await new ThrownErrors(route, largest, new LoggerFactory([log]).CreateLogger<ThrownErrors>()).InvokeAsync(context);

        Assert.True(lifetime.IsAborted);
        Assert.Equal(StatusCodes.Status499ClientClosedRequest, context.Response.StatusCode);
        Assert.Null(context.Features.Get<ApiError>());
        Assert.Empty(log.Of(typeof(ThrownErrors).FullName!));
    }

    private static (DefaultHttpContext Context, Lifetime Lifetime) Reset()
    {
        var lifetime = new Lifetime();
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        context.Request.ContentType = "application/json";
        context.Request.ContentLength = 2;
        context.Request.Body = new ResetStream();
        return (context, lifetime);
    }

    /// <summary>Notes that it is aborted; the token comes later than anybody here looks.</summary>
    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }

    private sealed class ResetStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromException<int>(new ConnectionResetException("Connection reset by peer"));
    }
}
