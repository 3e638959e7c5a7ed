namespace Llama.Server.Configuration;

/// <summary>Section <c>Auth</c>: who may call.</summary>
internal sealed class AuthSettings
{
    /// <summary>Keys taken as <c>Authorization: Bearer …</c>; none leaves the server open.</summary>
    public string[] ApiKeys { get; set; } = [];
}
