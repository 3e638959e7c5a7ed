using Microsoft.AspNetCore.Connections;

namespace Llama.Server.Web.Requests;

/// <summary>Callers who leave while their body comes.</summary>
internal static class LostCaller
{
    // RequestRejectionReason.UnexpectedEndOfRequestContent, which the web server keeps to itself, in its words; SocketTests holds the two together.
    private const string EndOfContent = "Unexpected end of request content.";

    /// <summary>Whether a read failed of that: a reset, or an end before the body's, which the web server calls a bad request and answers by closing the connection.</summary>
    public static bool IsCauseOf(Exception? fault) => fault is ConnectionResetException or BadHttpRequestException { Message: EndOfContent };
}
