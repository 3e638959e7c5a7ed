namespace Llama.Server.Web.Requests;

/// <summary>Section <c>Server:Cors</c>, and the gateway's <c>Gateway:Cors</c>: which web pages of other origins may call.</summary>
internal sealed class CorsSettings
{
    /// <summary>Origins such as <c>https://app.example.com</c>, or <c>*</c> for all; none lets no other page read an answer.</summary>
    public string[] Origins { get; set; } = [];

    /// <summary>Origins that no browser would send, in words.</summary>
    /// <param name="key">Of <see cref="Origins"/>.</param>
    public IEnumerable<string> Faults(string key) => Origins.Where(origin => !IsOrigin(origin)).Select(origin =>
        $"{key} has '{origin}'; give scheme, host and port alone, such as https://app.example.com, or * for all.");

    private static bool IsOrigin(string text) =>
        text == "*" || (Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" && text.Equals(uri.GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase));
}
