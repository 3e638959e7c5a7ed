using Llama.Server.Parsing;
using Llama.Server.Swagger;
using Llama.Server.Tests.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Llama.Server.Tests;

/// <summary>The list of request fields: complete, and equal to what the parser does.</summary>
public sealed class FieldReferenceTests
{
    private static readonly string Data = Path.Combine(AppContext.BaseDirectory, "Data");

    public static TheoryData<string, string, string> PublishedFields()
    {
        var rows = new TheoryData<string, string, string>();
        foreach (string line in File.ReadLines(Path.Combine(Data, "openai-fields.txt")).Where(line => !line.StartsWith('#')))
        {
            string[] place = line[..line.IndexOf(':')].Split(' ');
            rows.Add(place[0], place.ElementAtOrDefault(1) ?? "", line[(line.IndexOf(':') + 2)..]);
        }
        return rows;
    }

    [Fact]
    public async Task File_Committed_EqualsTheTables()
    {
        (int? exitCode, string written, _) = await VerbsTests.RunAsync("fields");

        Assert.Equal(0, exitCode);
        // When this fails: dotnet run --project src/Server -- fields > docs/api-fields.md
        Assert.Equal(File.ReadAllText(Path.Combine(Data, "api-fields.md")), written.ReplaceLineEndings("\n"));
    }

    [Theory]
    [MemberData(nameof(PublishedFields))]
    public void Tables_OfRoutesThatOpenAIHas_KnowEveryFieldOfTheirs(string route, string path, string names)
    {
        RouteTable table = RouteTables.All.Single(table => table.Routes.Contains(route));

        IEnumerable<string> known = Find(table.Fields, path).Select(field => field.Name);

        Assert.Empty(names.Split(' ').Except(known));
    }

    [Fact]
    public async Task Tables_OfAllRoutesThatReadABody_AreListed()
    {
        await using var app = new TestApp();
        await app.StartAsync();

        var mapped = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<RequestFields>() is not null)
            .ToDictionary(endpoint => endpoint.RoutePattern.RawText!, endpoint => endpoint.Metadata.GetMetadata<RequestFields>()!.Fields);

        Assert.Equal(mapped.Keys.Order(), RouteTables.All.SelectMany(table => table.Routes).Order());
        foreach (RouteTable table in RouteTables.All)
            Assert.All(table.Routes, route => Assert.Same(table.Fields, mapped[route]));
    }

    private static IReadOnlyList<IField> Find(IReadOnlyList<IField> fields, string path)
    {
        foreach (string step in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            FieldShape shape = fields.Single(field => field.Name == step.Replace("[]", "", StringComparison.Ordinal)).Shape;
            fields = (step.EndsWith("[]", StringComparison.Ordinal) ? shape.Item! : shape).Fields!;
        }
        return fields;
    }
}
