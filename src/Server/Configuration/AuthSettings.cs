namespace Llama.Server.Configuration;

/// <summary>Section <c>Auth</c>: who may call.</summary>
internal sealed class AuthSettings
{
    /// <summary>Keys taken as <c>Authorization: Bearer …</c>; none, and no file of them, leaves the server open.</summary>
    [Secret]
    public KeyEntry[] ApiKeys { get; set; } = [];

    /// <summary>JSON file with more of them (<c>{"ApiKeys": […]}</c>), read again when it changes; empty for none.</summary>
    public string KeysFile { get; set; } = "";

    /// <summary>Key of the admin routes, or its hash; empty closes them.</summary>
    [Secret]
    public string AdminKey { get; set; } = "";

    /// <summary>Key of the metrics, or its hash; empty leaves them open to all.</summary>
    [Secret]
    public string MetricsKey { get; set; } = "";

    /// <summary>Whether callers need a key.</summary>
    public bool IsClosed => ApiKeys.Length > 0 || KeysFile.Length > 0;
}
