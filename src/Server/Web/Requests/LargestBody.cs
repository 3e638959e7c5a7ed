namespace Llama.Server.Web.Requests;

/// <summary>The largest body of a request.</summary>
/// <param name="Bytes">How large.</param>
/// <param name="Setting">The setting that says so, for the error.</param>
internal sealed record LargestBody(long Bytes, string Setting);
