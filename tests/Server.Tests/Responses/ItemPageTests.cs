using Llama.Server.Responses;
using Llama.Server.Web.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Llama.Server.Tests.Responses;

/// <summary>Pages of a list of items, by every way to ask for one.</summary>
public sealed class ItemPageTests
{
    private static readonly ResponseItem[] Items = [.. Enumerable.Range(0, 23).Select(i => new MessageItem($"msg_{i}", "completed", "user", [new InputText("x")]))];

    [Theory]
    [InlineData("asc", 1)]
    [InlineData("asc", 7)]
    [InlineData("desc", 5)]
    [InlineData("desc", 23)]
    [InlineData("asc", 100)]
    public void After_TheLastOfEachPage_ShowsEveryItemOnce(string order, int limit)
    {
        List<string> seen = [];
        ResponseItemList page;
        string? after = null;
        do
        {
            page = Take(("order", order), ("limit", $"{limit}"), ("after", after));
            Assert.Equal((page.Data[0].Id, page.Data[^1].Id), (page.FirstId, page.LastId));
            seen.AddRange(page.Data.Select(item => item.Id));
            after = page.LastId;
        }
        while (page.HasMore);

        Assert.Equal(Ordered(order), seen);
    }

    [Theory]
    [InlineData("asc")]
    [InlineData("desc")]
    public void AfterAndBefore_AnyTwoItems_ShowWhatLiesBetween(string order)
    {
        string[] all = Ordered(order);
        for (int before = 0; before < all.Length; before++)
        {
            Assert.Equal(all[..before], Ids(Take(("order", order), ("limit", "100"), ("before", all[before]))));
            for (int after = 0; after < all.Length; after++)
                Assert.Equal(all.Take(before).Skip(after + 1), Ids(Take(("order", order), ("limit", "100"), ("after", all[after]), ("before", all[before]))));
        }
    }

    [Fact]
    public void Page_OfNothing_HasNoEndsAndNoMore()
    {
        ResponseItemList page = Take(("after", "msg_3"), ("before", "msg_3"));

        Assert.Equal((null, null, false), (page.FirstId, page.LastId, page.HasMore));
    }

    [Theory]
    [InlineData("after")]
    [InlineData("before")]
    public void Place_OfNoItem_IsAnErrorThatNamesIt(string param)
    {
        Assert.True(ItemPage.TryRead(Query((param, "msg_none")), out ItemPage page, out _));

        Assert.False(page.TryTake(Items, out _, out ApiError? error));
        Assert.Equal((400, param), (error.Status, error.Param));
    }

    private static string[] Ordered(string order) => [.. (order == "asc" ? Items : Enumerable.Reverse(Items)).Select(item => item.Id)];

    private static IEnumerable<string> Ids(ResponseItemList page) => page.Data.Select(item => item.Id);

    private static ResponseItemList Take(params (string Name, string? Value)[] query)
    {
        Assert.True(ItemPage.TryRead(Query(query), out ItemPage page, out _));
        Assert.True(page.TryTake(Items, out ResponseItemList? list, out _));
        return list;
    }

    private static QueryCollection Query(params (string Name, string? Value)[] query) =>
        new(query.Where(one => one.Value is not null).ToDictionary(one => one.Name, one => new StringValues(one.Value)));
}
