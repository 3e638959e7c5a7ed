using System.Text.RegularExpressions;
using Llama.Tests.Shared;

namespace Llama.Gateway.Tests.Deployment;

public sealed partial class DockerfileTests
{
    private static readonly string Dockerfile = Repository.Read("Dockerfile");

    [Fact]
    public void Copies_AreOfThingsThatAreThereAndNotIgnored()
    {
        string[] kept = [.. Repository.Read(".dockerignore").Split('\n').Where(line => line.StartsWith('!')).Select(line => line[1..])];
        string[] sources = [.. Copy.Matches(Dockerfile).SelectMany(copy => copy.Groups["sources"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

        Assert.NotEmpty(sources);
        Assert.All(sources, source => Assert.True(Path.Exists(Repository.Find(source)), source));
        Assert.All(sources, source => Assert.Contains(kept, pattern => Matches(source, pattern)));
    }

    [Fact]
    public void SourcesOfThePrograms_AreAllCopied()
    {
        // What a project file takes from outside its own folder must be in the image that builds it.
        string[] copied = [.. Copy.Matches(Dockerfile).SelectMany(copy => copy.Groups["sources"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        string[] projects = ["src/Server", "src/Scheduler", "src/Model", "deploy/Gateway"];
        IEnumerable<string> outside =
            from project in projects
            from Match include in Include.Matches(Repository.Read($"{project}/{Path.GetFileName(project)}.csproj"))
            select Path.GetRelativePath(Repository.Find("."), Path.GetFullPath(Path.Combine(Repository.Find(project), include.Groups["path"].Value))).Replace('\\', '/');

        Assert.All(outside, path => Assert.Contains(copied, source => path == source || path.StartsWith($"{source}/", StringComparison.Ordinal)));
    }

    [Fact]
    public void Images_RunAsNobodyInParticularAndTellTheirHealthThemselves()
    {
        foreach (string stage in (string[])["gateway", "server"])
        {
            string text = Dockerfile[Dockerfile.IndexOf($" AS {stage}\n", StringComparison.Ordinal)..];
            string program = stage == "server" ? "Llama.Server" : "Llama.Gateway";

            Assert.Contains("\nUSER 1654:1654\n", text);
            Assert.Contains($"CMD [\"/app/{program}\", \"health\"]", text);
            Assert.Contains($"ENTRYPOINT [\"/app/{program}\"]", text);
            Assert.Contains("ASPNETCORE_URLS=http://0.0.0.0:8080", text);
        }
    }

    private static bool Matches(string path, string pattern) =>
        pattern == path || path.StartsWith($"{pattern}/", StringComparison.Ordinal) || (pattern.EndsWith(".*", StringComparison.Ordinal) && path.StartsWith(pattern[..^1], StringComparison.Ordinal));

    [GeneratedRegex("^COPY (?!--from)(?<sources>.+) [^ ]+$", RegexOptions.Multiline)]
    private static partial Regex Copy { get; }

    [GeneratedRegex("(Include|SourceFiles)=\"(?<path>\\.\\./[^\"*]*?)/?(\\*\\*)?\"")]
    private static partial Regex Include { get; }
}
