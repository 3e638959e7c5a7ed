using System.Text;
using Llama.Server.Generating;

namespace Llama.Server.Tests;

public sealed class StopStringsTests
{
    [Theory]
    [InlineData("one two three", "two", "one ")]
    [InlineData("one two", "xyz", "one two")]
    [InlineData("aab", "ab", "a")]
    [InlineData("ababac", "abac", "ab")]
    [InlineData("end", "end of it", "end")]
    [InlineData("é🦒x", "🦒", "é")]
    public void Append_AnyCutOfTheText_ShowsTheSame(string text, string stop, string expected)
    {
        for (int cut = 0; cut <= text.Length; cut++)
        {
            Assert.Equal(expected, Show(text, [stop], includeStop: false, cut).Shown);
            Assert.Equal(expected, Show(text, [stop], includeStop: false, [.. Enumerable.Range(1, text.Length - 1)]).Shown);
        }
    }

    [Fact]
    public void Append_SeveralStops_TheOneThatEndsFirstWins()
    {
        Assert.Equal("a", Show("abcd", ["abcd", "b"], includeStop: false).Shown);
        Assert.Equal("", Show("abcd", ["abc", "bc"], includeStop: false).Shown);
    }

    [Fact]
    public void Append_IncludeStop_KeepsItAndNothingAfter() => Assert.Equal("one two", Show("one two three", ["two"], includeStop: true).Shown);

    [Fact]
    public void Append_CouldBeginAStop_IsHeldBack()
    {
        var stops = new StopStrings(["STOP"], includeStop: false);
        stops.Append("abST");
        Assert.Equal("ab", stops.Ready.ToString());
        stops.Clear();
        stops.Append("ART");
        Assert.Equal("START", stops.Ready.ToString());
        Assert.False(stops.IsMatched);
    }

    [Fact]
    public void AppendFree_BeforeTheMinimum_IsNotSearched()
    {
        var stops = new StopStrings(["a"], includeStop: false);
        stops.AppendFree("banana");
        Assert.False(stops.IsMatched);
        Assert.Equal("banana", stops.Ready.ToString());
    }

    private static (string Shown, bool IsMatched) Show(string text, string[] stop, bool includeStop, params int[] cuts)
    {
        var stops = new StopStrings(stop, includeStop);
        var shown = new StringBuilder();
        int[] edges = [0, .. cuts, text.Length];
        for (int i = 1; i < edges.Length && !stops.IsMatched; i++)
        {
            stops.Append(text.AsSpan(edges[i - 1]..edges[i]));
            shown.Append(stops.Ready);
            stops.Clear();
        }
        if (!stops.IsMatched)
            stops.Release();
        return (shown.Append(stops.IsMatched ? "" : stops.Ready).ToString(), stops.IsMatched);
    }
}
