namespace Llama.Server.Configuration;

/// <summary>Section <c>Server:Cors</c>: which web pages of other origins may call.</summary>
internal sealed class CorsSettings
{
    /// <summary>Origins such as <c>https://app.example.com</c>, or <c>*</c> for all; none lets no other page read an answer.</summary>
    public string[] Origins { get; set; } = [];
}
