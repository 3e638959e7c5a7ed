using Yarp.ReverseProxy.Forwarder;

namespace Llama.Gateway.Forwarding;

/// <summary>A request's way through the replicas, one at a time.</summary>
/// <param name="mostFailures">Replicas that may break off over it before no other is asked.</param>
internal sealed class Attempt(int mostFailures)
{
    private int _failureCount;
    private bool _isSettled;

    /// <summary>Replicas that were asked.</summary>
    public int Count { get; private set; }

    /// <summary>How it went with the last of them.</summary>
    public Outcome Outcome { get; private set; }

    /// <summary>Whether none is left to ask, so that the caller gets what this one says.</summary>
    public bool IsLast { get; private set; }

    /// <summary>Whether one that was asked could not answer: it may have the stored response that the request names.</summary>
    public bool SawTrouble { get; private set; }

    /// <summary>Whether another replica may answer instead: the caller has nothing of this one's answer.</summary>
    public bool IsOpen => Outcome is Outcome.Unavailable or Outcome.Overloaded or Outcome.NotKept or Outcome.Unreached or Outcome.Failed;

    /// <summary>Whether so many broke off that the request may be the reason.</summary>
    public bool IsSuspect => _failureCount >= mostFailures;

    public void Begin(bool isLast)
    {
        Count++;
        (Outcome, IsLast, _isSettled) = (Outcome.Answered, isLast, false);
    }

    /// <summary>Keeps the replica's answer from the caller.</summary>
    public void Withhold(Outcome why) => (Outcome, _isSettled) = (why, true);

    /// <summary>Notes that a stream whose beginning the caller has does not go on.</summary>
    public void Break() => (Outcome, _isSettled) = (Outcome.Broke, true);

    /// <summary>Settles how it went.</summary>
    public void End(HttpContext context)
    {
        if (!_isSettled && context.Features.Get<IForwarderErrorFeature>() is { } error)
            Outcome = Of(error, context.Response.HasStarted);
        SawTrouble |= Outcome is Outcome.Unavailable or Outcome.Overloaded or Outcome.Unreached or Outcome.Failed;
        _failureCount += Outcome is Outcome.Failed ? 1 : 0;
        context.Features.Set<IForwarderErrorFeature>(null);
    }

    private static Outcome Of(IForwarderErrorFeature error, bool hasStarted) => error.Error switch
    {
        ForwarderError.None => Outcome.Answered,
        ForwarderError.ResponseBodyDestination when hasStarted => Outcome.Broke,
        ForwarderError.ResponseBodyDestination when error.Exception is OperationCanceledException => Outcome.Silent, // behind the head of its answer, of which the caller has nothing yet
        ForwarderError.RequestTimedOut when error.Exception is { InnerException: TimeoutException } => Outcome.Unreached, // no connection came about: its machine is gone
        ForwarderError.RequestTimedOut => Outcome.Silent,
        ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled or ForwarderError.RequestBodyClient or ForwarderError.ResponseBodyCanceled
            or ForwarderError.ResponseBodyClient => Outcome.Left,
        ForwarderError.ResponseHeaders when error.Exception is OperationCanceledException => Outcome.Left, // while ReplicaAnswer read why it refuses
        _ when error.Exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } =>
            Outcome.Unreached,
        _ => Outcome.Failed,
    };
}
