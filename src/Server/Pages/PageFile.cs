using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Llama.Server.Pages;

/// <summary>A file of the pages, embedded in the assembly.</summary>
/// <param name="Path">Relative to the chat page.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Tag">Changes with its content.</param>
internal sealed record PageFile(string Path, byte[] Content, string ContentType, EntityTagHeaderValue Tag)
{
    private const string Folder = "pages/"; // of the embedded names

    private static readonly Assembly Home = typeof(PageFile).Assembly;

    /// <summary>Every file, by path.</summary>
    public static IReadOnlyDictionary<string, PageFile> All { get; } =
        Home.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal)).Select(Read).ToDictionary(file => file.Path);

    private static PageFile Read(string name)
    {
        using Stream stream = Home.GetManifestResourceStream(name)!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        string path = name[Folder.Length..], hash = Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 8));
        return new PageFile(path, content, TypeOf(path), new EntityTagHeaderValue($"\"{hash}\""));
    }

    private static string TypeOf(string path) => System.IO.Path.GetExtension(path) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".png" => "image/png",
        ".ico" => "image/x-icon",
        ".txt" => "text/plain; charset=utf-8",
        ".webmanifest" => "application/manifest+json",
        var other => throw new InvalidOperationException($"The pages have a file of type {other}, whose media type is not known."),
    };
}
