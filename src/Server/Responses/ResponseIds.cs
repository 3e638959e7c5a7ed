namespace Llama.Server.Responses;

/// <summary>Names for what this route makes: OpenAI's prefixes, so that a reader sees what an id is of.</summary>
internal static class ResponseIds
{
    public static string OfResponse() => New("resp");

    public static string OfMessage() => New("msg");

    public static string OfCall() => New("fc");

    public static string OfOutput() => New("fco");

    private static string New(string prefix) => $"{prefix}_{Guid.NewGuid():N}";
}
