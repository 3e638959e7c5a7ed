using Llama.Gateway.Forwarding;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Llama.Gateway.Tests;

/// <summary>What went wrong at the proxy, by what it lets a request do next.</summary>
public sealed class AttemptTests
{
    [Theory]
    [InlineData(HttpRequestError.ConnectionError)]
    [InlineData(HttpRequestError.NameResolutionError)]
    [InlineData(HttpRequestError.SecureConnectionError)]
    public void End_ReplicaHasSeenNothing_AnotherIsAskedHoweverOften(HttpRequestError error)
    {
        Attempt attempt = After(ForwarderError.Request, new HttpRequestException(error));

        Assert.Equal((Outcome.Unreached, true, false), (attempt.Outcome, attempt.IsOpen, attempt.IsSuspect));
    }

    [Theory]
    [InlineData(HttpRequestError.ResponseEnded)]
    [InlineData(HttpRequestError.HttpProtocolError)]
    [InlineData(HttpRequestError.Unknown)]
    public void End_ReplicaHadTheRequest_AnotherIsAskedUntilTheRequestIsSuspect(HttpRequestError error)
    {
        Attempt attempt = After(ForwarderError.Request, new HttpRequestException(error));

        Assert.Equal((Outcome.Failed, true, true), (attempt.Outcome, attempt.IsOpen, attempt.IsSuspect));
    }

    [Theory]
    [InlineData(ForwarderError.None, Outcome.Answered)]
    [InlineData(ForwarderError.ResponseBodyDestination, Outcome.Silent)]
    [InlineData(ForwarderError.RequestTimedOut, Outcome.Silent)]
    [InlineData(ForwarderError.RequestCanceled, Outcome.Left)]
    [InlineData(ForwarderError.RequestBodyCanceled, Outcome.Left)]
    [InlineData(ForwarderError.RequestBodyClient, Outcome.Left)]
    [InlineData(ForwarderError.ResponseHeaders, Outcome.Left)]
    [InlineData(ForwarderError.ResponseBodyCanceled, Outcome.Left)]
    [InlineData(ForwarderError.ResponseBodyClient, Outcome.Left)]
    public void End_NothingMoreCanBeDone_NoOtherIsAsked(ForwarderError error, object outcome)
    {
        Attempt attempt = After(error, new OperationCanceledException());

        Assert.Equal(outcome, attempt.Outcome);
        Assert.Equal((false, false), (attempt.IsOpen, attempt.IsSuspect));
    }

    [Fact]
    public void End_NoConnectionCameAboutInTime_IsUnreached() =>
        Assert.Equal(Outcome.Unreached, After(ForwarderError.RequestTimedOut, new TaskCanceledException("", new TimeoutException())).Outcome);

    [Fact]
    public void End_AnswerBreaksOff_AnotherIsAskedUnlessTheCallerHasItsBeginning()
    {
        Attempt withheld = After(ForwarderError.ResponseBodyDestination, new IOException());
        Assert.Equal((Outcome.Failed, true), (withheld.Outcome, withheld.IsOpen));
        foreach (Exception exception in (Exception[])[new IOException(), new OperationCanceledException()])
        {
            Attempt begun = After(ForwarderError.ResponseBodyDestination, exception, new Begun());
            Assert.Equal((Outcome.Broke, false), (begun.Outcome, begun.IsOpen));
        }
    }

    private static Attempt After(ForwarderError error, Exception exception, IHttpResponseFeature? response = null)
    {
        var context = new DefaultHttpContext();
        if (response is not null)
            context.Features.Set(response);
        context.Features.Set<IForwarderErrorFeature>(new Fault(error, exception));
        var attempt = new Attempt(mostFailures: 1);
        attempt.Begin(isLast: false);
        attempt.End(context);
        Assert.Null(context.Features.Get<IForwarderErrorFeature>()); // the next replica starts afresh
        return attempt;
    }

    private sealed class Begun : HttpResponseFeature
    {
        public override bool HasStarted => true;
    }

    private sealed record Fault(ForwarderError Error, Exception? Exception) : IForwarderErrorFeature;
}
