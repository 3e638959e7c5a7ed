using System.Text;

namespace Llama.Gateway.Tests.Hosting;

/// <summary>A request as a replica got it.</summary>
internal sealed record SeenRequest(string Method, string Path, byte[] Body, IReadOnlyDictionary<string, string> Headers)
{
    public string Text => Encoding.UTF8.GetString(Body);
}
