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
        list = null;
        if (!TryFind(ordered, "after", After, out int? after, out error) || !TryFind(ordered, "before", Before, out int? before, out error))
            return false;
        int start = after + 1 ?? 0, end = before ?? ordered.Length;
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

    /// <summary>The place of an item that the query names; null where it names none.</summary>
    private static bool TryFind(ResponseItem[] items, string param, string? id, out int? place, [NotNullWhen(false)] out ApiError? error)
    {
        int found = Array.FindIndex(items, item => item.Id == id);
        place = id is null ? null : found;
        error = id is null || found >= 0 ? null : ApiError.InvalidValue(param, $"Invalid value for '{param}': the response has no such input item.");
        return error is null;
    }
}
