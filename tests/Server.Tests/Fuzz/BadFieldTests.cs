using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Llama.Server.Parsing;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests.Fuzz;

/// <summary>Walks every field of every route, nested ones too, and gives each what it does not take: the refusal names that field and no other.</summary>
public sealed class BadFieldTests
{
    private static readonly FieldShape Refused = new("nothing");

    [Fact]
    public async Task EveryField_WithAValueItDoesNotTake_IsNamed()
    {
        await using var app = new TestApp { Reply = "A giraffe is tall." };
        HttpClient client = await app.StartAsync();
        int count = 0;
        foreach (FuzzedRoute route in FuzzedRoute.AllOf(app))
        {
            foreach ((string path, string name, string value) in route.Fields.SelectMany(field => BadValues(field, field.Name, value => value)))
            {
                Dictionary<string, string> body = route.Body();
                body[name] = value;
                await AssertNamedAsync(client, route.Path, FuzzedRoute.Text(body), path);
                count++;
            }
        }
        Assert.True(count > 200, $"only {count} bad values");
    }

    [Fact]
    public async Task EveryRequiredField_LeftOut_IsNamed()
    {
        await using var app = new TestApp { Reply = "A giraffe is tall." };
        HttpClient client = await app.StartAsync();
        foreach (FuzzedRoute route in FuzzedRoute.AllOf(app))
        {
            foreach (IField field in route.Fields.Where(field => field.IsRequired))
            {
                Dictionary<string, string> body = route.Body();
                Assert.True(body.Remove(field.Name));
                await AssertNamedAsync(client, route.Path, FuzzedRoute.Text(body), field.Name);
            }
        }
    }

    /// <summary>The bad values of a field and of what is in it, each wrapped up to a value of its outermost field.</summary>
    private static IEnumerable<(string Path, string Name, string Value)> BadValues(IField field, string path, Func<string, string> wrap)
    {
        string outermost = path.Split('.', '[')[0];
        foreach (string bad in field.Treatment == FieldTreatment.Refused ? Of(Refused) : Of(field.Shape))
            yield return (path, outermost, wrap(bad));
        if (field.Treatment == FieldTreatment.Refused)
            yield break;
        (FieldShape shape, string at, Func<string, string> inside) = field.Shape.Item is { } item
            ? (item, path + "[0]", new Func<string, string>(value => wrap($"[{value}]")))
            : (field.Shape, path, wrap);
        if (field.Shape.Item is not null)
        {
            foreach (string bad in Of(shape))
                yield return (at, outermost, inside(bad));
        }
        foreach (IField inner in shape.Fields ?? [])
        {
            foreach ((string Path, string Name, string Value) one in BadValues(inner, $"{at}.{inner.Name}", value => inside($"{{\"{inner.Name}\":{value}}}")))
                yield return one;
        }
    }

    private static IEnumerable<string> Of(FieldShape shape)
    {
        if (ReferenceEquals(shape, Refused))
            return ["{\"type\":\"something\"}"];
        List<string> bad = shape.Type is null ? [] : [RandomJson.OfWrongType(shape)];
        if (shape.Type == "integer")
            bad.Add("1.5");
        if (shape.Type == "number")
            bad.Add("1e400");
        if (shape.Minimum is > -1e15)
            bad.Add((shape.Minimum.Value - 1).ToString("R", CultureInfo.InvariantCulture));
        if (shape.Maximum is < 1e15)
            bad.Add((shape.Maximum.Value + 1).ToString("R", CultureInfo.InvariantCulture));
        return bad;
    }

    private static async Task AssertNamedAsync(HttpClient client, string path, string body, string param)
    {
        HttpResponseMessage response = await client.PostAsync(path, TestApp.Json(body));
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, $"{path} {body}: {(int)response.StatusCode} {text}");
        Assert.True((string?)JsonNode.Parse(text)!["error"]!["param"] == param, $"{path} {body}: should name {param}: {text}");
    }
}
