using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Llama.Server.Parsing;
using Llama.Server.Swagger;
using Llama.Server.Web.Errors;

namespace Llama.Server.Responses;

/// <summary>Which part of a list of items is asked for.</summary>
/// <param name="Limit">Most items.</param>
/// <param name="IsAscending">Whether the oldest comes first.</param>
/// <param name="After">The item that the page follows; null for the first page.</param>
/// <param name="Before">The item that the page ends before; null for none.</param>
internal readonly record struct ItemPage(int Limit, bool IsAscending, string? After, string? Before)
{
    private const int DefaultLimit = 20, MostItems = 100;

    public static IReadOnlyList<QueryParameter> Parameters { get; } =
    [
        new("limit", new FieldShape("integer", 1, MostItems), $"Most items. Default: {DefaultLimit}."),
        new("order", FieldShape.OneOf("asc", "desc"), "Whether the oldest or the newest comes first. Default: desc."),
        new("after", FieldShape.Text, "The item that the page follows."),
        new("before", FieldShape.Text, "The item that the page ends before."),
        ResponseQuery.Include,
    ];

    public static bool TryRead(IQueryCollection query, out ItemPage page, [NotNullWhen(false)] out ApiError? error)
    {
        page = new ItemPage(DefaultLimit, IsAscending: false, After: null, Before: null);
        error = null;
        foreach (string name in query.Keys)
            error ??= page.Read(name, query[name].ToString(), out page);
        return error is null;
    }

    /// <summary>Cuts the page out of all items, which are oldest first.</summary>
    public bool TryTake(IReadOnlyList<ResponseItem> items, [NotNullWhen(true)] out ResponseItemList? list, [NotNullWhen(false)] out ApiError? error)
    {
        ResponseItem[] ordered = IsAscending ? [.. items] : [.. items.Reverse()];
        (string? after, string? before, list) = (After, Before, null);
        int start = after is null ? 0 : Array.FindIndex(ordered, item => item.Id == after) + 1;
        int end = before is null ? ordered.Length : Array.FindIndex(ordered, item => item.Id == before);
        error = (start == 0 && after is not null) || end < 0 ? Unknown(start == 0 && after is not null ? "after" : "before") : null;
        if (error is not null)
            return false;
        ResponseItem[] data = [.. ordered.Take(end).Skip(start).Take(Limit)];
        list = new ResponseItemList("list", data, data.FirstOrDefault()?.Id, data.LastOrDefault()?.Id, start + data.Length < end);
        return true;
    }

    private ApiError? Read(string name, string value, out ItemPage page)
    {
        page = this;
        switch (name)
        {
            case "limit" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit is >= 1 and <= MostItems:
                page = this with { Limit = limit };
                return null;
            case "limit":
                return ApiError.InvalidValue(name, $"Invalid value for 'limit': expected an integer from 1 to {MostItems}, but got {value}.");
            case "order" when value is "asc" or "desc":
                page = this with { IsAscending = value == "asc" };
                return null;
            case "order":
                return ApiError.InvalidValue(name, $"Invalid value for 'order': expected asc or desc, but got '{value}'.");
            case "after":
                page = this with { After = value };
                return null;
            case "before":
                page = this with { Before = value };
                return null;
            case "include" or "include[]":
                return ResponseQuery.CheckInclude(name, value);
            default:
                return ApiError.Unknown(name);
        }
    }

    private static ApiError Unknown(string param) => ApiError.InvalidValue(param, $"Invalid value for '{param}': the response has no such input item.");
}
